"""Beats are where the music has them; what has no pulse has none."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.ingest.beats import RATE_HZ, beats

WITHIN_MS = 70
"""The usual tolerance of beat tracking (MIREX)."""


def drummed(beat_s: float, seconds: float, seed: int) -> np.ndarray:
    """A kick on each beat, a quieter hat between, a held chord under them; begins off the grid."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    out = 0.05 * sum(np.sin(2 * np.pi * pitch * time) for pitch in (220, 277, 330))
    for number, start in enumerate(np.arange(0.13, seconds - 0.3, beat_s / 2)):
        place = round(start * RATE_HZ)
        hit = np.arange(round(0.12 * RATE_HZ)) / RATE_HZ
        kick = np.sin(2 * np.pi * 70 * hit) * np.exp(-25 * hit)
        hat = rng.standard_normal(len(hit)) * np.exp(-60 * hit)
        out[place : place + len(hit)] += 0.8 * kick + 0.2 * hat if number % 2 == 0 else 0.15 * hat
    return out.astype(np.float32)


@pytest.mark.parametrize("tempo", [84, 100, 120, 128, 140])
def test_the_beats_of_drummed_music_are_found(tempo: int) -> None:
    beat_s = 60 / tempo
    found = np.array(beats(drummed(beat_s, 20, tempo))) / 1_000
    true = np.arange(0.13, 20 - 0.3, beat_s)
    hit = [np.abs(found - one).min() * 1_000 <= WITHIN_MS for one in true]
    assert sum(hit) >= 0.9 * len(true)
    assert len(found) <= 1.15 * len(true)


@pytest.mark.parametrize("kind", ["silence", "tone", "short"])
def test_what_has_no_pulse_has_no_beats(kind: str) -> None:
    time = np.arange(8 * RATE_HZ) / RATE_HZ
    sound = {"silence": 0 * time, "tone": 0.3 * np.sin(2 * np.pi * 440 * time), "short": drummed(0.5, 1, 1)}[kind]
    assert beats(sound.astype(np.float32)) == ()
