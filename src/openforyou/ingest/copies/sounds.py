"""An index of sounds by their landmarks: which of them a sound has in it, from when to when, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies.landmarks import HOP_MS, Landmarks

STRENGTH_MIN, SHARPNESS_MIN = 10, 6.0
"""Landmarks that must agree on one offset, and how far they stand out. Chosen on tracks other than those reported."""
OTHERS = 8
"""Music repeats itself: this many next best offsets of a sound say what agrees by chance."""
PARTS_MAX = 10
BIAS = 1 << 16
"""Makes offsets positive: 22 minutes either way."""


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """A sound that was found: `strength` landmarks agree that it plays from `from_ms` to `to_ms` of what was asked.

    `other_from_ms` is where it begins in the sound that was found.
    """

    sound: int
    strength: int
    sharpness: float
    """`strength` by the square root of what agrees on the next best offsets."""
    from_ms: int
    to_ms: int
    other_from_ms: int


class SoundIndex:
    """Sounds by a number that the caller gives each. One thread at a time."""

    def __init__(self) -> None:
        self._sounds: list[int] = []
        self._parts: list[NDArray[np.uint32]] = []  # (N, 3): code, hop, place in `_sounds`, by code
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._sounds) - len(self._gone)

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return sum(part.nbytes for part in self._parts)

    def add(self, sounds: Sequence[tuple[int, Landmarks]]) -> None:
        """Take sounds in; silence is never found."""
        rows = []
        for sound, landmarks in sounds:
            place = np.full((len(landmarks), 1), len(self._sounds), dtype=np.uint32)
            rows.append(np.concatenate([landmarks, place], axis=1))
            self._sounds.append(sound)
        if not rows:
            return
        self._parts.append(_sorted(np.concatenate(rows)))
        while len(self._parts) > 1 and (
            len(self._parts) > PARTS_MAX or 2 * len(self._parts[-1]) > len(self._parts[-2])
        ):
            newer, older = self._parts.pop(), self._parts.pop()
            self._parts.append(_sorted(np.concatenate([older, newer])))

    def remove(self, sound: int) -> None:
        """It is not found from now on."""
        self._gone.add(sound)

    def search(
        self,
        landmarks: Landmarks,
        limit: int = 10,
        strength_min: int = STRENGTH_MIN,
        sharpness_min: float = SHARPNESS_MIN,
    ) -> list[SoundMatch]:
        """What sounds in it, the surest first."""
        ours, theirs, places = self._agreeing(landmarks)
        found = []
        offsets = theirs.astype(np.int64) - ours + BIAS
        best: dict[int, tuple[int, int, float]] = {}
        for shift in (0, 1):  # Two steps make one bin, cut in both ways: what lies at its edge is not lost.
            keys, counts = np.unique((places.astype(np.int64) << 20) | ((offsets + shift) >> 1), return_counts=True)
            for place in np.unique(keys[counts >= strength_min] >> 20).tolist():
                first, last = np.searchsorted(keys, [place << 20, (place + 1) << 20])
                count, at, sharpness = _outstanding(counts[first:last])
                if count > best.get(place, (0, 0, 0.0))[0]:
                    best[place] = (count, 2 * int(keys[first + at] & 0xFFFFF) - shift, sharpness)
        for place, (count, offset, sharpness) in best.items():
            if self._sounds[place] in self._gone or sharpness < sharpness_min:
                continue
            agree = (places == place) & (offsets >= offset) & (offsets <= offset + 1)
            first, last = (int(one) for one in np.quantile(ours[agree], [0.02, 0.98]))
            other = max(0, first + offset - BIAS)
            found.append(
                SoundMatch(self._sounds[place], count, sharpness, first * HOP_MS, last * HOP_MS, other * HOP_MS)
            )
        return sorted(found, key=lambda one: -one.strength)[:limit]

    def _agreeing(self, landmarks: Landmarks) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32]]:
        """Of each pair of equal landmarks: when in what was asked, when in the sound, and the sound's place."""
        ours, rows = [np.empty(0, np.int64)], [np.empty((0, 3), np.uint32)]
        for part in self._parts:
            low = np.searchsorted(part[:, 0], landmarks[:, 0], "left")
            count = np.searchsorted(part[:, 0], landmarks[:, 0], "right") - low
            ends = np.cumsum(count)
            at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(low - (ends - count), count)
            ours.append(np.repeat(landmarks[:, 1].astype(np.int64), count))
            rows.append(part[at])
        joined = np.concatenate(rows)
        return np.concatenate(ours), joined[:, 1], joined[:, 2]


def _sorted(rows: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _outstanding(counts: NDArray[np.int64]) -> tuple[int, int, float]:
    """The greatest of a sound's counts by offset, its position, and its sharpness."""
    at = int(counts.argmax())
    others = np.delete(counts, slice(max(0, at - 1), at + 2))
    top = np.sort(others)[-OTHERS:]
    return int(counts[at]), at, float(counts[at] / np.sqrt(top.sum() / OTHERS + 1))
