"""A study on a file: train, choose on validation, report the test once, beside baselines of the same run.

What the protocol holds back is held back for everyone: counts, baselines and network see the same training rows.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.learn.baselines import BASELINES, Baseline, NotHere
from openforyou.learn.checkpoint import Checkpoint
from openforyou.learn.counts import training_rows
from openforyou.learn.dataset import without
from openforyou.learn.errors import BadInteractions
from openforyou.learn.evaluate import (
    Ranking,
    Ranks,
    Sought,
    by_rarity,
    gains,
    intervals,
    metrics,
    of_the_lists,
    ranking,
)
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.settings import Settings
from openforyou.learn.split import NONE, Split, as_given, at_one_moment, leave_out, shares_moment
from openforyou.learn.train import Announce, Job, Trained, fit, unannounced
from openforyou.learn.types import Dataset

PROTOCOLS = ("leave-one-out", "temporal", "given")
MODEL = "model"


@dataclass(frozen=True, slots=True)
class Report:
    """What `openforyou evaluate` prints."""

    data: str
    protocol: str
    preset: str
    seed: int
    metrics: dict[str, Any]
    baselines: dict[str, dict[str, Any]]
    train_s: float
    missing: dict[str, str]
    """Baselines that are not in the table, and why."""
    withheld: tuple[str, ...] = ()
    """What the data has and nobody was told: times, content."""
    ranks: dict[str, Ranks] = field(default_factory=dict, repr=False)
    """By method, of what was sought of those in `viewers`."""
    viewers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The published form."""
        return {
            "data": self.data,
            "protocol": self.protocol,
            "preset": self.preset,
            "seed": self.seed,
            "metrics": self.metrics,
            "baselines": self.baselines,
            "train_s": round(self.train_s, 1),
            "missing": self.missing,
            "withheld": list(self.withheld),
        }

    def write_viewers(self, path: Path) -> None:
        """A row a sought item, with whose it is: its rank (from 1) and NDCG@10 by each method, for paired tests."""
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["viewer", *(f"{name}:{what}" for name in self.ranks for what in ("rank", "ndcg@10"))])
            columns = [column for found in self.ranks.values() for column in (found + 1, np.round(gains(found), 5))]
            rows.writerows(zip(self.viewers.tolist(), *(column.tolist() for column in columns), strict=True))


