"""The price of the promise: what the door costs in quality and in time, on the same data.

Each viewer and a fifth of the items are given a drawn state of rights: a viewer allows learning with the chance that is
asked for, an item of that fifth does not. One training sees everything, the other only what the door lets through. Both
are asked for the same: each viewer's last wanted item, over the whole catalogue, from everything that the viewer did
before it. So a viewer who forbids learning still has a feed, and an item that forbids it may still be sought: in a
file without content nothing tells the model where it belongs, on the platform its content does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.learn.evaluate import Sought, gains, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.online_data import restricted
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.settings import Settings
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, Trained, fit
from openforyou.learn.types import Dataset, Mask

ITEMS_WITHOUT = 0.2
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """Who allows learning."""

    viewers: Mask  # (V,)
    items: Mask  # (N,)

    def of(self, dataset: Dataset) -> Dataset:
        """What the door lets through."""
        told, _ = restricted(dataset, dataset.item_ids[self.items], dataset.sequences.viewer_ids[self.viewers])
        return told


def drawn(dataset: Dataset, share: float, seed: int) -> Drawn:
    """Each viewer allows it with the chance `share`, all items but a fifth do."""
    if not 0 < share <= 1:
        raise BadInput(
            f"{share} is no share of the viewers.", hint="Give more than 0, and 1 at the most.", field="rights"
        )
    rng = np.random.default_rng((seed, 7))
    return Drawn(rng.random(len(dataset.sequences)) < share, rng.random(len(dataset.item_ids)) >= ITEMS_WITHOUT)


@dataclass(frozen=True, slots=True)
class Price:
    """NDCG@10 and seconds of training, without the door and with it, and by who was asked for what."""

    share: float
    rows: tuple[int, int]
    train_s: tuple[float, float]
    ndcg: dict[str, tuple[float, float, int]]
    """By group: without, with, and how many viewers were asked."""
    difference: tuple[float, float]
    """Of all: with less without, between which two 95 % of bootstrap resamples of the viewers lie."""

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "viewers_allow": self.share,
            "items_without": ITEMS_WITHOUT,
            "rows": dict(zip(("without", "with"), self.rows, strict=True)),
            "train_s": {name: round(took, 1) for name, took in zip(("without", "with"), self.train_s, strict=True)},
            "ndcg@10": {
                name: {"without": round(plain, 5), "with": round(door, 5), "viewers": count}
                for name, (plain, door, count) in self.ndcg.items()
            },
            "difference_ci95": [round(bound, 5) for bound in self.difference],
        }


def price(dataset: Dataset, settings: Settings, share: float, seed: int, progress: Progress = silent) -> Price:
    """Train twice, ask once. Raises `BadInput`."""
    rights = drawn(dataset, share, seed)
    seen = rights.of(dataset)
    if not len(seen.sequences):
        raise BadInput("Nobody is left to learn from.", hint="Give a greater share.", field="rights")
    plain = _trained(dataset, settings, seed, progress)
    door = _trained(seen, settings, seed, progress)
    split = leave_out(dataset, 2)
    sought = Sought.tested(split, dataset.sequences.starts)

    def gained(fitted: Fitted) -> np.ndarray[Any, np.dtype[np.float64]]:
        return gains(ranks(dataset, sought, ModelScorer(fitted, dataset), progress))

    without, within = gained(plain.fitted), gained(door.fitted)
    allows = rights.viewers[sought.viewers]
    open_items = rights.items[dataset.sequences.items[sought.rows]]
    groups = {
        "all": np.ones(len(sought), dtype=bool),
        "viewer allows, item allows": allows & open_items,
        "viewer forbids, item allows": ~allows & open_items,
        "item forbids": ~open_items,
    }
    told = {
        name: (float(without[who].mean()), float(within[who].mean()), int(who.sum()))
        for name, who in groups.items()
        if who.any()
    }
    rng = np.random.default_rng(seed)
    lost = within - without
    means = [lost[rng.integers(0, len(lost), len(lost))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    sizes = len(dataset.sequences.items), len(seen.sequences.items)
    return Price(share, sizes, (plain.seconds, door.seconds), told, (float(low), float(high)))


def _trained(dataset: Dataset, settings: Settings, seed: int, progress: Progress) -> Trained:
    return fit(Job(dataset, leave_out(dataset, 2), settings, seed), progress)
