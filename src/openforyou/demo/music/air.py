"""What is in the air around the music: wind, rain, waves, crickets. Made in the frequency domain, so that it loops."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.demo.music.instruments import RATE_HZ, TAU, Samples

KINDS = ("wind", "rain", "waves", "night", "bubbles", "stream", "crackle", "sparks")


def air(kind: str, count: int, rng: Generator) -> Samples:
    """`count` samples of stereo background (count, 2), peak about 1; the end joins the beginning."""
    time = np.arange(count) / count
    match kind:
        case "wind":
            sound = _noise(rng, count, 120, 700) * (0.55 + 0.45 * _swell(rng, time, 2))[:, None]
        case "rain":
            sound = 0.5 * _noise(rng, count, 900, 9_000) + _drops(rng, count, 70, (1_800, 5_200), 900)
        case "waves":
            sound = _noise(rng, count, 150, 2_600) * (0.12 + 0.88 * _swell(rng, time, 2) ** 2)[:, None]
        case "night":
            sound = _crickets(rng, count) + 0.12 * _noise(rng, count, 200, 900)
        case "bubbles":
            sound = _drops(rng, count, 16, (260, 900), 26, rise=2.2) + 0.1 * _noise(rng, count, 60, 300)
        case "stream":
            sound = 0.3 * _noise(rng, count, 400, 3_200) + _drops(rng, count, 40, (700, 2_400), 70, rise=1.5)
        case "crackle":
            sound = _drops(rng, count, 60, (2_000, 7_000), 2_400) + 0.05 * _noise(rng, count, 100, 6_000)
        case "sparks":
            bursts = (0.15 + 0.85 * _swell(rng, time, 3) ** 3)[:, None]
            sound = _drops(rng, count, 220, (2_500, 8_000), 1_400) * bursts
        case _:
            raise KeyError(f"no air {kind}")
    return (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)


def _noise(rng: Generator, count: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    """Stereo noise between two frequencies, with soft skirts."""
    frequency = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shape = 1 / (1 + (low_hz / np.maximum(frequency, 1)) ** 4) / (1 + (frequency / high_hz) ** 3)
    shape /= np.sqrt(np.maximum(frequency, 20))
    bands = rng.standard_normal((2, len(frequency))) + 1j * rng.standard_normal((2, len(frequency)))
    wave = np.fft.irfft(bands * shape, count, axis=1).T
    return np.asarray(wave / np.abs(wave).max())


def _swell(rng: Generator, time: NDArray[np.float64], cycles: int) -> NDArray[np.float64]:
    """A slow, uneven rise and fall, 0 … 1, that closes on itself."""
    wave = np.sin(TAU * cycles * time + rng.uniform(0, TAU)) + 0.5 * np.sin(
        TAU * (cycles + 1) * time + rng.uniform(0, TAU)
    )
    return np.asarray((wave - wave.min()) / (wave.max() - wave.min()))


def _drops(
    rng: Generator, count: int, per_second: float, band: tuple[float, float], decay: float, rise: float = 1.0
) -> NDArray[np.float64]:
    """Short pings at random places and pitches; `rise` bends them upwards, as bubbles do."""
    sound = np.zeros((count, 2))
    length = min(count, int(RATE_HZ * 5 / decay) + 32)
    time = np.arange(length) / RATE_HZ
    shape = np.exp(-decay * time)
    for _ in range(int(per_second * count / RATE_HZ)):
        pitch = rng.uniform(*band)
        glide = 1 + (rise - 1) * time / time[-1]
        ping = np.sin(TAU * pitch * glide * time) * shape * rng.uniform(0.1, 1.0) ** 2
        place = (int(rng.integers(count)) + np.arange(length)) % count
        side = rng.uniform(0.2, 0.8)
        sound[place, 0] += ping * (1 - side)
        sound[place, 1] += ping * side
    return sound


def _crickets(rng: Generator, count: int) -> NDArray[np.float64]:
    seconds = count / RATE_HZ
    time = np.arange(count) / RATE_HZ
    sound = np.zeros((count, 2))
    for _ in range(3):
        chirps = max(1, round(rng.uniform(1.2, 2.2) * seconds)) / seconds
        pulse = max(1, round(rng.uniform(26, 34) * seconds)) / seconds
        gate = np.clip(np.sin(TAU * chirps * time + rng.uniform(0, TAU)) * 3 - 1.2, 0, 1)
        tone = np.sin(TAU * rng.uniform(3_900, 4_700) * time) * (0.5 + 0.5 * np.sin(TAU * pulse * time)) * gate
        side = rng.uniform(0.15, 0.85)
        sound += tone[:, None] * [1 - side, side] * rng.uniform(0.3, 0.8)
    return sound
