"""Pieces of music for tests: melodies of plucked notes that no other seed plays, and speech to lay over them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
Samples = NDArray[np.float32]


def tune(seed: int, seconds: float, beat_s: float = 0.25) -> Samples:
    """Three voices of plucked notes with overtones, on a grid of beats."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE))
    for voice, step in ((0, 1), (1, 1), (2, 2)):
        for beat in range(0, int(seconds / beat_s), step):
            pitch = 110 * 2 ** (voice + int(rng.integers(0, 24)) / 12) * rng.uniform(0.99, 1.01)
            start = round(beat * beat_s * RATE)
            time = np.arange(min(round(0.6 * RATE), len(out) - start)) / RATE
            for tone, level in ((1, 1.0), (2, 0.6), (3, 0.4), (4, 0.25)):
                out[start : start + len(time)] += level * np.sin(2 * np.pi * pitch * tone * time) * np.exp(-5 * time)
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def speech(seed: int, seconds: float) -> Samples:
    """Voiced syllables of moving pitch with three formants, and pauses."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * RATE))
    place = 0
    while place < len(out):
        time = np.arange(min(round(rng.uniform(0.1, 0.3) * RATE), len(out) - place)) / RATE
        pitch = rng.uniform(90, 200) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(1, 4) * time))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        formants = (rng.uniform(300, 800), rng.uniform(900, 2_300), rng.uniform(2_400, 3_200))
        for tone in range(1, 30):
            level = sum(np.exp(-(((tone * 140 - formant) / 130) ** 2)) for formant in formants)
            out[place : place + len(time)] += level * np.sin(tone * phase) * np.hanning(len(time))
        place += len(time) + round(rng.exponential(0.08) * RATE)
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def under(music: Samples, voice: Samples, decibels: float) -> Samples:
    """Both at once, the music so many decibels under the voice."""
    loud = [float(np.sqrt(np.mean(one**2))) for one in (music, voice)]
    mixed = voice + music * (loud[1] / loud[0] * 10 ** (-decibels / 20))
    return (0.8 * mixed / np.abs(mixed).max()).astype(np.float32)


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples * 32_000).astype("<i2").tobytes())
    return path
