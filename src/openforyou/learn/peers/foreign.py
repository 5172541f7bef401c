"""RecTools' models beside ours (MobileTeleSystems/RecTools): same rows, same catalogue, same metric code.

They run in an interpreter of their own, because what they pin does not go together with what we pin:

    python3 -m venv DIR && DIR/bin/pip install torch==2.13.0 'rectools[torch]==0.19.0'
    openforyou evaluate DATA --rectools DIR/bin/python

What a viewer wanted is what they are given, as all baselines are. Their answer is each viewer's 200 best; everything
else stands behind those, level. Recipes are the published ones, by how long histories are: eSASRec's for MovieLens-1M
and Beauty (blondered/transformer_benchmark), with full softmax for SASRec, as the library has it, and for HSTU those of
its paper (width 50, cosine, temperature .05, 128 negatives). A *round* has about as many steps as an epoch of
MovieLens-1M, so that a small file gets as many as a large one. HSTU is told when it is asked, as its tutorial has it;
nobody else is. Where the data has no order, each viewer's is drawn by lot: that of the file may tell how it was split.
In DiffMM's tiktok the number of each sought item lies above those of all others of its viewer, which rise.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from openforyou.core.progress import Progress, silent
from openforyou.learn.baselines import Baseline, NotHere, Tuned
from openforyou.learn.counts import training_rows
from openforyou.learn.evaluate import CUTS, Scorer, Sought
from openforyou.learn.rules import is_wanted
from openforyou.learn.serving import Floats
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

SCRIPT = Path(__file__).with_name("rectools_models.py")
REMEDY = (
    "python3 -m venv DIR && DIR/bin/pip install torch==2.13.0 'rectools[torch]==0.19.0', then --rectools DIR/bin/python"
)
MODELS = ("sasrec", "esasrec", "hstu")
MISSING = 3
TOP = CUTS[-1]
LONG_HISTORY = 50
"""Wanted rows a viewer, on average, from which the recipe is that for MovieLens and not that for Beauty."""
WHOLE_SOFTMAX_ITEMS = 20_000
ROUND_STEPS, ROUNDS, PATIENCE = 47, 100, 10
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one of their models is trained; 0 negatives: the whole catalogue."""

    width: int
    blocks: int
    heads: int
    length: int
    dropout: float
    negatives: int
    temperature: float = 1.0
    batch: int = 128
    rate: float = 1e-3


LONG = Recipe(width=64, blocks=2, heads=1, length=200, dropout=0.1, negatives=256)
SHORT = Recipe(width=64, blocks=1, heads=1, length=50, dropout=0.2, negatives=256)
HSTU_LONG = Recipe(width=50, blocks=2, heads=1, length=200, dropout=0.2, negatives=128, temperature=0.05)


@dataclass(frozen=True, slots=True)
class Foreign:
    """The interpreter that has them, and what each model may take."""

    python: Path
    minutes: float = 90.0
    threads: int = 1
    rounds: int = ROUNDS


def peers(foreign: Foreign | None) -> dict[str, Baseline]:
    """RecTools' three, by the names they have in a table; without an interpreter each says how to come by one."""
    return {f"rectools-{model}": partial(_peer, model, foreign) for model in MODELS}


def run(
    foreign: Foreign, job: Mapping[str, Any], rows: Rows, progress: Progress = silent
) -> dict[str, NDArray[Any]] | NotHere:
    """Have a job done by the other interpreter; why not, where it cannot."""
    with TemporaryDirectory(prefix="openforyou-") as folder:
        paths = [Path(folder) / name for name in ("job.json", "rows.npz", "answer.npz")]
        paths[0].write_text(json.dumps({**job, "threads": foreign.threads}))
        with paths[1].open("wb") as file:
            np.savez(file, allow_pickle=False, **rows)
        with TemporaryFile("w+") as said:
            try:
                code, last = _followed([foreign.python, "-I", SCRIPT, *paths], said, progress)
            except OSError as error:
                return NotHere(f"{foreign.python}: {error.strerror or error}; {REMEDY}")
            if code == MISSING:
                return NotHere(f"{foreign.python}: {last.get('missing', 'something is missing')}; {REMEDY}")
            if code or not paths[2].is_file():
                said.seek(0)
                lines = [line for line in said.read().splitlines() if line.strip()] or ["it says nothing"]
                return NotHere(f"{foreign.python} ended with {code}: {lines[-1][:200]}")
        with np.load(paths[2], allow_pickle=False) as held:
            return {name: held[name] for name in held.files}


