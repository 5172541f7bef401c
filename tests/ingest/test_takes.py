"""A take is laid against its sound to well below a frame, over the room it was recorded in; else that is said."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.drills.music.songs import RATE, song, voice
from openforyou.ingest.landmarks.peaks import resampled
from openforyou.ingest.takes import RATE_HZ, placed

SOUND = resampled(song(8, 30), RATE)
FRAME_MS = 1_000 / 30


def room(sound: np.ndarray, seed: int) -> np.ndarray:
    """As a microphone hears it: thin, with echoes and noise, somebody speaking over it."""
    rng = np.random.default_rng(seed)
    echo = np.zeros(1_600)
    echo[0] = 1
    echo[rng.integers(80, 1_600, 40)] = rng.uniform(-0.4, 0.4, 40)
    heard = np.convolve(sound, echo)[: len(sound)]
    over = resampled(voice(seed, len(sound) / RATE_HZ), RATE)[: len(sound)]
    return (0.2 * heard + 0.15 * over + 0.01 * rng.standard_normal(len(sound))).astype(np.float32)


@pytest.mark.parametrize(("offset_ms", "told_ms"), [(4_000, 3_700), (4_137, 4_200), (12_345, 12_000), (10, 0)])
def test_the_place_of_a_take_is_found_below_a_frame(offset_ms: int, told_ms: int) -> None:
    start = offset_ms * RATE_HZ // 1_000
    found = placed(room(SOUND[start : start + 6 * RATE_HZ], offset_ms), SOUND, told_ms)
    assert found.is_measured
    assert abs(found.from_ms - offset_ms) < FRAME_MS / 4


def test_it_does_not_drift_from_beginning_to_end() -> None:
    take = room(SOUND[5 * RATE_HZ : 25 * RATE_HZ], 3)
    first, last = placed(take[: 4 * RATE_HZ], SOUND, 5_000), placed(take[16 * RATE_HZ :], SOUND, 21_000)
    assert abs((last.from_ms - first.from_ms) - 16_000) < FRAME_MS / 4


@pytest.mark.parametrize("take", [np.zeros(4 * RATE_HZ, np.float32), voice(9, 2)[: 3 * RATE_HZ]])
def test_a_take_that_heard_nothing_of_it_goes_by_the_page_and_says_so(take: np.ndarray) -> None:
    found = placed(take.astype(np.float32), SOUND, 2_500)
    assert (found.from_ms, found.is_measured) == (2_500, False)
