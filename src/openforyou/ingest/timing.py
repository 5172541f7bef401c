"""When frames show: times keep as they were taken, frames that come too thick are let go."""

from __future__ import annotations

from fractions import Fraction

TICKS_PER_S = 90_000
"""The clock of every picture stream made here: fine enough for any camera, and what players know from broadcast."""


class Gate:
    """Lets at most `per_s` frames through on average, without moving any: of 120 a second every other one.

    The generic cell rate algorithm (ITU-T I.371) with a fifth of an interval of slack, so that the jitter of a
    phone's 60 a second costs no frame.
    """

    def __init__(self, per_s: int) -> None:
        self._interval = Fraction(1, per_s)
        self._slack = self._interval / 5
        self._due: Fraction | None = None

    def admits(self, time: Fraction) -> bool:
        """Whether the frame at `time` (seconds, rising) is shown."""
        if self._due is None:
            self._due = time
        if time < self._due - self._slack:
            return False
        self._due = max(self._due, time - self._slack) + self._interval
        return True


def ticks(time: Fraction) -> int:
    """`time` in seconds on the picture's clock."""
    return round(time * TICKS_PER_S)
