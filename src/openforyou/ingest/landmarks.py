"""Landmarks of sound: pairs of peaks of a spectrogram, by which a piece of music is known under speech.

After Wang, "An Industrial-Strength Audio Search Algorithm" (ISMIR 2003). What is told here beside it: a query is tried
at a few speeds and pitches, by moving its peaks and not its samples, and in short windows, so that a span is found and
a slow drift does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from openforyou.core.ids import SoundId
from openforyou.ingest.hearing import WorkMatch

RATE_HZ = 8_000
WINDOW, HOP = 1_024, 256
FRAME_MS = 1_000 * HOP / RATE_HZ
"""32 ms."""
LOW_BIN, HIGH_BIN = 12, 480
"""94 Hz to 3.75 kHz."""
NEAR_BINS, NEAR_FRAMES = 6, 4
"""A peak is the loudest within so many bins and frames either side."""
PEAKS_PER_S = 60
PARTNERS, GAP_MAX, SPREAD_MAX = 14, 63, 120
"""Each peak is paired with so many that follow within two seconds and 940 Hz."""
BITS_BIN, BITS_GAP = 9, 6

VARIANTS = (
    (1.0, 1.0),
    *((speed, speed) for speed in (0.95, 0.96, 0.97, 0.98, 0.99, 1.01, 1.02, 1.03, 1.04, 1.05)),
    *((pitch, 1.0) for pitch in (0.98, 0.99, 1.01, 1.02)),
    *((1.0, tempo) for tempo in (0.96, 0.98, 1.02, 1.04)),
)
"""Pitch and tempo of the query against the work, as tried: played faster or slower, and each by itself."""
SPAN_FRAMES, STEP_FRAMES = round(4_000 / FRAME_MS), round(1_000 / FRAME_MS)
TOLERANCE = 4
"""Frames by which the places of pairs that agree may differ: a window drifts by less at half a step of tempo."""
MOMENT_FRAMES = 4
AGREE_MIN = 12
"""Of the 31 moments of a window, so many must agree on one place in the work. Measured: docs/studio.md."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """`bins` and `frames` of the peaks, shape (P,), in order of time; the bins interpolated."""

    bins: NDArray[np.float32]
    frames: NDArray[np.float32]


def peaks_of(samples: NDArray[np.float32], rate: int) -> Peaks:
    """The peaks of mono samples (S,)."""
    heard = resampled(samples, rate)
    if len(heard) < WINDOW or not np.abs(heard).max(initial=0.0) > 1e-3:
        return Peaks(np.zeros(0, np.float32), np.zeros(0, np.float32))
    level = _levels(heard)
    near = cv2.dilate(level, np.ones((2 * NEAR_FRAMES + 1, 2 * NEAR_BINS + 1), np.uint8))
    is_peak = (level >= near) & (level > level.mean() + 0.5 * level.std())
    is_peak[:, :LOW_BIN], is_peak[:, HIGH_BIN:] = False, False
    frames, bins = np.nonzero(is_peak)
    chosen = _loudest(frames, level[frames, bins])
    frames, bins = frames[chosen], bins[chosen]
    left, middle, right = level[frames, bins - 1], level[frames, bins], level[frames, bins + 1]
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-6, 0.5 * (left - right) / np.where(bend == 0, 1, bend), 0)
    return Peaks((bins + np.clip(shift, -0.5, 0.5)).astype(np.float32), frames.astype(np.float32))


def _levels(heard: NDArray[np.float32]) -> NDArray[np.float32]:
    """Loudness in decibels by frame and bin, (T, F), each bin against its own surroundings in time."""
    count = 1 + (len(heard) - WINDOW) // HOP
    places = np.lib.stride_tricks.sliding_window_view(heard, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(places * np.hanning(WINDOW).astype(np.float32), axis=1)).astype(np.float32)
    level = 20 * np.log10(power + 1e-4)
    return np.asarray(level - 0.6 * cv2.blur(level, (31, 61)), np.float32)


def _loudest(frames: NDArray[np.intp], loud: NDArray[np.float32]) -> NDArray[np.intp]:
    """Which peaks are kept: of each half second the loudest, in order of time."""
    part = np.floor(frames * FRAME_MS / 500).astype(np.int64)
    order = np.lexsort((-loud, part))
    starts = np.searchsorted(part[order], part[order])
    kept = order[np.arange(len(order)) - starts < PEAKS_PER_S // 2]
    return np.sort(kept)


def pairs_of(peaks: Peaks, pitch: float = 1.0, tempo: float = 1.0) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Hashes and frames (K,) of pairs of peaks, moved to where they would be at the work's own pitch and tempo."""
    bins, frames = np.rint(peaks.bins / pitch).astype(np.int64), np.rint(peaks.frames * tempo).astype(np.int64)
    found: list[NDArray[np.int64]] = []
    for step in range(1, PARTNERS + 1):
        gap, spread = frames[step:] - frames[:-step], np.abs(bins[step:] - bins[:-step])
        good = (
            (gap >= 1)
            & (gap <= GAP_MAX)
            & (spread >= 3)
            & (spread <= SPREAD_MAX)
            & (bins[step:] < 512)
            & (bins[:-step] < 512)
        )
        code = (bins[:-step] << (BITS_BIN + BITS_GAP)) | (bins[step:] << BITS_GAP) | gap
        found.append(np.stack([code[good], frames[:-step][good]]))
    joined = np.concatenate(found, axis=1) if found else np.zeros((2, 0), np.int64)
    return joined[0].astype(np.uint32), joined[1].astype(np.int32)


