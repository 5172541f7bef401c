"""Registered works, to be found in what is uploaded: also under speech, and where speed or pitch is a little off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import SoundId
from openforyou.ingest.hearing import WorkMatch
from openforyou.ingest.landmarks.index import SPAN_FRAMES, SoundIndex, SoundMatch
from openforyou.ingest.landmarks.pairs import Pairs, pairs_of
from openforyou.ingest.landmarks.peaks import FRAME_MS, peaks_of

VARIANTS = (
    *((round(1 + step / 200, 3),) * 2 for step in range(-10, 11) if step),
    *((pitch, 1.0) for pitch in (0.98, 0.985, 0.99, 0.995, 1.005, 1.01, 1.015, 1.02)),
    *((1.0, tempo) for tempo in (0.96, 0.98, 1.02, 1.04)),
)
"""Pitch and tempo of the query against the work, tried beside both as they are: played faster or slower, and each by
itself."""
VARIED_PEAKS_PER_S = 60
"""Of a varied query the loudest alone are looked for."""


class Works:
    """Registered works, each with its landmarks. Immutable: safe from several threads."""

    def __init__(self, works: Iterable[tuple[SoundId, Pairs]]) -> None:
        self._index = SoundIndex()
        self._index.add([(int(work), pairs) for work, pairs in works])

    def __len__(self) -> int:
        return len(self._index)

    def matches(self, samples: NDArray[np.float32], rate: int) -> list[WorkMatch]:
        """The works that are heard in mono samples (S,), each with its span; in order of time."""
        if not len(self):
            return []
        peaks = peaks_of(samples, rate)
        found = self._index.search(pairs_of(peaks))
        loudest = peaks.loudest(VARIED_PEAKS_PER_S)
        for pitch, tempo in VARIANTS:
            found += self._index.search(pairs_of(loudest, pitch, tempo), tempo)
        matches = [WorkMatch(SoundId(one.sound), one.from_ms, one.to_ms, round(one.strength)) for one in joined(found)]
        return sorted(matches, key=lambda match: (match.start_ms, match.work_id))


def joined(found: Iterable[SoundMatch]) -> list[SoundMatch]:
    """Windows of one sound that follow each other, as one span; the surest first."""
    whole: list[SoundMatch] = []
    for one in sorted(found, key=lambda one: (one.sound, one.from_ms)):
        last = whole[-1] if whole else None
        if last is not None and last.sound == one.sound and one.from_ms <= last.to_ms + SPAN_FRAMES * FRAME_MS:
            strength, sharpness = max(last.strength, one.strength), max(last.sharpness, one.sharpness)
            whole[-1] = replace(last, to_ms=max(last.to_ms, one.to_ms), strength=strength, sharpness=sharpness)
        else:
            whole.append(one)
    return sorted(whole, key=lambda one: -one.sharpness)
