"""Landmarks: what a shift does to them, and music found under a voice that is louder."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.bench.copies.sound import Samples, speech
from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ
from openforyou.demo.music.score import perform
from openforyou.ingest.copies.landmarks import HOP, HOP_MS, RATE, packed, sound_landmarks, unpacked
from openforyou.ingest.copies.sounds import SoundIndex


def track(look: str, seed: int, seconds: float = 10) -> Samples:
    made = perform(all_looks()[look].music, seconds, np.random.default_rng(seed))
    return made.mean(axis=1).astype(np.float32)


def test_a_shift_by_whole_steps_moves_every_landmark_by_as_many() -> None:
    rng = np.random.default_rng(1)
    sound = (0.1 * rng.normal(size=6 * RATE)).astype(np.float32)
    inside = {(int(code), int(hop)) for code, hop in sound_landmarks(sound, RATE)}
    shifted = sound_landmarks(sound[20 * HOP :], RATE)
    same = sum((int(code), int(hop) + 20) in inside for code, hop in shifted)
    assert same > 0.8 * len(shifted) > 100


def test_silence_and_bad_samples_have_none() -> None:
    assert len(sound_landmarks(np.zeros(RATE, np.float32), RATE)) == 0
    assert len(sound_landmarks(np.zeros(0, np.float32), RATE)) == 0
    assert len(sound_landmarks(np.full(RATE, np.nan, np.float32), RATE)) == 0


def test_music_is_found_under_a_voice_with_its_span_and_no_other_track_is() -> None:
    looks = ["koi", "gears", "neon", "rain"]
    tracks = [track(look, 5) for look in looks]
    index = SoundIndex()
    index.add([(number, sound_landmarks(one, RATE_HZ)) for number, one in enumerate(tracks)])
    rng, start_s = np.random.default_rng(2), 3.2
    span = tracks[1][round(start_s * RATE_HZ) : round((start_s + 5) * RATE_HZ)]
    voice = speech(rng, 5)
    mixed = span + voice * np.sqrt((span**2).mean() / (voice**2).mean())
    (found,) = index.search(sound_landmarks((mixed / np.abs(mixed).max()).astype(np.float32), RATE_HZ))
    assert found.sound == 1
    assert found.other_from_ms - found.from_ms == pytest.approx(1_000 * start_s, abs=3 * HOP_MS)
    assert 2_000 < found.to_ms - found.from_ms <= 5_000
    index.remove(1)
    assert index.search(sound_landmarks(span, RATE_HZ)) == []


def test_landmarks_survive_being_stored() -> None:
    landmarks = sound_landmarks(track("koi", 1, 3), RATE_HZ)
    np.testing.assert_array_equal(unpacked(packed(landmarks)), landmarks)
    assert len(unpacked(b"odd")) == 0
