"""The languages that a viewer chose, over one snapshot: what declares another is left out, what declares none stays.

Half of a catalogue may be in another language, so nobody lists it: a clip is asked for its language by position, and
how many there are of each is known beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.core.languages import tag_number
from openforyou.recommend.snapshot.index import Index
from openforyou.recommend.snapshot.shelf import Ids, Mask

REACH_MAX = 4
"""Times as many neighbours are looked for at the most, where most are of another language."""


@dataclass(frozen=True, slots=True)
class Languages:
    """`chosen` are tag numbers, (L,); none: all languages."""

    index: Index
    chosen: NDArray[np.int32]

    @classmethod
    def of(cls, index: Index, tags: Iterable[str]) -> Languages:
        """From primary tags."""
        return cls(index, np.array([tag_number(tag) for tag in tags], dtype=np.int32))

    def heard(self, at: Ids) -> Mask:
        """(M,) which of some positions are in one of them, or in none that anybody named."""
        if not len(self.chosen):
            return np.ones(len(at), dtype=bool)
        said = self.index.shelf.languages[at]
        return np.asarray((said == 0) | np.isin(said, self.chosen))

    @property
    def count(self) -> int:
        """How many on the shelf are heard."""
        if not len(self.chosen):
            return len(self.index)
        return sum(self.index.spoken.get(number, 0) for number in (0, *self.chosen.tolist()))

    def reach(self, wanted: int) -> int:
        """How many neighbours to look for, that about `wanted` of them are heard."""
        return min(wanted * REACH_MAX, -(-wanted * len(self.index) // max(self.count, 1)))