@dataclass(frozen=True, slots=True)
class Study:
    """One data set, one protocol ("" leaves it to the data), one recipe, one seed; what may be withheld from all."""

    dataset: Dataset
    protocol: str
    settings: Settings
    seed: int
    uses_times: bool = True
    uses_content: bool = True

    def __post_init__(self) -> None:
        if self.protocol and self.protocol not in PROTOCOLS:
            raise BadInput(
                f"There is no protocol {self.protocol[:40]!r}.",
                hint=f"Choose {', '.join(PROTOCOLS)}.",
                field="protocol",
            )

    @property
    def name(self) -> str:
        """The protocol's name: the data's own split where it brings one and nothing else was asked for."""
        return self.protocol or ("leave-one-out" if self.dataset.parts is None else "given")

    def checkpoint(self, folder: Path) -> Checkpoint:
        """Where this very study keeps its state under `folder`, so that the same call takes it up when killed."""
        recipe = digest([self._told().digest, self.name, self.settings.digest, self.seed])
        return Checkpoint(folder / recipe[:16], recipe)

    def train(
        self,
        checkpoint: Checkpoint | None = None,
        progress: Progress = silent,
        announce: Announce = unannounced,
        *,
        threads: int = 0,
    ) -> Trained:
        """Fit on what the protocol leaves. Raises `BadInteractions` when the data does not have what it needs."""
        job = Job(self._told(), self._split(), self.settings, self.seed, checkpoint, threads)
        return fit(job, progress, announce)

    def report(
        self, trained: Trained, progress: Progress = silent, *, baselines: Mapping[str, Baseline] = BASELINES
    ) -> Report:
        """Score the test, with a bootstrap interval, and the baselines."""
        dataset, split = self._told(), self._split()
        sought = Sought.tested(split, dataset.sequences.starts)
        found = {MODEL: ranking(dataset, sought, ModelScorer(trained.fitted, dataset), progress)}
        chosen: dict[str, dict[str, Any]] = {}
        missing: dict[str, str] = {}
        for name, baseline in baselines.items():
            progress(0, 0, f"baseline: {name}")
            tuned = baseline(dataset, split, self.seed, progress)
            if isinstance(tuned, NotHere):
                missing[name] = tuned.reason
                continue
            found[name] = ranking(dataset, sought, tuned.scorer)
            chosen[name] = {"chosen": dict(tuned.chosen)} if tuned.chosen else {}
        trained_on = _viewers_by_item(dataset, split)
        told = {name: self._figures(one, sought, trained_on) for name, one in found.items()}
        viewers = len(np.unique(sought.viewers))
        extra: dict[str, Any] = {"viewers": viewers, "counts_weight": trained.fitted.counts_weight}
        if self.name == "temporal":
            extra["sought"] = len(sought)
            extra["sought_at_a_shared_moment"] = shares_moment(self.dataset, sought.rows)
        return Report(
            data=self.dataset.name,
            protocol=self.name,
            preset=self.settings.preset,
            seed=self.seed,
            metrics={**told.pop(MODEL), **intervals(found[MODEL].found, self.seed, sought.viewers), **extra},
            baselines={name: {**figures, **chosen[name]} for name, figures in told.items()},
            train_s=trained.seconds,
            missing=missing,
            withheld=self._withheld(),
            ranks={name: one.found for name, one in found.items()},
            viewers=dataset.sequences.viewer_ids[sought.viewers],
        )

    def _figures(self, one: Ranking, sought: Sought, trained_on: NDArray[np.float64]) -> dict[str, Any]:
        sequences = self.dataset.sequences
        return {
            **metrics(one.found, sought.viewers),
            **of_the_lists(one.top, trained_on, len(sequences)),
            "by_rarity": by_rarity(
                one.found, sequences.items[sought.rows].astype(np.int64), trained_on, sought.viewers
            ),
        }

    def _withheld(self) -> tuple[str, ...]:
        has = {"times": bool(self.dataset.sequences.at_s.any()), "content": bool(self.dataset.content.shape[1])}
        kept = {"times": self.uses_times, "content": self.uses_content}
        return tuple(name for name in has if has[name] and not kept[name])

    def _told(self) -> Dataset:
        """What training and scoring are told."""
        if not self._withheld():
            return self.dataset
        return without(self.dataset, times=self.uses_times, content=self.uses_content)

    def _split(self) -> Split:
        dataset, path = self.dataset, Path(self.dataset.name)
        if self.name == "given" and dataset.parts is None:
            raise BadInteractions(path, "brings no split of its own.", hint="Choose leave-one-out or temporal.")
        if self.name != "given" and not dataset.ordered:
            raise BadInteractions(path, "has no order of time.", hint="Choose the protocol given: the split it brings.")
        if self.name == "temporal" and not dataset.sequences.at_s.any():
            raise BadInteractions(path, "has no times.", hint="Choose leave-one-out, which needs an order alone.")
        if self.name == "given":
            split = as_given(dataset)
        else:
            split = at_one_moment(dataset) if self.name == "temporal" else leave_out(dataset, 2)
        if not np.any(split.test != NONE):
            raise BadInteractions(
                path,
                "no viewer has enough items." if self.name != "leave-one-out" else "no viewer has three items.",
                hint="A viewer needs items to start from, and later ones to be held back.",
            )
        return split


def _viewers_by_item(dataset: Dataset, split: Split) -> NDArray[np.float64]:
    """(N,) how many viewers had each item in training."""
    rows = training_rows(dataset, split)
    viewers = np.searchsorted(dataset.sequences.starts, rows, side="right") - 1
    pairs = np.unique(viewers.astype(np.int64) * len(dataset.item_ids) + dataset.sequences.items[rows])
    return np.bincount(pairs % len(dataset.item_ids), minlength=len(dataset.item_ids)).astype(np.float64)
