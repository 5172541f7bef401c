"""A study on a file: train, choose on validation, report the test once, beside baselines of the same run.

What the protocol holds back is held back for everyone: counts, popularity and network see the same training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openforyou.core.encoding import digest
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.learn.checkpoint import Checkpoint
from openforyou.learn.counts import count
from openforyou.learn.errors import BadInteractions
from openforyou.learn.evaluate import Scorer, Sought, intervals, metrics, ranks
from openforyou.learn.scorers import ModelScorer, counted, popularity
from openforyou.learn.settings import Settings
from openforyou.learn.split import NONE, Split, leave_out
from openforyou.learn.train import Announce, Job, Trained, fit, unannounced
from openforyou.learn.types import Dataset

PROTOCOLS = ("leave-one-out",)
BASELINES: dict[str, Callable[[Dataset, Split], Scorer]] = {
    "popularity": popularity,
    "markov": lambda dataset, split: counted(dataset, count(dataset, split, window=1)),
    "sequence-knn": lambda dataset, split: counted(dataset, count(dataset, split)),
}


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
        }


@dataclass(frozen=True, slots=True)
class Study:
    """One data set, one protocol, one recipe, one seed."""

    dataset: Dataset
    protocol: str
    settings: Settings
    seed: int

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise BadInput(
                f"There is no protocol {self.protocol[:40]!r}.",
                hint=f"Choose {', '.join(PROTOCOLS)}.",
                field="protocol",
            )

    def checkpoint(self, folder: Path) -> Checkpoint:
        """Where this very study keeps its state under `folder`, so that the same call takes it up when killed."""
        recipe = digest([self.dataset.digest, self.protocol, self.settings.digest, self.seed])
        return Checkpoint(folder / recipe[:16], recipe)

    def train(
        self,
        checkpoint: Checkpoint | None = None,
        progress: Progress = silent,
        announce: Announce = unannounced,
        *,
        threads: int = 0,
    ) -> Trained:
        """Fit on what the protocol leaves. Raises `BadInteractions` when nobody has enough items."""
        job = Job(self.dataset, self._split(), self.settings, self.seed, checkpoint, threads)
        return fit(job, progress, announce)

    def report(self, trained: Trained, progress: Progress = silent) -> Report:
        """Score the test, with a bootstrap interval, and the baselines."""
        split = self._split()
        sought = Sought.of(split.test)
        found = ranks(self.dataset, sought, ModelScorer(trained.fitted, self.dataset), progress)
        baselines = {}
        for name, baseline in BASELINES.items():
            progress(0, 0, f"baseline: {name}")
            baselines[name] = metrics(ranks(self.dataset, sought, baseline(self.dataset, split)))
        return Report(
            data=self.dataset.name,
            protocol=self.protocol,
            preset=self.settings.preset,
            seed=self.seed,
            metrics={**metrics(found), **intervals(found, self.seed), "viewers": len(sought)},
            baselines=baselines,
            train_s=trained.seconds,
        )

    def _split(self) -> Split:
        split = leave_out(self.dataset, 2)
        if not np.any(split.test != NONE):
            raise BadInteractions(
                Path(self.dataset.name),
                "no viewer has three items.",
                hint="Leave-one-out holds two of a viewer's items back and needs one to start from.",
            )
        return split
