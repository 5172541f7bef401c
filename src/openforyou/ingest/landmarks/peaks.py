"""Peaks of a spectrogram: a peak stays one when something else sounds beside it.

Fine in pitch, so that a note stands beside a voice, and dense, so that some of any second survive what lies over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

RATE_HZ = 8_000
WINDOW, HOP = 2_048, 256
FRAME_MS = 1_000 * HOP / RATE_HZ
"""32 ms."""
LOW_BIN, HIGH_BIN = 24, 960
"""94 Hz to 3.75 kHz."""
NEAR_BINS, NEAR_FRAMES = 6, 3
"""A peak is the loudest within so many bins and frames either side."""
PEAKS_PER_S = 160
AUDIBLE = 1e-3


@dataclass(frozen=True, slots=True)
class Peaks:
    """`bins` and `frames` of the peaks, shape (P,), in order of time, the bins interpolated; and how `loud` each is."""

    bins: NDArray[np.float32]
    frames: NDArray[np.float32]
    loud: NDArray[np.float32]

    def loudest(self, per_s: int) -> Peaks:
        """At most so many of each second."""
        kept = _loudest(self.frames, self.loud, per_s)
        return Peaks(self.bins[kept], self.frames[kept], self.loud[kept])


def peaks_of(samples: NDArray[np.float32], rate: int) -> Peaks:
    """The peaks of mono samples (S,)."""
    heard = resampled(np.nan_to_num(np.clip(samples, -1, 1)).astype(np.float32), rate)
    if len(heard) < WINDOW or not np.abs(heard).max(initial=0.0) > AUDIBLE:
        return Peaks(*(np.zeros(0, np.float32) for _ in range(3)))
    level = _levels(heard)
    near = cv2.dilate(level, np.ones((2 * NEAR_FRAMES + 1, 2 * NEAR_BINS + 1), np.uint8))
    is_peak = (level >= near) & (level > level.mean() + 0.5 * level.std())
    is_peak[:, :LOW_BIN], is_peak[:, HIGH_BIN:] = False, False
    frames, bins = np.nonzero(is_peak)
    chosen = _loudest(frames.astype(np.float32), level[frames, bins], PEAKS_PER_S)
    frames, bins = frames[chosen], bins[chosen]
    left, middle, right = level[frames, bins - 1], level[frames, bins], level[frames, bins + 1]
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-6, 0.5 * (left - right) / np.where(bend == 0, 1, bend), 0)
    return Peaks((bins + np.clip(shift, -0.5, 0.5)).astype(np.float32), frames.astype(np.float32), middle)


def _levels(heard: NDArray[np.float32]) -> NDArray[np.float32]:
    """Loudness in decibels by frame and bin, (T, F), each bin against its own surroundings in time."""
    count = 1 + (len(heard) - WINDOW) // HOP
    places = np.lib.stride_tricks.sliding_window_view(heard, WINDOW)[::HOP][:count]
    power = np.abs(np.fft.rfft(places * np.hanning(WINDOW).astype(np.float32), axis=1)).astype(np.float32)
    level = 20 * np.log10(power + 1e-4)
    return np.asarray(level - 0.6 * cv2.blur(level, (31, 61)), np.float32)


def _loudest(frames: NDArray[np.float32], loud: NDArray[np.float32], per_s: int) -> NDArray[np.intp]:
    """Which peaks are kept: of each half second the loudest, in order of time."""
    part = np.floor(frames * FRAME_MS / 500).astype(np.int64)
    order = np.lexsort((-loud, part))
    starts = np.searchsorted(part[order], part[order])
    kept = order[np.arange(len(order)) - starts < per_s // 2]
    return np.sort(kept)


def resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Mono samples (S,) at `RATE_HZ`."""
    if rate == RATE_HZ or not len(samples):
        return samples
    turn = AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[None, :], np.float32), format="flt", layout="mono")
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    parts = [part.to_ndarray().reshape(-1) for given in (frame, None) for part in turn.resample(given)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
