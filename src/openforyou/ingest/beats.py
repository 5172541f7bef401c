"""Where the beats of a piece of music are, so that pictures can change with them.

Ellis, "Beat Tracking by Dynamic Programming" (2007): an envelope of onsets, one tempo by autocorrelation, and then the
chain of moments that is both strong and regular. Right for music that keeps its tempo; other sounds have no beats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8_000
WINDOW, HOP = 512, 64
STEP_S = HOP / RATE_HZ
"""8 ms."""
BANDS = 32
TEMPO_BPM, TEMPO_OCTAVES = 120.0, 0.9
"""The tempo that is expected before anything is heard, and how far it may be from that (standard deviation)."""
SLOWEST_BPM, FASTEST_BPM = 50.0, 210.0
TIGHTNESS = 400.0
"""How much a beat off the tempo costs."""
SHORTEST_S = 2.0
CLARITY_MIN = 0.08
"""Below this share of its own energy the envelope does not come back after a beat: there is no pulse."""


def beats(samples: NDArray[np.float32]) -> tuple[int, ...]:
    """The beats of mono samples (S,) at `RATE_HZ`, in milliseconds, ascending; none where there is no pulse."""
    if len(samples) < SHORTEST_S * RATE_HZ:
        return ()
    envelope = _onsets(samples)
    period = _period(envelope)
    if period is None:
        return ()
    return tuple(round(1_000 * frame * STEP_S) for frame in _chain(envelope, period))


def _onsets(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """How much louder each moment is than the one before, over bands that widen with pitch; (T,), mean 0."""
    padded = np.pad(samples, (WINDOW // 2, WINDOW))
    places = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(places * np.hanning(WINDOW).astype(np.float32), axis=1))
    edges = np.unique(np.geomspace(2, power.shape[1] - 1, BANDS + 1).astype(int))
    bands = np.add.reduceat(power, edges[:-1], axis=1)
    level = np.log1p(10.0 * bands / max(float(bands.mean()), 1e-9))
    rise = np.maximum(np.diff(level, axis=0, prepend=level[:1]), 0).mean(axis=1)
    kernel = np.hanning(9)
    smooth = np.convolve(rise, kernel / kernel.sum(), "same")
    slow = np.convolve(smooth, np.full(125, 1 / 125), "same")
    sharp = np.maximum(smooth - slow, 0)
    return np.asarray((sharp - sharp.mean()) / max(float(sharp.std()), 1e-9), np.float64)


def _period(envelope: NDArray[np.float64]) -> float | None:
    """Frames a beat; None where nothing repeats."""
    size = 1 << (2 * len(envelope) - 1).bit_length()
    spectrum = np.fft.rfft(envelope, size)
    again = np.fft.irfft(np.abs(spectrum) ** 2, size)[: len(envelope)]
    lags = np.arange(len(again))
    low, high = round(60 / FASTEST_BPM / STEP_S), min(round(60 / SLOWEST_BPM / STEP_S), len(again) // 2)
    if high <= low or again[0] <= 0:
        return None
    # A lag is as good as what comes back after it, and after twice as long: half a beat fails the second.
    span = np.arange(low, high)
    score = again[span] + 0.5 * np.array([again[2 * lag] if 2 * lag < len(again) else 0.0 for lag in span])
    octaves = np.log2(60 / (lags[span] * STEP_S) / TEMPO_BPM) / TEMPO_OCTAVES
    best = int(span[np.argmax(score * np.exp(-0.5 * octaves**2))])
    if again[best] < CLARITY_MIN * again[0]:
        return None
    return _refined(again, best)


def _refined(again: NDArray[np.float64], lag: int) -> float:
    """The lag between frames, told by its eighth repetition where the sound is long enough."""
    for times in (8, 4, 2, 1):
        centre = lag * times
        around = np.arange(max(1, centre - times), min(len(again) // 2, centre + times + 1))
        if len(around) >= 3:
            return float(around[np.argmax(again[around])]) / times
    return float(lag)


def _chain(envelope: NDArray[np.float64], period: float) -> list[int]:
    """The best chain of beats: each as strong as may be, and a period after the one before."""
    reach = np.arange(round(period / 2), round(2 * period) + 1)
    cost = -TIGHTNESS * np.log(reach / period) ** 2
    score = envelope.copy()
    before = np.full(len(envelope), -1)
    for now in range(len(envelope)):
        back = now - reach
        inside = back >= 0
        if not inside.any():
            continue
        reached = score[back[inside]] + cost[inside]
        best = int(np.argmax(reached))
        if reached[best] > 0:
            score[now] += reached[best]
            before[now] = back[inside][best]
    last = max(0, len(envelope) - round(period))
    place = last + int(np.argmax(score[last:]))
    chain: list[int] = []
    while place >= 0:
        chain.append(place)
        place = int(before[place])
    return chain[::-1]
