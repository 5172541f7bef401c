"""The k best of many scores, and the items nearest to a point: exactly while that is fast, approximately past it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.lookup import among
from openforyou.recommend.snapshot.neighbours import EXACT_ITEMS_MAX, Neighbours, gathered
from openforyou.recommend.snapshot.shelf import Ids, Mask, Shelf
from openforyou.recommend.snapshot.space import Floats

SAMPLE = 2_048
SLACK = 3
"""A threshold guessed from a sample should let about this many times k through."""
ASKED = 3
"""Times k that are asked of an approximate search, to be compared exactly."""
ASKED_MAX = 4_096
"""Asked where that left too few, for a viewer who has seen nearly all that is near."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What is added to the dot products of some items."""

    at: Ids  # (P,) positions, each once
    by: Floats  # (P,)


NO_LIFT = Lift(np.empty(0, np.int64), np.empty(0, np.float32))


@dataclass(frozen=True, slots=True)
class Search:
    """Over the N items of one shelf, by one kind of vector. Without `near` everything is compared."""

    shelf: Shelf
    points: Floats  # (N, D)
    usable: Mask  # (N,) has a vector
    near: Neighbours | None
    rows: Ids  # (M,) positions of what `near` knows; -1 for what has gone
    beside: Ids  # positions of what can be used and `near` does not know as it is: always compared

    @classmethod
    def over(cls, shelf: Shelf, points: Floats, usable: Mask, near: Neighbours | None) -> Search:
        """Of `points` (N, D) that belong to a shelf. `near` may have been built of an earlier one."""
        none = np.empty(0, np.int64)
        if near is None:
            return cls(shelf, points, usable, None, none, none)
        rows = shelf.positions(near.ids)
        known = rows[(rows >= 0) & (near.changed_s == shelf.changed_s[rows])] if len(shelf) else none
        new = usable.copy()
        new[known] = False
        return cls(shelf, points, usable, near, rows, np.flatnonzero(new))

    def renewed(self) -> Search:
        """With the `near` that it should have now: itself, or after seconds of work for a million items another."""
        if np.count_nonzero(self.usable) <= EXACT_ITEMS_MAX:
            return self if self.near is None else Search.over(self.shelf, self.points, self.usable, None)
        if self.near is not None and not self.near.is_outgrown(self.shelf.ids, self.points, self.beside):
            return self
        near = gathered(self.shelf.ids, self.shelf.changed_s, self.points, self.usable)
        return Search.over(self.shelf, self.points, self.usable, near)

    def nearest(
        self, queries: Floats, k: int, closed: Ids, *, least: float = -np.inf, lift: Lift = NO_LIFT
    ) -> list[Ids]:
        """For each of (Q, D) points the positions of the k largest dot products with `lift`, best first.

        None is closed, unusable, or below `least`. Without `near` exact; with it, what it found and `lift.at` are
        compared exactly.
        """
        if self.near is None:
            return [self._compared(query, k, closed, least, lift) for query in queries]
        met = self._met(self.near.search(queries, ASKED * k + min(len(closed), k)), closed)
        short = [row for row, at in enumerate(met) if len(at) < k]
        if short and len(closed) > k:
            for row, at in zip(short, self._met(self.near.search(queries[short], ASKED_MAX), closed), strict=True):
                met[row] = at
        beside = np.concatenate([self.beside, lift.at])
        beside = beside[self.usable[beside] & ~among(closed, beside)]
        found: list[Ids] = []
        for query, near in zip(queries, met, strict=True):
            at = np.sort(near) if not len(beside) else np.unique(np.concatenate([near, beside]))
            scores = self.points.take(at, axis=0) @ query
            if len(lift.at):
                lifted = among(at, lift.at)
                scores[np.searchsorted(at, lift.at[lifted])] += lift.by[lifted]
            found.append(at[best(scores, k, least)])
        return found

    def _compared(self, query: Floats, k: int, closed: Ids, least: float, lift: Lift) -> Ids:
        scores = self.points @ query  # (N,)
        scores[lift.at] += lift.by
        scores[~self.usable] = -np.inf
        scores[closed] = -np.inf
        return best(scores, k, least)

    def _met(self, found: Ids, closed: Ids) -> list[Ids]:
        """(Q, K) rows of `near` → by query the positions of those that are on the shelf and not closed."""
        at = np.where(found >= 0, self.rows[found], -1)
        here = (at >= 0) & ~among(closed, at.ravel()).reshape(at.shape) & self.usable[at]
        return [row[kept] for row, kept in zip(at, here, strict=True)]


def best(scores: NDArray[np.float32], k: int, least: float = -np.inf) -> NDArray[np.int64]:
    """Positions of the k largest finite scores that are at least `least`: (≤ k,), best first. Exact.

    A threshold guessed from a sample leaves few to be looked at; where it leaves fewer than k, all are.
    """
    where = _above(scores, max(least, _guess(scores, k)))
    if len(where) < k:
        where = _above(scores, least)
    if len(where) > k:
        kept = np.argpartition(scores[where], len(where) - k)[len(where) - k :]
        where = np.sort(where[kept])
    return where[np.argsort(-scores[where], kind="stable")]


def _above(scores: NDArray[np.float32], least: float) -> NDArray[np.int64]:
    where = np.flatnonzero(scores >= least)
    return where[np.isfinite(scores[where])]


def _guess(scores: NDArray[np.float32], k: int) -> float:
    """A score that more than k are likely to reach; -inf where there are too few to guess from."""
    step = len(scores) // SAMPLE
    if step < 4:
        return -np.inf
    sample = scores[::step]
    sample = sample[np.isfinite(sample)]
    rank = SLACK * k // step + 1
    return float(np.partition(sample, len(sample) - rank)[len(sample) - rank]) if rank < len(sample) else -np.inf
