"""A fingerprint of sound that survives speech over it: pairs of peaks of the spectrogram.

Source: A. Wang, An Industrial-Strength Audio Search Algorithm, 2003. A peak stays a peak when something else sounds
beside it, so that some pairs of any few seconds survive; and pairs of one recording keep their distance in
time from those of a copy, so that what agrees piles up at one offset. Where pitch was changed nothing piles up.
"""

from __future__ import annotations

import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

RATE = 8_000
WINDOW, HOP = 1_024, 256
HOP_MS = 1_000 * HOP // RATE
NEAR_BINS, NEAR_HOPS = 12, 4
"""A peak is the greatest in this much around it."""
LOW_BIN, HIGH_BIN = 12, 448
PEAKS_A_S = 40
AHEAD_HOPS_MIN, AHEAD_HOPS_MAX, AHEAD_BINS, PAIRS = 2, 63, 96, 9
SILENCE = 1e-4
Landmarks = NDArray[np.uint32]
"""(N, 2): what a pair of peaks is (28 bits), and when its first begins, in steps of `HOP_MS`."""


def sound_landmarks(samples: NDArray[np.float32], rate: int) -> Landmarks:
    """The landmarks of mono `samples` (N,) within −1 … 1, `rate` a second; none for silence. About 300 a second."""
    heard = _resampled(samples, rate)
    if len(heard) < WINDOW or float(np.abs(heard).max()) < SILENCE:
        return np.empty((0, 2), np.uint32)
    return _pairs(*_peaks(_spectrogram(heard)))


def packed(landmarks: Landmarks) -> bytes:
    """To be stored."""
    return landmarks.astype("<u4").tobytes()


def unpacked(data: bytes) -> Landmarks:
    """What `packed` stored; what cannot be read is silence."""
    if len(data) % 8:
        return np.empty((0, 2), np.uint32)
    return np.frombuffer(data, dtype="<u4").reshape(-1, 2).astype(np.uint32)


def _resampled(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    finite = np.nan_to_num(np.clip(samples, -1, 1)).astype(np.float32)
    if rate == RATE or not len(finite):
        return finite
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(finite[None]), format="flt", layout="mono")
    frame.sample_rate = rate
    resampler = AudioResampler(format="flt", layout="mono", rate=RATE)
    parts = [part.to_ndarray().reshape(-1) for given in (frame, None) for part in resampler.resample(given)]
    return np.concatenate(parts).astype(np.float32)


def _spectrogram(heard: NDArray[np.float32]) -> NDArray[np.float32]:
    """(bins, hops) in log power, less the running level of each bin, so that quiet parts have peaks too."""
    hops = 1 + (len(heard) - WINDOW) // HOP
    windows = np.lib.stride_tricks.sliding_window_view(heard, WINDOW)[::HOP][:hops]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32), axis=1))[:, LOW_BIN:HIGH_BIN]
    return np.asarray(np.log(power.T + 1e-4), np.float32)


def _peaks(spectrogram: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bins and hops of the strongest local maxima, in order of time."""
    greatest = cv2.dilate(spectrogram, np.ones((2 * NEAR_BINS + 1, 2 * NEAR_HOPS + 1), np.uint8))
    bins, hops = np.nonzero((spectrogram >= greatest) & (spectrogram > np.log(2e-2)))
    strength = spectrogram[bins, hops] - cv2.blur(spectrogram, (61, 61))[bins, hops]
    count = int(PEAKS_A_S * spectrogram.shape[1] * HOP / RATE) + 1
    kept = np.argsort(-strength, kind="stable")[:count]
    kept = kept[np.lexsort((bins[kept], hops[kept]))]
    return bins[kept], hops[kept]


def _pairs(bins: NDArray[np.int64], hops: NDArray[np.int64]) -> Landmarks:
    """Each peak with the next `PAIRS` in the zone ahead of it."""
    made: list[NDArray[np.int64]] = []
    taken = np.zeros(len(bins), dtype=np.int64)
    for ahead in range(1, min(len(bins), 4 * PEAKS_A_S)):
        apart, up = hops[ahead:] - hops[:-ahead], bins[ahead:] - bins[:-ahead]
        fits = (apart >= AHEAD_HOPS_MIN) & (apart <= AHEAD_HOPS_MAX) & (np.abs(up) <= AHEAD_BINS)
        fits &= taken[:-ahead] < PAIRS
        first = np.flatnonzero(fits)
        taken[first] += 1
        code = (bins[first] << 14) | ((up[first] + 128) << 6) | apart[first]
        made.append(np.stack([code, hops[first]], axis=1))
    joined = np.concatenate(made) if made else np.empty((0, 2), np.int64)
    return joined[np.lexsort((joined[:, 0], joined[:, 1]))].astype(np.uint32)
