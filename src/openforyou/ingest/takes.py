"""Lip-sync: where in a sound somebody's take begins, told by what the microphone heard of it.

The page plays the sound while it records, so the take has it, late and thin; the correlation of the two says by how
much. Published is the library's sound itself from that place on, so nothing of the room is left and nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8_000
SURE_MIN = 7.0
"""The best place must stand out so much over how places come out at random (standard deviations)."""
TOLD_WITHIN_MS = 1_500
"""How far from where the page says that it began the place is looked for, where it says so."""


@dataclass(frozen=True, slots=True)
class Placed:
    """`from_ms`: where in the sound the take's first picture stands. `is_measured`: found; else the page's word."""

    from_ms: int
    is_measured: bool
    sureness: float


def placed(take: NDArray[np.float32], sound: NDArray[np.float32], told_ms: int) -> Placed:
    """Where mono `take` (T,) lies in mono `sound` (S,), both at `RATE_HZ`; `told_ms` by the page's own clock.

    Generalised cross-correlation with the phase transform (Knapp and Carter 1976), which a room's echo hardly moves.
    """
    if len(take) < RATE_HZ // 2 or float(np.abs(take).max()) < 1e-3:
        return Placed(told_ms, False, 0.0)
    size = 1 << (len(take) + len(sound)).bit_length()
    cross = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(take, size))
    frequency = np.fft.rfftfreq(size, 1 / RATE_HZ)
    weight = np.where((frequency > 80) & (frequency < 3_600), np.maximum(np.abs(cross), 1e-12) ** -0.8, 0.0)
    match = np.fft.irfft(cross * weight, size)
    reach = round(TOLD_WITHIN_MS * RATE_HZ / 1_000)
    lags = np.arange(-reach, reach + 1) + round(told_ms * RATE_HZ / 1_000)
    found = match[lags % size]
    sureness = float((found.max() - found.mean()) / max(float(found.std()), 1e-12))
    if sureness < SURE_MIN:
        return Placed(told_ms, False, sureness)
    return Placed(round(1_000 * int(lags[np.argmax(found)]) / RATE_HZ), True, sureness)
