"""The simulated world: the same by seed, tastes that drift, clips that arrive, content that tells what it should."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openforyou.bench.satisfaction.world import Habits, Setting, World, made
from openforyou.demo.viewers import FINISHES_FROM, NOISE
from tests.bench.satisfaction.crowd import CALM, CLIPS, VIEWERS, world


def appeals(place: World, share: float = 0.0) -> np.ndarray:
    return np.stack([place.appeal(viewer, share) for viewer in range(len(place.people))])


def test_the_same_seed_is_the_same_world_and_another_seed_another() -> None:
    one, again, other = world(5), world(5), world(6)
    assert [clip.content.tobytes() for clip in one.clips] == [clip.content.tobytes() for clip in again.clips]
    assert np.array_equal(appeals(one, 0.5), appeals(again, 0.5))
    assert not np.array_equal(appeals(one, 0.5), appeals(other, 0.5))


def test_tastes_drift_as_fast_as_told_and_not_where_they_do_not() -> None:
    still, slow, fast = (world(1, replace(CALM, drift=drift)) for drift in (0.0, 1.0, 2.0))
    moved = np.abs(appeals(slow, 1.0) - appeals(slow, 0.0)).mean(axis=1)
    assert len(moved) == VIEWERS
    assert moved.min() > 0.01
    assert np.array_equal(appeals(still, 1.0), appeals(still, 0.0))
    assert np.allclose(appeals(fast, 0.3), appeals(slow, 0.6))
    assert np.array_equal(appeals(fast, 0.7), appeals(fast, 1.0))


def test_clips_arrive_with_each_round() -> None:
    place = world()
    arriving = [len(place.arriving(number)) for number in range(place.rounds)]
    assert arriving[0] == 0.6 * CLIPS
    assert sum(arriving) == CLIPS
    assert min(arriving) > 0


def test_quality_is_the_share_of_what_pleases_that_the_docs_name() -> None:
    shares = []
    for seed in range(1, 9):
        told = appeals(made(seed, 64, 384, 96, Habits()))
        by_clip = told.mean(axis=0)
        taste = told - told.mean(axis=1, keepdims=True) - by_clip + told.mean()
        shares.append(by_clip.var() / (by_clip.var() + taste.var() + NOISE**2))
    assert np.mean(shares) == pytest.approx(0.27, abs=0.03)


@pytest.mark.parametrize(("setting", "auc"), [(Setting.CLEAR, 0.77), (Setting.FAINT, 0.53)])
def test_content_tells_as_much_as_the_docs_name(setting: Setting, auc: float) -> None:
    found = []
    for seed in range(1, 5):
        place = made(seed, 64, 384, 96, setting.habits)
        content = np.stack([clip.content for clip in place.clips])
        content -= content.mean(axis=0)
        content /= np.linalg.norm(content, axis=1, keepdims=True)
        rng = np.random.default_rng(seed)
        for told in appeals(place):
            enjoyed = rng.permutation(np.flatnonzero(told + NOISE * rng.standard_normal(len(told)) > FINISHES_FROM))
            known, sought = np.split(enjoyed, [min(8, len(enjoyed) // 2)])
            others = np.setdiff1d(np.arange(len(told)), enjoyed)
            if len(known):
                likeness = content @ content[known].sum(axis=0)
                found.append((likeness[sought][:, None] > likeness[others]).mean())
    assert np.mean(found) == pytest.approx(auc, abs=0.03)
