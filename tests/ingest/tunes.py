"""Pieces of music for tests, and how to write them: the music itself is the drill's."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from openforyou.drills.music.songs import RATE, Samples


def write_wav(path: Path, samples: Samples, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(samples * 32_000).astype("<i2").tobytes())
    return path
