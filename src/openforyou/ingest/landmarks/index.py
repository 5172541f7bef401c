"""An index of sounds by their landmarks: which of them a sound has in it, from when to when, and how surely.

What counts are the moments of a window that agree on one place in a sound, and not the pairs: one note that two sounds
share agrees with itself many times. Each moment counts by how rare its rarest pair is, and all of them must stand out
from what agrees on the next best places: music repeats itself, and shares its notes with other music.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.landmarks.pairs import Pairs
from openforyou.ingest.landmarks.peaks import FRAME_MS

SPAN_FRAMES, STEP_FRAMES = round(5_000 / FRAME_MS), round(1_000 / FRAME_MS)
"""Windows of the sound that is asked for: a slow drift does no harm within one."""
SLOT_FRAMES, MOMENT_FRAMES = 2, 4
STRENGTH_MIN, SHARPNESS_MIN = 6.0, 5.5
"""Measured: docs/copies.md."""
OTHERS = 8
"""So many next best places of a sound say what agrees by chance."""
COMMON_MIN, COMMON_SHARE = 400, 0.01
"""A pair that occurs more often than that, and than in this share of all sounds, says nothing."""
PARTS_MAX = 10
BIAS = 1 << 16
"""Makes offsets positive: 35 minutes either way."""
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """A sound that was found, in `from_ms` to `to_ms` of what was asked; `other_from_ms`: where it begins in the sound.

    `strength`: how many moments agree, each less where it is common; `sharpness`: by the square root of what agrees on
    the next best places.
    """

    sound: int
    strength: float
    sharpness: float
    from_ms: int
    to_ms: int
    other_from_ms: int


@dataclass(frozen=True, slots=True)
class _Hits:
    """Of each pair that is equal in both: when in what was asked and in the sound, whose it is, and how rare it is."""

    asked: Ints
    theirs: Ints
    places: Ints
    rarity: Floats

    def within(self, first: int, last: int) -> _Hits:
        kept = (self.asked >= first) & (self.asked < last)
        return _Hits(self.asked[kept], self.theirs[kept], self.places[kept], self.rarity[kept])


class SoundIndex:
    """Sounds by a number that the caller gives each. One thread at a time; searching alone, any number."""

    def __init__(self) -> None:
        self._sounds: list[int] = []
        self._parts: list[NDArray[np.uint32]] = []  # (N, 3): code, frame, place in `_sounds`, by code
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._sounds) - len(self._gone)

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        return sum(part.nbytes for part in self._parts)

    def add(self, sounds: Sequence[tuple[int, Pairs]]) -> None:
        """Take sounds in; silence is never found."""
        rows = []
        for sound, pairs in sounds:
            place = np.full(len(pairs), len(self._sounds), dtype=np.uint32)
            rows.append(np.stack([pairs.codes, pairs.frames.astype(np.uint32), place], axis=1))
            self._sounds.append(sound)
        if not rows:
            return
        self._parts.append(_sorted(np.concatenate(rows)))
        while len(self._parts) > 1 and (
            len(self._parts) > PARTS_MAX or len(self._parts[-1]) * 2 > len(self._parts[-2])
        ):
            newer, older = self._parts.pop(), self._parts.pop()
            self._parts.append(_sorted(np.concatenate([older, newer])))

    def remove(self, sound: int) -> None:
        """It is not found from now on."""
        self._gone.add(sound)

    def search(self, asked: Pairs, tempo: float = 1.0) -> list[SoundMatch]:
        """What is heard in each window of a sound whose frames are `tempo` times as many, in order of time."""
        hits = self._hits(asked)
        if not len(hits.asked):
            return []
        found: list[SoundMatch] = []
        last = max(1, int(hits.asked.max()) + 1 - SPAN_FRAMES + STEP_FRAMES)
        for first in range(0, last, STEP_FRAMES):
            inside = hits.within(first, first + SPAN_FRAMES)
            if len(inside.asked):
                found += self._agreeing(inside, FRAME_MS / tempo)
        return found

    def _hits(self, asked: Pairs) -> _Hits:
        numbers, rows = [np.empty(0, np.int64)], [np.empty((0, 3), np.uint32)]
        most = max(COMMON_MIN, COMMON_SHARE * len(self._sounds))
        for part in self._parts:
            low = np.searchsorted(part[:, 0], asked.codes, "left")
            count = np.searchsorted(part[:, 0], asked.codes, "right") - low
            count = np.where(count > most, 0, count)
            ends = np.cumsum(count)
            at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(low - (ends - count), count)
            numbers.append(np.repeat(np.arange(len(asked)), count))
            rows.append(part[at])
        number, joined = np.concatenate(numbers), np.concatenate(rows).astype(np.int64)
        sounds = np.unique((joined[:, 0] << 32) | joined[:, 2]) >> 32  # a code as often as there are sounds with it
        of = np.searchsorted(sounds, joined[:, 0], "right") - np.searchsorted(sounds, joined[:, 0], "left")
        rarity = 1 - np.log(np.maximum(of, 1)) / np.log(len(self._sounds) + 1)
        return _Hits(asked.frames[number].astype(np.int64), joined[:, 1], joined[:, 2], rarity)

    def _agreeing(self, hits: _Hits, frame_ms: float) -> Iterator[SoundMatch]:
        """Sounds of which enough moments of a window agree on one place, and stand out."""
        offsets = hits.theirs - hits.asked + BIAS
        best: dict[int, SoundMatch] = {}
        for shift in range(SLOT_FRAMES):  # Slots are cut in each way: what lies at an edge is not lost.
            slots = (hits.places << 20) | ((offsets + shift) // SLOT_FRAMES)
            keys, strengths = _moments(slots, hits)
            for place in np.unique(keys[strengths >= STRENGTH_MIN] >> 20).tolist():
                first, last = np.searchsorted(keys, [place << 20, (place + 1) << 20])
                strength, at, sharpness = _outstanding(strengths[first:last])
                sound = self._sounds[place]
                if sound in self._gone or sharpness < SHARPNESS_MIN:
                    continue
                if place in best and best[place].sharpness >= sharpness:
                    continue
                agree = slots == keys[first + at]
                begin, end = int(hits.asked[agree].min()), int(hits.asked[agree].max()) + MOMENT_FRAMES
                other = max(0, int(hits.theirs[agree].min()))
                times = (round(begin * frame_ms), round(end * frame_ms), round(other * FRAME_MS))
                best[place] = SoundMatch(sound, strength, sharpness, *times)
        yield from best.values()


def _sorted(rows: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return rows[np.argsort(rows[:, 0], kind="stable")]


def _moments(slots: Ints, hits: _Hits) -> tuple[Ints, Floats]:
    """Slots, ascending, with the sum of their moments, each as rare as its rarest pair."""
    moments = (slots << 16) | (hits.asked // MOMENT_FRAMES)
    order = np.lexsort((-hits.rarity, moments))
    moments, rarity = moments[order], hits.rarity[order]
    first = np.flatnonzero(np.diff(moments, prepend=-1))
    keys, number = np.unique(moments[first] >> 16, return_inverse=True)
    return keys, np.asarray(np.bincount(number, rarity[first], minlength=len(keys)), np.float64)


def _outstanding(strengths: Floats) -> tuple[float, int, float]:
    """The greatest of a sound's strengths by place, its position, and its sharpness."""
    at = int(strengths.argmax())
    others = np.delete(strengths, slice(max(0, at - 1), at + 2))
    chance = float(np.sort(others)[-OTHERS:].sum()) / OTHERS
    return float(strengths[at]), at, float(strengths[at] / np.sqrt(chance + 1))
