"""Scoring a recommender: every item of the catalogue is ranked for each viewer; nothing is sampled.

Sampled metrics rank methods in the wrong order (Krichene and Rendle 2020), so there are none here. Items that the
viewer has already are left out of the ranking, but for the one that is sought. Of n items with the sought one's score
it counts as standing in the middle, so a method that cannot tell them apart gains nothing by their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.core.progress import Progress, silent
from openforyou.learn.batches import grouped_by_length
from openforyou.learn.serving import Floats
from openforyou.learn.split import NONE, Split
from openforyou.learn.types import Dataset, Ids

CUTS = (10, 20, 50, 200)
TOP = 10
"""Of each viewer's ranking, for what is said of the lists as a whole."""
HISTORY_ITEMS = 200
"""Viewers are grouped by the length of their history up to here."""
POSITIONS_AT_ONCE = 32_768
CELLS_AT_ONCE = 1 << 24
"""Scores held at once: 64 MB."""
RESAMPLES = 400
CONFIDENCE = (2.5, 97.5)
Ranks = NDArray[np.float64]
Metrics = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sought:
    """B rows to predict, and of whom, each from the viewer's rows before `ends`."""

    viewers: Ids  # (B,) ascending; one may be asked more than once
    rows: Ids  # (B,)
    ends: Ids  # (B,)

    @classmethod
    def of(cls, held: Ids, *, at_most: int = 0, past_end: Ids | None = None) -> Sought:
        """From one row a viewer or `NONE` (V,); `at_most` takes that many at even steps. `past_end` (V,) ends the
        histories; without it they end at the row to predict."""
        viewers = np.flatnonzero(held != NONE)
        if at_most and len(viewers) > at_most:
            viewers = viewers[np.linspace(0, len(viewers) - 1, at_most).astype(np.int64)]
        return cls(viewers, held[viewers], held[viewers] if past_end is None else past_end[viewers])

    @classmethod
    def tested(cls, split: Split, starts: Ids) -> Sought:
        """All that the test of a split predicts; `starts` (V + 1,) are the viewers' first rows."""
        if split.tests is None:
            return cls.of(split.test, past_end=split.past_end)
        return cls(np.searchsorted(starts, split.tests, side="right") - 1, split.tests, split.tests)

    def __len__(self) -> int:
        return len(self.viewers)

    def take(self, which: Ids) -> Sought:
        """Some of them."""
        return Sought(self.viewers[which], self.rows[which], self.ends[which])


Scorer = Callable[[Sought], Floats]
"""Scores of every item for each of B viewers: (B, N)."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one method answered."""

    found: Ranks  # (B,) how many items stand before the sought one, from 0
    top: NDArray[np.int32]  # (B, TOP) the best items that the viewer does not have, in no order


def ranks(dataset: Dataset, sought: Sought, scorer: Scorer, progress: Progress = silent) -> Ranks:
    """(B,) how many items stand before the sought one, from 0."""
    return ranking(dataset, sought, scorer, progress).found


