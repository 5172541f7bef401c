"""Music under speech: spans of five seconds, the speech louder by six decibels, and what is said of other tracks.

Speech is made in code: voiced syllables of a gliding pitch with moving formants, hissed consonants, pauses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.core.progress import Progress
from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ
from openforyou.demo.music.score import perform
from openforyou.ingest.landmarks.index import SoundIndex
from openforyou.ingest.landmarks.pairs import Pairs, heard

SPAN_S, TRACK_S, UNDER_DB = 5, 14, 6.0
SPANS = 3
"""Of each track."""
Samples = NDArray[np.float32]


@dataclass(slots=True)
class Heard:
    """Which spans were found, and how many pairs of a span and another track gave a match."""

    found: list[bool] = field(default_factory=list)
    false: int = 0
    pairs: int = 0

    @property
    def recall(self) -> float:
        """The share of spans found."""
        return float(np.mean(self.found)) if self.found else 0.0


def measured(tracks: int, seed: int, progress: Progress) -> Heard:
    """`tracks` pieces of music, several of each look with other seeds: siblings, not twins."""
    looks = list(all_looks().values())
    rng = np.random.default_rng([seed, 2])
    index, told, played = SoundIndex(), Heard(), list[Samples]()
    for number in range(tracks):
        music = perform(looks[number % len(looks)].music, TRACK_S, np.random.default_rng([seed, number]))
        played.append(music.mean(axis=1).astype(np.float32))
        index.add([(number, heard(played[-1], RATE_HZ))])
        progress(number, tracks, "sounds")
    for number, track in enumerate(played):
        for _ in range(SPANS):
            found = {one.sound for one in index.search(_asked(rng, track))}
            told.found.append(number in found)
            told.false += len(found - {number})
            told.pairs += tracks - 1
    return told


def _asked(rng: Generator, track: Samples) -> Pairs:
    start = int(rng.uniform(0, TRACK_S - SPAN_S) * RATE_HZ)
    span = track[start : start + SPAN_S * RATE_HZ]
    voice = speech(rng, SPAN_S)
    loud = np.sqrt((span**2).mean()) / np.sqrt((voice**2).mean()) * 10 ** (UNDER_DB / 20)
    mixed = span + voice * loud
    return heard((mixed / max(1.0, float(np.abs(mixed).max()))).astype(np.float32), RATE_HZ)


def speech(rng: Generator, seconds: float) -> Samples:
    """Speech-like sound at `RATE_HZ`."""
    out = np.zeros(round(seconds * RATE_HZ), dtype=np.float64)
    at, pitch = 0, rng.uniform(90, 220)
    while at < len(out):
        length = int(rng.uniform(0.09, 0.28) * RATE_HZ)
        syllable = _vowel(rng, length, pitch * rng.uniform(0.85, 1.2))
        hiss = rng.normal(0, 0.08, length // 3) * np.hanning(length // 3)
        for piece in (syllable, np.diff(hiss, prepend=0.0)):
            fits = piece[: max(0, len(out) - at)]
            out[at : at + len(fits)] += fits
            at += len(fits)
        at += int(rng.choice([0.0, 0.02, 0.25], p=[0.6, 0.3, 0.1]) * RATE_HZ)
    return out.astype(np.float32)


def _vowel(rng: Generator, length: int, pitch: float) -> NDArray[np.float64]:
    time = np.arange(length) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(pitch * (1 + rng.uniform(-0.25, 0.25) * time * 4)) / RATE_HZ
    formants = [rng.uniform(300, 800), rng.uniform(900, 2_200), rng.uniform(2_300, 3_200)]
    out = np.zeros(length)
    for partial in range(1, int(3_800 / pitch)):
        level = sum(np.exp(-(((partial * pitch - one) / 160) ** 2)) for one in formants) + 0.02
        out += level * np.sin(partial * phase)
    return np.asarray(out * np.hanning(length))
