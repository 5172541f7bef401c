"""How often normal work brings a finding as surprising, kind by kind: the scale on which kinds are compared.

Fitted by `openforyou bench detection --fit` on simulated years without any misuse, and on no seed that is measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Mark(NamedTuple):
    """`weekly`: the nats that normal work exceeds about once a week; `step`: so many more, and 2.7 times as rarely."""

    weekly: float
    step: float

    def score(self, nats: float) -> float:
        """In steps."""
        return (nats - self.weekly) / self.step


MARKS: Mapping[str, Mark] = {
    "barren": Mark(2.0, 1.0),
    "cases": Mark(2.0, 1.0),
    "circle": Mark(4.0, 1.0),
    "fishing": Mark(2.0, 1.0),
    "hours": Mark(2.0, 1.0),
    "joint": Mark(2.0, 1.0),
    "pair": Mark(2.0, 1.0),
    "person": Mark(2.0, 1.0),
    "protected": Mark(2.0, 1.0),
    "several": Mark(2.0, 1.0),
    "volume": Mark(2.0, 1.0),
    "watched": Mark(2.0, 1.0),
}
