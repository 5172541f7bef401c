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
    "barren": Mark(2.8, 1.21),
    "cases": Mark(0.1, 1.71),
    "circle": Mark(1.48, 2.12),
    "fishing": Mark(0.0, 3.35),
    "hours": Mark(2.49, 2.35),
    "joint": Mark(2.83, 0.78),
    "pair": Mark(4.89, 4.02),
    "person": Mark(5.54, 1.68),
    "protected": Mark(2.97, 0.8),
    "several": Mark(4.2, 2.23),
    "volume": Mark(1.3, 2.35),
    "watched": Mark(5.76, 1.67),
}
