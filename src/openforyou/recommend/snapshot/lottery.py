"""The lot by which fresh clips come before somebody: creators are drawn first, then clips of theirs.

So a creator's chance does not grow with what they upload: one with a thousand fresh clips is drawn as often as one with
a single clip. New creators, to whom few impressions fell in all, are drawn from an urn of their own, that they need not
compete with those who are known already. A clip's chance is that of its creator, its urn's tickets ÷ its creators,
times that of the clip among its creator's open ones: exact, and what a slate's record keeps of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.lookup import among
from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot.shelf import Ids, Mask

Chances = NDArray[np.float64]
Opened = Callable[[Ids], Ids]
"""Of some positions those that may be shown to the viewer."""


@dataclass(frozen=True, slots=True)
class Urn:
    """K creators with the F fresh positions of each, as `positions[starts[k]:starts[k + 1]]`."""

    starts: Ids  # (K + 1,)
    positions: Ids  # (F,)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def drawn(self, tickets: int, opened: Opened, random: np.random.Generator) -> tuple[Ids, Chances]:
        """(M,) positions, and the chance that each had. Work grows with what the winners have."""
        winners = min(tickets, len(self))
        if not winners:
            return np.empty(0, np.int64), np.empty(0)
        each = tickets // winners
        at, whose = self._of(np.sort(random.choice(len(self), winners, replace=False)))
        is_open = among(np.sort(opened(at)), at)
        at, whose = at[is_open], whose[is_open]
        shuffled = random.permutation(len(at))
        order = shuffled[np.argsort(whose[shuffled], kind="stable")]  # by creator, and among theirs by lot
        at, whose = at[order], whose[order]
        first, own = _first_of(whose)
        taken = np.arange(len(at)) - first < each
        chance = winners / len(self) * np.minimum(each / np.maximum(own, 1), 1)
        return at[taken], chance[taken]

    def _of(self, creators: Ids) -> tuple[Ids, Ids]:
        """(M,) all positions of some creators, and whose each is."""
        lengths = self.starts[creators + 1] - self.starts[creators]
        ends = np.cumsum(lengths)
        rows = np.arange(ends[-1]) + np.repeat(self.starts[creators] - (ends - lengths), lengths)
        return self.positions[rows], np.repeat(creators, lengths)


@dataclass(frozen=True, slots=True)
class Lottery:
    """Who may be drawn, worked out once for all viewers."""

    new: Urn
    known: Urn

    @classmethod
    def of(cls, fresh: Mask, creators: Ids, impressions: NDArray[np.floating], weights: Weights) -> Lottery:
        """`fresh` (N,) clips of `creators` (N,) codes, each shown to `impressions` (N,)."""
        shown = np.bincount(creators, weights=impressions, minlength=1)
        is_new = (shown < weights.explore_creator_impressions)[creators] if len(creators) else fresh
        return cls(_urn(fresh & is_new, creators), _urn(fresh & ~is_new, creators))

    def draw(self, opened: Opened, random: np.random.Generator, weights: Weights) -> tuple[Ids, Chances]:
        """(M,) ascending positions, at most `fresh_items` of them, and the chance that each had to be drawn."""
        new = round(weights.fresh_items * weights.explore_new_share)
        if not len(self.known) or not len(self.new):
            new = weights.fresh_items if len(self.new) else 0
        pairs = (self.new.drawn(new, opened, random), self.known.drawn(weights.fresh_items - new, opened, random))
        at, chances = (np.concatenate(both) for both in zip(*pairs, strict=True))
        order = np.argsort(at)
        return at[order], chances[order]


def _urn(fresh: Mask, creators: Ids) -> Urn:
    at = np.flatnonzero(fresh)
    at = at[np.argsort(creators[at], kind="stable")]
    _, first = np.unique(creators[at], return_index=True)
    return Urn(np.append(first, len(at)).astype(np.int64), at)


def _first_of(groups: Ids) -> tuple[Ids, Ids]:
    """(M,) of ascending groups, for each row: where its group begins, and how long it is."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    lengths = np.diff(starts, append=len(groups))
    return np.repeat(starts, lengths), np.repeat(lengths, lengths)
