"""`bench train`: histories learned from a second, beside RecTools' SASRec of the same size in the same run.

Both have the same width, depth, heads, length, dropout and number of negatives, and about the same number of histories
a step, on the same rows and threads. Runs alternate: ours, theirs, ours, theirs. Of ours a whole second epoch is timed,
with all that training does (planning, batches, steps, the running average); of theirs the steps after the first: each
is padded to the full length, so that any few tell of all. Our steps draw the negatives once for all positions and add
the step's own items; theirs draw as many for each position anew. With 0 negatives both take the whole catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from openforyou.bench.report import Report, spread
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.learn import dataset as door
from openforyou.learn.baselines import NotHere
from openforyou.learn.peers.foreign import REMEDY, Foreign, Recipe
from openforyou.learn.peers.foreign import run as run_foreign
from openforyou.learn.settings import PRESETS, Settings
from openforyou.learn.split import NONE, Split
from openforyou.learn.train import Cost, Job, fit
from openforyou.learn.types import Dataset


@dataclass(frozen=True, slots=True)
class Load:
    """What is trained: `batch` histories a step; `steps` of theirs are timed in each repeat."""

    data: Path
    rectools: Path | None = None
    width: int = 64
    blocks: int = 2
    heads: int = 2
    length: int = 200
    batch: int = 128
    negatives: int = 256
    dropout: float = 0.2
    steps: int = 8
    repeats: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Pace:
    """What one training did: `steps` steps over `sequences` histories."""

    sequences: int
    steps: int
    seconds: float

    @property
    def sequences_per_s(self) -> float:
        return self.sequences / self.seconds


def run(load: Load, progress: Progress = silent) -> Report:
    """Measure both in turn. Raises `BadInput` for a file or a size that cannot be used."""
    if load.width % load.heads:
        raise BadInput(f"{load.heads} heads do not divide width {load.width}.", hint="Give 2 and 64.", field="heads")
    dataset = door.from_file(load.data)
    ours: list[_Pace] = []
    theirs: list[_Pace] = []
    missing = "" if load.rectools is not None else REMEDY
    for number in range(load.repeats):
        progress(2 * number, 2 * load.repeats, "ours")
        ours.append(_ours(load, dataset))
        if not missing:
            progress(2 * number + 1, 2 * load.repeats, "RecTools' SASRec")
            one = _theirs(load, dataset)
            if isinstance(one, NotHere):
                missing = one.reason
            else:
                theirs.append(one)
    progress(1, 1, "done")
    return _report(load, dataset, ours, theirs, missing)


def _ours(load: Load, dataset: Dataset) -> _Pace:
    """The second of two epochs."""
    at_s: list[float] = []
    planned: list[int] = []

    def noted(done: int, total: int, message: str = "") -> None:  # noqa: ARG001 - the protocol's
        if total:
            at_s.append(perf_counter())

    def announced(cost: Cost) -> None:
        planned.append(cost.steps)

    held = dataset.sequences
    nobody = np.full(len(held), NONE)
    split = Split(held.starts[1:], nobody, nobody)
    fit(Job(dataset, split, settings_of(load, dataset), load.seed), noted, announced)
    first = planned[0]
    learned = int(np.count_nonzero(np.diff(held.starts) > 1))
    return _Pace(learned, len(at_s) - first, at_s[-1] - at_s[first - 1])


def settings_of(load: Load, dataset: Dataset) -> Settings:
    """Our recipe at the load's size: as many positions a step as `batch` histories have on average."""
    lengths = np.minimum(np.diff(dataset.sequences.starts) - 1, load.length)
    return replace(
        PRESETS["small"],
        preset="bench",
        width=load.width,
        blocks=load.blocks,
        heads=load.heads,
        length=load.length,
        dropout=load.dropout,
        batch_positions=max(round(load.batch * float(lengths[lengths > 0].mean())), 1),
        whole_softmax_items=0 if load.negatives else len(dataset.item_ids),
        negatives=load.negatives,
        epochs=2,
        patience=2,
    )


def _theirs(load: Load, dataset: Dataset) -> _Pace | NotHere:
    assert load.rectools is not None, "no interpreter"
    held = dataset.sequences
    recipe = Recipe(load.width, load.blocks, load.heads, load.length, load.dropout, load.negatives, batch=load.batch)
    job = {
        "task": "speed",
        "model": "sasrec",
        "recipe": asdict(recipe),
        "seed": load.seed,
        "batches": load.steps + 1,
        "has_times": False,
    }
    rows: dict[str, NDArray[Any]] = {
        "train_viewer": np.repeat(np.arange(len(held)), np.diff(held.starts)),
        "train_item": held.items,
        "train_at": np.arange(len(held.items)),
    }
    answer = run_foreign(Foreign(load.rectools, threads=torch.get_num_threads()), job, rows)
    if isinstance(answer, NotHere):
        return answer
    at_s, sequences = answer["at_s"], answer["sequences"]
    if len(at_s) < 2:
        return NotHere(f"{len(held):,} viewers are one step of {load.batch}; there is nothing to time")
    return _Pace(int(sequences[1:].sum()), len(at_s) - 1, float(at_s[-1] - at_s[0]))


def _report(load: Load, dataset: Dataset, ours: Sequence[_Pace], theirs: Sequence[_Pace], missing: str) -> Report:
    settings = {name: str(value) if isinstance(value, Path) else value for name, value in asdict(load).items()}
    settings |= {"data": dataset.name, "viewers": len(dataset.sequences), "items": len(dataset.item_ids)}
    settings |= {"rows": len(dataset.sequences.items), "threads": torch.get_num_threads()}
    pace = [one.sequences_per_s for one in ours]
    metrics = {"sequences_per_s": median(pace)}
    baseline: dict[str, Any] = {"name": f"RecTools' SASRec, {'sampled' if load.negatives else 'whole'} softmax"}
    detail: dict[str, Any] = {"sequences_per_s": spread(pace), "sequences_a_step": _a_step(ours)}
    if theirs:
        ratios = [one.sequences_per_s / other.sequences_per_s for one, other in zip(ours, theirs, strict=False)]
        metrics["ratio_to_rectools"] = median(ratios)
        baseline["sequences_per_s"] = median([one.sequences_per_s for one in theirs])
        baseline["sequences_a_step"] = _a_step(theirs)
        detail["ratio_to_rectools"] = spread(ratios)
    if missing:
        baseline["missing"] = missing
    settings.pop("rectools")
    return Report("train", settings, metrics, baseline, detail)


def _a_step(paces: Sequence[_Pace]) -> float:
    return sum(one.sequences for one in paces) / sum(one.steps for one in paces)