def packed(samples: NDArray[np.float32], rate: int) -> bytes:
    """The landmarks of a work as they are kept: hashes, then frames, little-endian."""
    hashes, frames = pairs_of(peaks_of(samples, rate))
    return hashes.astype("<u4").tobytes() + frames.astype("<i4").tobytes()


def unpacked(kept: bytes) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """And back."""
    half = len(kept) // 2
    return np.frombuffer(kept[:half], "<u4"), np.frombuffer(kept[half:], "<i4")


class Works:
    """Registered works, to be found in sounds. Immutable: safe from several threads."""

    def __init__(self, works: Iterable[tuple[SoundId, bytes]]) -> None:
        read = [(work, *unpacked(kept)) for work, kept in works]
        self._ids = np.array([work for work, _, _ in read], np.int64)
        places = [np.full(len(hashes), number, np.int32) for number, (_, hashes, _) in enumerate(read)]
        hashes = np.concatenate([hashes for _, hashes, _ in read]) if read else np.zeros(0, np.uint32)
        order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[order]
        self._frames = (np.concatenate([frames for _, _, frames in read]) if read else np.zeros(0, np.int32))[order]
        self._places = (np.concatenate(places) if read else np.zeros(0, np.int32))[order]

    def __len__(self) -> int:
        return len(self._ids)

    def matches(self, samples: NDArray[np.float32], rate: int) -> list[WorkMatch]:
        """The works that are heard in mono samples (S,), each with its span; in order of time."""
        if not len(self):
            return []
        peaks = peaks_of(samples, rate)
        found: list[_Window] = []
        for pitch, tempo in VARIANTS:
            found += self._windows(*pairs_of(peaks, pitch, tempo), tempo)
        return sorted(self._joined(found), key=lambda match: (match.start_ms, match.work_id))

    def _windows(self, hashes: NDArray[np.uint32], frames: NDArray[np.int32], tempo: float) -> list[_Window]:
        """Where a work is heard, window by window."""
        low, high = np.searchsorted(self._hashes, hashes, "left"), np.searchsorted(self._hashes, hashes, "right")
        counts = high - low
        if not counts.sum():
            return []
        asked = np.repeat(np.arange(len(hashes)), counts)
        hits = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        at = frames[asked].astype(np.int64)
        delta = self._frames[hits].astype(np.int64) - at
        place = self._places[hits].astype(np.int64)
        found: list[_Window] = []
        for begin in range(0, int(at.max()) + 1, STEP_FRAMES):
            inside = (at >= begin) & (at < begin + SPAN_FRAMES)
            found += _agreeing(place[inside], delta[inside], at[inside] // MOMENT_FRAMES, MOMENT_FRAMES / tempo)
        return found

    def _joined(self, found: list[_Window]) -> Iterable[WorkMatch]:
        """Windows of one work that follow each other, as one span."""
        whole: list[_Window] = []
        for one in sorted(found, key=lambda one: (one.place, one.start)):
            last = whole[-1] if whole else None
            if last is not None and last.place == one.place and one.start <= last.end + SPAN_FRAMES:
                whole[-1] = last._replace(end=max(last.end, one.end), agree=max(last.agree, one.agree))
            else:
                whole.append(one)
        for place, start, end, agree in whole:
            yield WorkMatch(SoundId(int(self._ids[place])), round(start * FRAME_MS), round(end * FRAME_MS), agree)


class _Window(NamedTuple):
    """A work in a window of the query: from which of its frames to which, and how many moments agree."""

    place: int
    start: float
    end: float
    agree: int


def _agreeing(
    place: NDArray[np.int64], delta: NDArray[np.int64], moment: NDArray[np.int64], moment_frames: float
) -> list[_Window]:
    """Works, with the most moments that agree on one offset, where they are enough.

    Moments are counted and not pairs: one note of an instrument that two works share agrees with itself many times.
    """
    found: dict[int, _Window] = {}
    for shift in (0, TOLERANCE // 2):
        slot = (delta + shift + (1 << 24)) // TOLERANCE
        keys = np.unique((place << 44) | (slot << 16) | moment)
        _, starts, counts = np.unique(keys >> 16, return_index=True, return_counts=True)
        for start, count in zip(starts[counts >= AGREE_MIN], counts[counts >= AGREE_MIN], strict=True):
            work = int(keys[start]) >> 44
            first, last = int(keys[start]) & 0xFFFF, int(keys[start + count - 1]) & 0xFFFF
            if work not in found or found[work].agree < count:
                found[work] = _Window(work, first * moment_frames, (last + 1) * moment_frames, int(count))
    return list(found.values())


def resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Mono samples (S,) at `RATE_HZ`."""
    if rate == RATE_HZ or not len(samples):
        return samples
    turn = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :], np.float32), format="flt", layout="mono")
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    parts = [part.to_ndarray().reshape(-1) for given in (frame, None) for part in turn.resample(given)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