def ranking(dataset: Dataset, sought: Sought, scorer: Scorer, progress: Progress = silent) -> Ranking:
    """The sought items' ranks, and each viewer's best."""
    sequences = dataset.sequences
    found = np.empty(len(sought))
    kept = min(TOP, len(dataset.item_ids))
    top = np.empty((len(sought), kept), dtype=np.int32)
    lengths = sought.ends - sequences.starts[sought.viewers]
    size = max(CELLS_AT_ONCE // max(len(dataset.item_ids), 1), 1)
    done = 0
    for group in grouped_by_length(np.minimum(lengths, HISTORY_ITEMS), POSITIONS_AT_ONCE):
        for at in range(0, len(group), size):
            part = group[at : at + size]
            some = sought.take(part)
            scores = scorer(some).astype(np.float32, copy=True)
            target = sequences.items[some.rows]
            wanted = scores[np.arange(len(part)), target]
            for number, (viewer, end) in enumerate(zip(some.viewers, some.ends, strict=True)):
                scores[number, sequences.items[sequences.starts[viewer] : end]] = -np.inf
            scores[np.arange(len(part)), target] = wanted
            before = (scores > wanted[:, None]).sum(axis=1)
            equal = (scores == wanted[:, None]).sum(axis=1) - 1
            found[part] = before + equal / 2
            top[part] = np.argpartition(scores, -kept, axis=1)[:, -kept:]
            done += len(part)
            progress(done, len(sought), "ranking the whole catalogue for each viewer")
    return Ranking(found, top)


def gains(found: Ranks, cut: int = CUTS[0]) -> NDArray[np.float64]:
    """(B,) each viewer's NDCG@cut with one sought item: 1 / log2(rank + 2) within the cut, else 0."""
    return np.where(found < cut, 1 / np.log2(found + 2), 0.0)


def metrics(found: Ranks, viewers: Ids | None = None) -> Metrics:
    """HR and NDCG at each cut: the mean over viewers of the mean over what each (`viewers`, (B,)) was asked."""
    return {name: round(float(column.mean()), 5) for name, column in _by_viewer(found, viewers).items()}


def intervals(found: Ranks, seed: int, viewers: Ids | None = None) -> dict[str, list[float]]:
    """95 % of bootstrap resamples of the viewers lie between the two, by metric."""
    rng = np.random.default_rng(seed)
    columns = _by_viewer(found, viewers)
    count = len(columns[f"hr@{TOP}"])
    means: dict[str, list[float]] = {name: [] for name in columns}
    for _ in range(RESAMPLES):
        drawn = rng.integers(0, count, count)
        for name, column in columns.items():
            means[name].append(float(column[drawn].mean()))
    return {
        f"{name}_ci95": [round(float(bound), 5) for bound in np.percentile(values, CONFIDENCE)]
        for name, values in means.items()
    }


def _by_viewer(found: Ranks, viewers: Ids | None) -> dict[str, NDArray[np.float64]]:
    """By metric each viewer's own mean (V,); without `viewers` everybody was asked once."""
    columns: dict[str, NDArray[np.float64]] = {}
    for cut in CUTS:
        columns |= {f"ndcg@{cut}": gains(found, cut), f"hr@{cut}": (found < cut).astype(np.float64)}
    if viewers is None:
        return columns
    _, whose, asked = np.unique(viewers, return_inverse=True, return_counts=True)
    return {name: np.bincount(whose, column) / asked for name, column in columns.items()}


def of_the_lists(top: NDArray[np.int32], trained: NDArray[np.float64], viewers: int) -> Metrics:
    """What the lists are like as a whole, whoever is asked: `trained` (N,) is how many viewers each item had.

    coverage@10: share of the catalogue that stands in anybody's ten. novelty@10: mean of -log2 of the share of viewers
    who had the item (Vargas and Castells 2011), at most one viewer's for what nobody had. gini@10: inequality of places
    among items, 0 for equal.
    """
    places = np.bincount(top.reshape(-1), minlength=len(trained)).astype(np.float64)
    known = np.clip(trained, 1, viewers) / max(viewers, 1)
    ascending = np.sort(places)
    weights = 2 * np.arange(1, len(places) + 1) - len(places) - 1
    return {
        "coverage@10": round(float(np.count_nonzero(places) / max(len(places), 1)), 5),
        "novelty@10": round(float(-np.log2(known[top]).mean()), 5),
        "gini@10": round(float(weights @ ascending / max(len(places) * places.sum(), 1)), 5),
    }


QUARTERS = ("rarest", "rare", "common", "commonest")


def by_rarity(found: Ranks, sought_items: Ids, trained: NDArray[np.float64], viewers: Ids) -> dict[str, Metrics]:
    """NDCG and HR by how often the sought item (B,) was trained on: a quarter of the catalogue (N,) in each group."""
    order = np.argsort(np.argsort(trained, kind="stable"), kind="stable")
    quarter = (order * len(QUARTERS) // max(len(trained), 1))[sought_items]
    told: dict[str, Metrics] = {}
    for number, name in enumerate(QUARTERS):
        which = quarter == number
        if which.any():
            figures = metrics(found[which], viewers[which])
            told[name] = {
                **{k: v for k, v in figures.items() if k.endswith(("@10", "@20"))},
                "viewers": len(np.unique(viewers[which])),
            }
    return told
