"""Sequence-kNN: what followed what within a few steps, counted. Two seconds of counting beat most small networks.

    C[i, j] = Σ over pairs (i, then j, d ≤ 10 steps later) of 0.75^(d - 1)
    S[i, j] = C[i, j] / (n_i^0.7 · n_j^0.3)             n: how often an item was wanted
    score(j | history) = Σ over the last 10 wanted items, newest first, of 0.75^k · S[item_k, j]

The network sees long and blurred, the counts short and sharp, so that the sum of the logarithms beats either by far
(`docs/learning.md` has the figures). Exponents were chosen on MovieLens-1M's validation items: without the first
(0, .4) NDCG@10 was .155, with (.7, .3) it is .162. More than the best 200 neighbours of an item change nothing there.

Where the rows have no order, what stood together in one viewer's set counts instead, both ways and at any distance,
each pair of a set of n as 1 / √(n - 1): otherwise a few who watch everything outvote all others (on DiffMM's set of
micro-videos, Recall@20 of the validation .078 with it, .017 without).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.rules import is_wanted
from openforyou.learn.serving import Floats
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset, Ids

WINDOW = 10
DECAY = 0.75
SOURCE_EXPONENT, TARGET_EXPONENT = 0.7, 0.3
NEIGHBOURS = 200
TOGETHER_MAX = 200
"""How far apart two rows of a set without order may lie, only to bound the work."""
PAIRS_AT_ONCE = 5_000_000
"""Bounds the memory of counting: 32 bytes a pair."""


@dataclass(frozen=True, slots=True)
class CoCounts:
    """The best neighbours of each of N items: item i's are `starts[i]:starts[i + 1]`."""

    starts: Ids  # (N + 1,)
    items: NDArray[np.int32]  # (E,) ascending within an item
    values: Floats  # (E,) S above
    window: int = WINDOW
    decay: float = DECAY

    def scores(self, history: NDArray[np.int32]) -> tuple[NDArray[np.int32], Floats]:
        """Wanted items (T,), oldest first → the items that have a score, and their scores; no score is 0."""
        recent = history[::-1][: self.window]
        parts = [slice(int(self.starts[item]), int(self.starts[item + 1])) for item in recent]
        if not parts:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        items = np.concatenate([self.items[part] for part in parts])
        weights = np.concatenate([self.values[part] * self.decay**step for step, part in enumerate(parts)])
        distinct, where = np.unique(items, return_inverse=True)
        return distinct, np.bincount(where, weights, len(distinct)).astype(np.float32)

    def dense(self, history: NDArray[np.int32]) -> Floats:
        """The same as one row over all N items."""
        row = np.zeros(len(self.starts) - 1, dtype=np.float32)
        items, scores = self.scores(history)
        row[items] = scores
        return row


def count(dataset: Dataset, split: Split, *, window: int = WINDOW, decay: float = DECAY) -> CoCounts:
    """From the wanted rows that are for training. `window=1` is the first-order Markov chain.

    Rows without an order have neither: all of a set is one window.
    """
    if not dataset.ordered:
        window, decay = TOGETHER_MAX, 1.0
    size = len(dataset.item_ids)
    popularity = wanted_counts(dataset, split)
    keys: Ids = np.empty(0, np.int64)
    values: NDArray[np.float64] = np.empty(0)
    for viewers, items in _blocks(dataset, split, PAIRS_AT_ONCE // window):
        wide = items.astype(np.int64)
        _, each, rows = np.unique(viewers, return_inverse=True, return_counts=True)
        share = 1 / np.sqrt(np.maximum(rows - 1, 1))[each]  # (R,) of one pair in a set
        found, worth = [keys], [values]
        for step in range(1, min(window, int(rows.max()) - 1) + 1):
            same = viewers[:-step] == viewers[step:]
            before, after = wide[:-step][same], wide[step:][same]
            found.append(before * size + after)
            worth.append(np.full(len(before), decay ** (step - 1)) if dataset.ordered else share[step:][same])
            if not dataset.ordered:
                found.append(after * size + before)
                worth.append(worth[-1])
        distinct, where = np.unique(np.concatenate(found), return_inverse=True)
        keys, values = distinct, np.bincount(where, np.concatenate(worth), len(distinct)).astype(np.float64)
    source, target = np.divmod(keys, size) if size else (keys, keys)
    values = values / (popularity[source] ** SOURCE_EXPONENT * popularity[target] ** TARGET_EXPONENT)
    return _pruned(source, target, values, size, window, decay)


def wanted_counts(dataset: Dataset, split: Split) -> NDArray[np.float64]:
    """(N,) how often each item was wanted in the rows that are for training."""
    rows = training_rows(dataset, split)
    return np.bincount(dataset.sequences.items[rows], minlength=len(dataset.item_ids)).astype(np.float64)


def training_rows(dataset: Dataset, split: Split) -> Ids:
    """Row numbers that are for training and wanted, in order."""
    rows = split.training(dataset.sequences.starts)
    return rows[is_wanted(dataset.sequences.did[rows])]


def _blocks(dataset: Dataset, split: Split, size: int) -> Iterator[tuple[Ids, NDArray[np.int32]]]:
    """Viewers and items of about `size` rows at a time; a viewer is never torn apart."""
    rows = training_rows(dataset, split)
    viewers = np.searchsorted(dataset.sequences.starts, rows, side="right") - 1
    at = 0
    while at < len(rows):
        end = int(np.searchsorted(viewers, viewers[min(at + size, len(rows)) - 1], side="right"))
        yield viewers[at:end], dataset.sequences.items[rows[at:end]]
        at = end


def _pruned(source: Ids, target: Ids, values: NDArray[np.float64], size: int, window: int, decay: float) -> CoCounts:
    """The best neighbours of each source; of equals the lower item."""
    order = np.lexsort((target, -values, source))
    source, target, values = source[order], target[order], values[order]
    first = np.searchsorted(source, np.arange(size + 1))
    kept = np.arange(len(source)) - first[source] < NEIGHBOURS
    source, target, values = source[kept], target[kept], values[kept]
    order = np.lexsort((target, source))
    starts = np.searchsorted(source, np.arange(size + 1)).astype(np.int64)
    return CoCounts(starts, target[order].astype(np.int32), values[order].astype(np.float32), window, decay)
