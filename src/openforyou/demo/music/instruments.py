"""Instruments, as sums of decaying sines, and a few drums.

Additive synthesis has no filter to ring and no wave table to ship: a bell is a bell because its partials are not whole
multiples of each other, and a string sounds plucked because its high partials die first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

RATE_HZ = 48_000
Samples = NDArray[np.float32]
TAU = 2 * np.pi


@dataclass(frozen=True, slots=True)
class Timbre:
    """`partials`: (multiple of the pitch, loudness, decay a second). `held`: lasts its note, and is not struck."""

    partials: tuple[tuple[float, float, float], ...]
    attack_s: float = 0.004
    held: bool = False
    tail_s: float = 0.0
    """How long it rings after its note ends."""


def _series(count: int, slope: float, decay: float, faster: float) -> tuple[tuple[float, float, float], ...]:
    """Whole multiples, each quieter by k^-slope and dying faster by `faster` per multiple."""
    return tuple((float(k), float(k**-slope), decay + faster * (k - 1)) for k in range(1, count + 1))


TIMBRES = {
    "warm": Timbre(_series(6, 1.7, 0, 0), attack_s=0.5, held=True, tail_s=0.9),
    "strings": Timbre(_series(9, 1.25, 0, 0), attack_s=0.3, held=True, tail_s=0.6),
    "glass": Timbre(
        ((1, 1, 0.1), (2, 0.4, 0.2), (3, 0.22, 0.3), (5.02, 0.12, 0.8)), attack_s=0.35, held=True, tail_s=1.0
    ),
    "choir": Timbre(
        ((1, 1, 0), (2, 0.7, 0), (3, 0.3, 0), (4, 0.16, 0), (6, 0.08, 0)), attack_s=0.4, held=True, tail_s=0.8
    ),
    "harp": Timbre(_series(7, 1.3, 1.6, 1.3), tail_s=1.6),
    "koto": Timbre(_series(10, 0.9, 1.8, 1.7), attack_s=0.001, tail_s=1.4),
    "pizzicato": Timbre(_series(6, 1.2, 7.0, 4.0), attack_s=0.002, tail_s=0.3),
    "kalimba": Timbre(((1, 1, 3.0), (2.98, 0.12, 9.0), (6.2, 0.1, 22.0)), attack_s=0.002, tail_s=0.8),
    "marimba": Timbre(((1, 1, 5.0), (3.93, 0.32, 12.0), (9.2, 0.1, 30.0)), attack_s=0.002, tail_s=0.5),
    "celesta": Timbre(((1, 1, 2.2), (2, 0.24, 3.5), (4.02, 0.2, 6.0), (7.9, 0.06, 14.0)), attack_s=0.001, tail_s=1.4),
    "bell": Timbre(((0.5, 0.3, 0.9), (1, 1, 1.3), (2.76, 0.5, 2.3), (5.4, 0.22, 4.0), (8.93, 0.1, 8.0)), tail_s=2.6),
    "electric": Timbre(((1, 1, 1.6), (2, 0.25, 2.6), (3, 0.1, 4.0), (14.0, 0.05, 16.0)), attack_s=0.006, tail_s=0.7),
    "saw": Timbre(_series(12, 1.0, 4.0, 1.0), attack_s=0.004, tail_s=0.12),
    "square": Timbre(tuple((k, 1 / k, 6.0 + k) for k in (1.0, 3.0, 5.0, 7.0, 9.0)), attack_s=0.003, tail_s=0.08),
    "sub": Timbre(((1, 1, 0.8), (2, 0.35, 1.6), (3, 0.12, 3.0)), attack_s=0.008, tail_s=0.1),
}


@lru_cache(maxsize=256)
def note(name: str, frequency_hz: float, seconds: float) -> Samples:
    """One note, mono, peak about 1. Partials above a third of the sampling rate are left out."""
    timbre = TIMBRES[name]
    length = seconds + timbre.tail_s
    time = np.arange(int(length * RATE_HZ), dtype=np.float32) / np.float32(RATE_HZ)
    sound = np.zeros_like(time)
    for multiple, loudness, decay in timbre.partials:
        pitch = frequency_hz * multiple
        if pitch < RATE_HZ / 3:
            wave = np.sin(np.float32(TAU * pitch) * time)
            if decay:
                wave *= np.exp(np.float32(-decay) * time)
            sound += np.float32(loudness) * wave
    sound *= np.float32(1 / sum(loudness for _, loudness, _ in timbre.partials))
    return _shaped(sound, timbre, seconds)


def _shaped(sound: Samples, timbre: Timbre, seconds: float) -> Samples:
    rise = min(int(timbre.attack_s * RATE_HZ), len(sound) // 2)
    sound[:rise] *= _ramp(rise)
    start = int(seconds * RATE_HZ) if timbre.held else len(sound) - int(0.02 * RATE_HZ)
    fall = len(sound) - max(start, 0)
    sound[len(sound) - fall :] *= _ramp(fall)[::-1]
    return sound


def _ramp(count: int) -> Samples:
    return np.asarray(0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count)), np.float32)


def drum(name: str, rng: Generator) -> Samples:
    """One stroke, mono, peak about 1."""
    match name:
        case "kick":
            time = _time(0.32)
            stroke = np.sin(TAU * (48 * time + 3 * (1 - np.exp(-30 * time)))) * np.exp(-9 * time)
        case "hat":
            stroke = 0.6 * _hiss(rng, 0.06, 70)
        case "shaker":
            stroke = _hiss(rng, 0.09, 20) * np.sin(np.pi * _time(0.09) / 0.09)
        case "snap":
            time = _time(0.16)
            stroke = 0.7 * _hiss(rng, 0.16, 26) + 0.4 * np.sin(TAU * 190 * time) * np.exp(-30 * time)
        case "tick" | "tock":
            time = _time(0.05)
            pitch = 2_300 if name == "tick" else 1_500
            stroke = np.sin(TAU * pitch * time) * np.exp(-130 * time) + 0.3 * _hiss(rng, 0.05, 200)
        case "boom":
            time = _time(1.4)
            body = np.sin(TAU * (38 * time + 4 * (1 - np.exp(-9 * time)))) * np.exp(-3.2 * time)
            stroke = 0.9 * body + 0.25 * _low(rng, 1.4, 0.03) * np.exp(-4 * time)
        case _:
            raise KeyError(f"no drum {name}")
    return np.asarray(stroke, np.float32)


def _time(seconds: float) -> NDArray[np.float64]:
    return np.asarray(np.arange(int(seconds * RATE_HZ)) / RATE_HZ)


def _hiss(rng: Generator, seconds: float, decay: float) -> NDArray[np.float64]:
    """A short burst of bright noise."""
    time = _time(seconds)
    white = rng.standard_normal(len(time))
    bright = np.diff(white, prepend=0.0) * 0.45
    return np.asarray(bright * np.exp(-decay * time))


def _low(rng: Generator, seconds: float, share: float) -> NDArray[np.float64]:
    """Noise with only the lowest `share` of its band."""
    count = int(seconds * RATE_HZ)
    bands = np.fft.rfft(rng.standard_normal(count))
    bands[int(len(bands) * share) :] = 0
    wave = np.fft.irfft(bands, count)
    return np.asarray(wave / max(float(np.abs(wave).max()), 1e-9))
