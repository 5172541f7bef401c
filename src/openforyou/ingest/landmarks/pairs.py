"""Pairs of peaks as numbers: what is looked up, and what is stored."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.landmarks.peaks import WINDOW, Peaks, peaks_of

PARTNERS, GAP_MAX, LEAP_MIN, LEAP_MAX = 30, 63, 3, 160
"""Each peak is paired with so many that follow, within two seconds, and 12 to 625 Hz above or below."""
BITS_BIN, BITS_GAP = 10, 6
SAMPLED = 32
"""Of the sound of an item one landmark in so many is kept."""
_HEAD = struct.Struct("<4sI")
_MAGIC = b"OFL2"


@dataclass(frozen=True, slots=True)
class Pairs:
    """`codes` (K,): which two bins and how far apart; `frames` (K,): when the first begins, in steps of `FRAME_MS`."""

    codes: NDArray[np.uint32]
    frames: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.codes)

    def sampled(self) -> Pairs:
        """One in `SAMPLED`, told by the code alone: the same ones of each copy of a sound."""
        spread = (self.codes * np.uint32(2_654_435_761)) >> np.uint32(16)
        kept = spread % SAMPLED == 0
        return Pairs(self.codes[kept], self.frames[kept])


NOTHING = Pairs(np.zeros(0, np.uint32), np.zeros(0, np.int32))


def pairs_of(peaks: Peaks, pitch: float = 1.0, tempo: float = 1.0) -> Pairs:
    """Pairs of peaks, moved to where they would be at the pitch and tempo of what is looked for."""
    bins, frames = np.rint(peaks.bins / pitch).astype(np.int64), np.rint(peaks.frames * tempo).astype(np.int64)
    codes, starts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for step in range(1, PARTNERS + 1):
        gap, leap = frames[step:] - frames[:-step], np.abs(bins[step:] - bins[:-step])
        good = (gap >= 1) & (gap <= GAP_MAX) & (leap >= LEAP_MIN) & (leap <= LEAP_MAX)
        good &= np.maximum(bins[step:], bins[:-step]) < WINDOW // 2
        code = (bins[:-step] << (BITS_BIN + BITS_GAP)) | (bins[step:] << BITS_GAP) | gap
        codes.append(code[good])
        starts.append(frames[:-step][good])
    return Pairs(np.concatenate(codes).astype(np.uint32), np.concatenate(starts).astype(np.int32))


def heard(samples: NDArray[np.float32], rate: int) -> Pairs:
    """The landmarks of mono samples (S,) within −1 … 1, `rate` a second; none for silence. About 1,100 a second."""
    return pairs_of(peaks_of(samples, rate))


def packed(pairs: Pairs) -> bytes:
    """To be stored."""
    head = _HEAD.pack(_MAGIC, len(pairs))
    return head + pairs.codes.astype("<u4").tobytes() + pairs.frames.astype("<i4").tobytes()


def unpacked(kept: bytes) -> Pairs | None:
    """And back; None where it is not what `packed` made."""
    if len(kept) < _HEAD.size:
        return None
    magic, count = _HEAD.unpack_from(kept)
    if magic != _MAGIC or len(kept) != _HEAD.size + 8 * count:
        return None
    codes = np.frombuffer(kept, "<u4", count, _HEAD.size)
    return Pairs(codes.astype(np.uint32), np.frombuffer(kept, "<i4", count, _HEAD.size + 4 * count).astype(np.int32))
