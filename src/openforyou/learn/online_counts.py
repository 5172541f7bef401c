"""Co-counts that move along with the data set, to the last bit what a full count of it gives.

Kept are the sums that `counts.count` builds before it divides and cuts. Who was read anew is taken out as they stood
and put in as they stand. A weight of 0.75^(d - 1), d ≤ 10, is 3^(d - 1) over a power of two, so these sums are exact in
float64, and taking out leaves nothing behind. It costs what the viewers in question did, plus a copy of the sums
(16 bytes a distinct pair); a full count costs all rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.counts import DECAY, NEIGHBOURS, SOURCE_EXPONENT, TARGET_EXPONENT, WINDOW, CoCounts
from openforyou.learn.online_data import rows_by_viewer
from openforyou.learn.rules import is_wanted
from openforyou.learn.types import Dataset, Ids
from openforyou.pipeline.lookup import positions

ROWS_AT_ONCE = 500_000
"""Bounds the memory of counting: ten pairs a row, 16 bytes a pair."""
Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over N items. A key is the source's position times N plus the target's."""

    item_ids: Ids  # (N,)
    keys: Ids  # (E,) ascending
    sums: Sums  # (E,) C of `counts`, above 0
    wanted: Sums  # (N,) how often each item was wanted

    @classmethod
    def of(cls, dataset: Dataset) -> Tally:
        """A full count."""
        nothing = cls(dataset.item_ids, np.empty(0, np.int64), np.empty(0), np.zeros(len(dataset.item_ids)))
        for some in _blocks(dataset):
            nothing = nothing._changed(dataset, some, 1)
        return nothing

    def moved(self, before: Dataset, after: Dataset, viewers: Ids) -> Tally:
        """From the count of `before` to that of `after`, which differ in rows of `viewers` (ids) alone."""
        assert len(self.item_ids) == len(before.item_ids), "a tally of other items"
        return self._changed(before, viewers, -1)._over(after.item_ids)._changed(after, viewers, 1)

    def counts(self) -> CoCounts:
        """Divided and cut, as `counts.count` does."""
        size = len(self.item_ids)
        source, target = np.divmod(self.keys, size) if size else (self.keys, self.keys)
        values = self.sums / (self.wanted[source] ** SOURCE_EXPONENT * self.wanted[target] ** TARGET_EXPONENT)
        starts = np.searchsorted(source, np.arange(size + 1))
        many = np.diff(starts)[source] > NEIGHBOURS
        kept = ~many
        crowded = np.flatnonzero(many)
        order = crowded[np.lexsort((target[crowded], -values[crowded], source[crowded]))]
        rank = np.arange(len(order)) - np.searchsorted(source[order], source[order])
        kept[order[rank < NEIGHBOURS]] = True
        first = np.searchsorted(source[kept], np.arange(size + 1)).astype(np.int64)
        return CoCounts(first, target[kept].astype(np.int32), values[kept].astype(np.float32), WINDOW, DECAY)

    def _over(self, item_ids: Ids) -> Tally:
        """The same for other items; those that are gone have no sums any more."""
        stays = positions(self.item_ids, item_ids)
        wanted = np.where(stays >= 0, self.wanted[stays], 0.0) if len(self.item_ids) else np.zeros(len(item_ids))
        new = positions(item_ids, self.item_ids)
        source, target = np.divmod(self.keys, max(len(self.item_ids), 1))
        assert (new[source] >= 0).all(), "co-counts of an item that is gone"
        assert (new[target] >= 0).all(), "co-counts of an item that is gone"
        return Tally(item_ids, new[source] * len(item_ids) + new[target], self.sums, wanted)

    def _changed(self, dataset: Dataset, viewers: Ids, sign: int) -> Tally:
        """With what `viewers` did in `dataset` added (1) or taken out (-1)."""
        rows = rows_by_viewer(dataset.sequences, np.unique(viewers))
        rows = rows[is_wanted(dataset.sequences.did[rows])]
        if not len(rows):
            return self
        keys, sums = _pairs(dataset, rows)
        at = np.searchsorted(self.keys, keys)
        known = at < len(self.keys)
        known[known] = self.keys[at[known]] == keys[known]
        assert sign > 0 or known.all(), "taken out what was never put in"
        moved = self.sums.copy()
        moved[at[known]] += sign * sums[known]
        new_keys = np.insert(self.keys, at[~known], keys[~known])
        moved = np.insert(moved, at[~known], sums[~known])
        wanted = self.wanted + sign * np.bincount(dataset.sequences.items[rows], minlength=len(self.item_ids))
        left = moved > 0
        return Tally(self.item_ids, new_keys[left], moved[left], wanted)


def _pairs(dataset: Dataset, rows: Ids) -> tuple[Ids, Sums]:
    """Keys, ascending and distinct, and their sums, over wanted rows in order."""
    sequences, size = dataset.sequences, len(dataset.item_ids)
    viewers = np.searchsorted(sequences.starts, rows, side="right") - 1
    items = sequences.items[rows].astype(np.int64)
    keys, sums = [], []
    for step in range(1, min(WINDOW, len(rows) - 1) + 1):
        same = viewers[:-step] == viewers[step:]
        keys.append(items[:-step][same] * size + items[step:][same])
        sums.append(np.full(len(keys[-1]), DECAY ** (step - 1)))
    if not keys:
        return np.empty(0, np.int64), np.empty(0)
    distinct, where = np.unique(np.concatenate(keys), return_inverse=True)
    return distinct, np.bincount(where, np.concatenate(sums), len(distinct)).astype(np.float64)


def _blocks(dataset: Dataset) -> Iterator[Ids]:
    """Ids of viewers with about `ROWS_AT_ONCE` rows together."""
    sequences = dataset.sequences
    cuts = np.searchsorted(sequences.starts, np.arange(ROWS_AT_ONCE, int(sequences.starts[-1]), ROWS_AT_ONCE))
    yield from (some for some in np.split(sequences.viewer_ids, np.unique(cuts)) if len(some))
