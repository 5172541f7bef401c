"""Each look's music: within bounds, deterministic, and without a seam where the clip loops."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.demo.look import Look
from openforyou.demo.looks import all_looks
from openforyou.demo.music.air import KINDS, air
from openforyou.demo.music.instruments import RATE_HZ, TIMBRES, drum, note
from openforyou.demo.music.score import LOUDNESS, PEAK_MAX, perform

each_look = pytest.mark.parametrize("look", list(all_looks().values()), ids=lambda look: look.name)


@each_look
def test_it_is_loud_enough_and_never_clips(look: Look) -> None:
    sound = perform(look.music, 2.5, np.random.default_rng(1))
    assert sound.shape == (2.5 * RATE_HZ, 2)
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= PEAK_MAX
    assert LOUDNESS / 2 < np.sqrt(np.mean(sound**2)) <= LOUDNESS * 1.01


@each_look
def test_the_same_seed_plays_the_same_and_another_seed_does_not(look: Look) -> None:
    once, again, other = (perform(look.music, 1.5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.allclose(once, other, atol=1e-3)


@each_look
def test_the_end_joins_the_beginning(look: Look) -> None:
    sound = perform(look.music, 2.0, np.random.default_rng(3))
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    seam = np.abs(sound[0] - sound[-1]).max()
    assert seam <= max(np.quantile(steps, 0.999), 0.02)


@pytest.mark.parametrize("name", sorted(TIMBRES))
def test_a_note_has_the_pitch_that_was_asked_for(name: str) -> None:
    sound = note(name, 440.0, 1.0)
    heard = np.abs(np.fft.rfft(sound[:RATE_HZ], RATE_HZ))  # one bin a hertz
    assert abs(int(heard.argmax()) - 440) <= 2
    assert np.abs(sound).max() <= 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_air_loops(kind: str) -> None:
    sound = air(kind, RATE_HZ, np.random.default_rng(1))
    assert sound.shape == (RATE_HZ, 2)
    assert np.abs(sound).max() == pytest.approx(1.0)
    assert np.abs(sound[0] - sound[-1]).max() <= np.abs(np.diff(sound, axis=0)).max()


def test_a_drum_or_air_that_does_not_exist_is_named() -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(KeyError, match="cowbell"):
        drum("cowbell", rng)
    with pytest.raises(KeyError, match="helium"):
        air("helium", 100, rng)
