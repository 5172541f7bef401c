"""Landmarks: what a shift does to them, music found under a louder voice and a little faster, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.bench.copies.sound import Samples, speech
from openforyou.core.ids import SoundId
from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ
from openforyou.demo.music.score import perform
from openforyou.drills.music.songs import RATE, faster, song, under, voice
from openforyou.ingest.landmarks.index import SoundIndex
from openforyou.ingest.landmarks.pairs import NOTHING, SAMPLED, Pairs, heard, packed, unpacked
from openforyou.ingest.landmarks.peaks import FRAME_MS, HOP
from openforyou.ingest.landmarks.peaks import RATE_HZ as HEARD_HZ
from openforyou.ingest.landmarks.works import Works, joined


def track(look: str, seed: int, seconds: float = 10) -> Samples:
    made = perform(all_looks()[look].music, seconds, np.random.default_rng(seed))
    return np.asarray(made.mean(axis=1), np.float32)


def told(pairs: Pairs) -> set[tuple[int, int]]:
    return set(zip(pairs.codes.tolist(), pairs.frames.tolist(), strict=True))


def test_a_shift_by_whole_steps_moves_every_landmark_by_as_many() -> None:
    rng = np.random.default_rng(1)
    sound = (0.1 * rng.normal(size=6 * HEARD_HZ)).astype(np.float32)
    inside, shifted = told(heard(sound, HEARD_HZ)), told(heard(sound[20 * HOP :], HEARD_HZ))
    same = sum((code, frame + 20) in inside for code, frame in shifted)
    assert same > 0.7 * len(shifted) > 100


@pytest.mark.parametrize("samples", [np.zeros(8_000), np.zeros(0), np.full(8_000, np.nan)])
def test_silence_and_bad_samples_have_none(samples: Samples) -> None:
    assert len(heard(samples.astype(np.float32), HEARD_HZ)) == 0


def test_music_is_found_under_a_voice_with_its_span_and_no_other_track_is() -> None:
    tracks = [track(look, 5) for look in ("koi", "gears", "neon", "rain")]
    index = SoundIndex()
    index.add([(number, heard(one, RATE_HZ)) for number, one in enumerate(tracks)])
    rng, start_s = np.random.default_rng(2), 3.2
    span = tracks[1][round(start_s * RATE_HZ) : round((start_s + 5) * RATE_HZ)]
    over = speech(rng, 5)
    mixed = span + over * np.sqrt((span**2).mean() / (over**2).mean())
    (found,) = joined(index.search(heard((mixed / np.abs(mixed).max()).astype(np.float32), RATE_HZ)))
    assert found.sound == 1
    assert found.other_from_ms - found.from_ms == pytest.approx(1_000 * start_s, abs=3 * FRAME_MS)
    assert 2_000 < found.to_ms - found.from_ms <= 5_200
    index.remove(1)
    assert index.search(heard(span, RATE_HZ)) == []


def test_a_work_is_found_a_little_faster_and_under_a_voice_and_no_voice_is_one() -> None:
    works = [song(seed, 20) for seed in (1, 2)]
    known = Works([(SoundId(number), heard(one, RATE)) for number, one in enumerate(works)])
    for asked in (
        faster(works[1][3 * RATE : 9 * RATE], 1.043),
        faster(works[1][3 * RATE : 9 * RATE], 0.962),
        under(works[1][3 * RATE : 9 * RATE], voice(5, 6), 6),
    ):
        (match,) = known.matches(asked, RATE)
        assert match.work_id == 1
        assert match.end_ms - match.start_ms > 3_000
    assert known.matches(voice(6, 6), RATE) == []
    assert known.matches(song(3, 6), RATE) == []
    assert Works([]).matches(works[0], RATE) == []


def test_landmarks_survive_being_stored_and_a_sample_is_the_same_of_every_copy() -> None:
    pairs = heard(track("koi", 1, 3), RATE_HZ)
    back = unpacked(packed(pairs))
    assert back is not None
    assert told(back) == told(pairs)
    assert len(pairs.sampled()) == pytest.approx(len(pairs) / SAMPLED, rel=0.3)
    assert set(pairs.sampled().codes.tolist()) == {code for code, _ in told(pairs.sampled())}
    later = Pairs(pairs.codes, pairs.frames + 7)
    assert told(later.sampled()) == {(code, frame + 7) for code, frame in told(pairs.sampled())}
    assert len(unpacked(packed(NOTHING)) or ()) == 0
    for damaged in (b"", b"odd", packed(pairs)[:-1], packed(pairs)[8:]):
        assert unpacked(damaged) is None