def recipe_of(model: str, dataset: Dataset, split: Split) -> Recipe:
    """By how long the histories are, and for SASRec by how many items there are."""
    rows = training_rows(dataset, split)
    viewers = len(np.unique(np.searchsorted(dataset.sequences.starts, rows, side="right")))
    is_long = len(rows) >= LONG_HISTORY * max(viewers, 1)
    if model == "hstu":
        return HSTU_LONG if is_long else replace(HSTU_LONG, length=SHORT.length)
    recipe = LONG if is_long else SHORT
    whole = model == "sasrec" and len(dataset.item_ids) <= WHOLE_SOFTMAX_ITEMS
    return replace(recipe, negatives=0) if whole else recipe


def _peer(
    model: str, foreign: Foreign | None, dataset: Dataset, split: Split, seed: int, progress: Progress
) -> Tuned | NotHere:
    if foreign is None:
        return NotHere(REMEDY)
    sought = Sought.tested(split, dataset.sequences.starts)
    recipe = recipe_of(model, dataset, split)
    job = {
        "task": "rank",
        "model": model,
        "recipe": asdict(recipe),
        "seed": seed,
        "minutes": foreign.minutes,
        "rounds": foreign.rounds,
        "round_steps": ROUND_STEPS,
        "patience": PATIENCE,
        "top": TOP,
        "has_times": bool(dataset.sequences.at_s.any()),
    }
    answer = run(foreign, job, _rows(dataset, split, sought), progress)
    if isinstance(answer, NotHere):
        return answer
    chosen: dict[str, float | str] = {
        "epochs": int(answer["epochs"]),
        "best_epoch": int(answer["best_epoch"]),
        "epoch_s": round(float(np.median(answer["epoch_s"])), 2),
        "validation_ndcg@10": round(float(answer["validation"]), 5),
        "stopped_by": str(answer["stopped"]),
        "version": str(answer["version"]),
    }
    return Tuned(_scorer(answer["top"], sought, len(dataset.item_ids)), chosen)


def _rows(dataset: Dataset, split: Split, sought: Sought) -> dict[str, NDArray[Any]]:
    """What they train on, validate by and answer from: viewer, item, time of each row.

    Whoever is asked has a number of their own, and their past with it: somebody may be asked more than once.
    """
    sequences = dataset.sequences
    viewer = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
    asked = len(sequences) + np.arange(len(sought))
    pasts = [np.arange(first, end) for first, end in zip(sequences.starts[sought.viewers], sought.ends, strict=True)]
    past, whose = np.concatenate(pasts), np.repeat(asked, [len(one) for one in pasts])
    told = is_wanted(sequences.did[past])
    past, whose = past[told], whose[told]
    validation = Sought.of(split.validation)
    parts = {"train": training_rows(dataset, split), "past": past, "validation": validation.rows}
    of = {"train": viewer[parts["train"]], "past": whose, "validation": validation.viewers}
    at = sequences.at_s.astype(np.int64) if sequences.at_s.any() else _order(dataset)
    rows: dict[str, NDArray[Any]] = {}
    for name, some in parts.items():
        rows |= {f"{name}_viewer": of[name], f"{name}_item": sequences.items[some], f"{name}_at": at[some]}
    known = np.isin(rows["validation_viewer"], rows["train_viewer"])
    rows |= {f"validation_{name}": rows[f"validation_{name}"][known] for name in ("viewer", "item", "at")}
    return {**rows, "asked_viewer": asked, "asked_at": at[sought.rows]}


def _order(dataset: Dataset) -> NDArray[np.int64]:
    """(R,) what stands for times where there are none: the order of the rows, or one by lot where they have none."""
    rows = len(dataset.sequences.items)
    return np.arange(rows) if dataset.ordered else np.random.default_rng(0).permutation(rows)


def _scorer(top: NDArray[np.int32], asked: Sought, items: int) -> Scorer:
    """Lists (B, K) for what was asked as scores: K for the first, 1 for the last, 0 for what is not on the list."""
    order = np.argsort(asked.rows)

    def scores(sought: Sought) -> Floats:
        told = np.zeros((len(sought), items), dtype=np.float32)
        listed = top[order[np.searchsorted(asked.rows, sought.rows, sorter=order)]]
        at, place = np.nonzero(listed >= 0)
        told[at, listed[at, place]] = top.shape[1] - place
        return told

    return scores


def _followed(command: Sequence[Path | str], errors: TextIO, progress: Progress) -> tuple[int, dict[str, Any]]:
    """Run to the end, passing on how far it is: exit code, and the last thing said. It ends when we do."""
    last: dict[str, Any] = {}
    with _ended(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)) as process:  # noqa: S603 - the user names it
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                last = json.loads(line)
                progress(last.get("done", 0), last.get("total", 0), f"RecTools: {last.get('message', '')}")
        return process.wait(), last


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    with process:
        try:
            yield process
        finally:
            process.kill()
