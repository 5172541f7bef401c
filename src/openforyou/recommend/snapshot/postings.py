"""Which clips carry a code: a word or topic of theirs (`core.words`), or the sound that they are set to.

A viewer mutes a word once and every feed after it must know what that keeps away, so clips are found by code and not
looked through. What is new lies beside the rest until it is worth sorting in; what has left the shelf is found here
and stands nowhere. 16 bytes for each word of each clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
NEW_SHARE = 0.1
"""Of all, that may lie beside: each look-up looks twice until then."""


@dataclass(frozen=True, slots=True)
class Run:
    """W pairs by ascending code."""

    codes: Ids  # (W,)
    ids: Ids  # (W,)

    @classmethod
    def of(cls, codes: Ids, ids: Ids) -> Run:
        """From pairs in any order."""
        order = np.argsort(codes, kind="stable")
        return cls(codes[order], ids[order])

    def joined(self, other: Run) -> Run:
        """Both."""
        return Run.of(np.concatenate([self.codes, other.codes]), np.concatenate([self.ids, other.ids]))

    def carrying(self, code: int) -> Ids:
        """The items of one code."""
        start, end = np.searchsorted(self.codes, code), np.searchsorted(self.codes, code, side="right")
        return self.ids[start:end]


_NONE = Run(np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True)
class Postings:
    """Codes of a catalogue. Nobody writes into it: a change makes a new one."""

    old: Run = _NONE
    new: Run = _NONE

    def with_items(self, codes: Ids, ids: Ids) -> Postings:
        """And these pairs of code and item."""
        if not len(codes):
            return self
        new = self.new.joined(Run.of(codes, ids))
        if len(new.codes) > NEW_SHARE * len(self.old.codes):
            return Postings(self.old.joined(new))
        return Postings(self.old, new)

    def carrying(self, code: int) -> Ids:
        """Items that carry a code, ascending, each once."""
        return np.unique(np.concatenate([self.old.carrying(code), self.new.carrying(code)]))

    def carrying_all(self, wanted: NDArray[np.void]) -> Ids:
        """Items that carry every code of at least one of the groups in (U,) of `mute, code`; may repeat."""
        found: list[Ids] = [np.empty(0, np.int64)]
        for group in np.unique(wanted["mute"]):
            each = sorted((self.carrying(int(code)) for code in wanted["code"][wanted["mute"] == group]), key=len)
            both = each[0]
            for more in each[1:]:
                both = both[np.isin(both, more, assume_unique=True)] if len(both) else both
            found.append(both)
        return np.concatenate(found)
