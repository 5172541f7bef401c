"""Who comes before a viewer by lot, and that the chances told are the true ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot.lottery import Lottery

WEIGHTS = replace(Weights(), fresh_items=12)
MADE = [1, 1, 1, 40, 3, 2, 5, 1, 7, 2]
"""Clips of each creator; the last four are known."""
CREATORS = np.repeat(np.arange(len(MADE)), MADE)
FRESH = np.ones(len(CREATORS), dtype=bool)
SHOWN = np.where(CREATORS >= 6, 2_000.0, 3.0)
DRAWS = 20_000


def everything(at: np.ndarray) -> np.ndarray:
    return at


def drawn(lottery: Lottery, seed: int, weights: Weights = WEIGHTS) -> tuple[np.ndarray, np.ndarray]:
    return lottery.draw(everything, np.random.default_rng(seed), weights)


LOTTERY = Lottery.of(FRESH, CREATORS, SHOWN, WEIGHTS)


@pytest.fixture(scope="module")
def draws() -> list[tuple[np.ndarray, np.ndarray]]:
    """Many independent draws: positions, and the chance that each was told to have had."""
    return [drawn(LOTTERY, seed) for seed in range(DRAWS)]


def test_a_draw_is_ascending_distinct_within_its_size_and_the_same_again() -> None:
    for seed in range(200):
        at, chances = drawn(LOTTERY, seed)
        assert (np.diff(at) > 0).all()
        assert len(at) <= WEIGHTS.fresh_items
        assert ((chances > 0) & (chances <= 1)).all()
        again, told = drawn(LOTTERY, seed)
        assert again.tolist() == at.tolist()
        assert told.tolist() == chances.tolist()


def test_each_clip_is_drawn_as_often_as_its_chance_says(draws: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """Of independent draws, so the share of an event of chance p lies within 5 √(p (1 - p) / n)."""
    at, chances = (np.concatenate(each) for each in zip(*draws, strict=True))
    count = np.bincount(at, minlength=len(FRESH))
    assert count.all(), "everybody has a chance"
    told = np.bincount(at, chances) / count
    assert np.allclose(chances, told[at]), "a chance does not hang on who else was drawn"
    assert (np.abs(count / DRAWS - told) <= 5 * np.sqrt(told * (1 - told) / DRAWS)).all()


def test_weighing_by_the_inverse_of_the_chance_is_unbiased(draws: list[tuple[np.ndarray, np.ndarray]]) -> None:
    worth = np.random.default_rng(5).random(len(FRESH))
    sums = np.array([(worth[at] / chances).sum() for at, chances in draws])
    assert sums.mean() == pytest.approx(worth.sum(), abs=5 * sums.std() / DRAWS**0.5)


def test_uploading_more_brings_a_creator_no_more_chances(draws: list[tuple[np.ndarray, np.ndarray]]) -> None:
    """One of forty clips is drawn as often as all forty of a creator who has only one are."""
    by_creator = np.zeros(len(MADE))
    for at, _ in draws[:4_000]:
        by_creator[np.unique(CREATORS[at])] += 1
    new = by_creator[:6]
    assert new.max() < 1.1 * new.min()


def test_new_creators_have_an_urn_of_their_own() -> None:
    """A thousand known creators do not crowd out one new one."""
    creators = np.arange(1_001)
    shown = np.where(creators == 700, 0.0, 5_000.0)
    crowded = Lottery.of(np.ones(1_001, dtype=bool), creators, shown, WEIGHTS)
    assert all(700 in drawn(crowded, seed)[0] for seed in range(50))
    without = replace(WEIGHTS, explore_new_share=0.0)
    assert sum(700 in drawn(crowded, seed, without)[0] for seed in range(50)) == 0


def test_where_all_are_new_or_all_known_they_have_the_whole_lot() -> None:
    for shown in (0.0, 5_000.0):
        lottery = Lottery.of(FRESH, CREATORS, np.full(len(FRESH), shown), WEIGHTS)
        assert len(np.unique(CREATORS[drawn(lottery, 1)[0]])) == len(MADE)


def test_what_is_closed_is_not_drawn_and_raises_the_chance_of_its_creators_others() -> None:
    forty = np.flatnonzero(CREATORS == 3)
    closed = forty[:-1]
    opened = lambda at: at[~np.isin(at, closed)]  # noqa: E731
    found = [LOTTERY.draw(opened, np.random.default_rng(seed), WEIGHTS) for seed in range(300)]
    assert not any(np.isin(at, closed).any() for at, _ in found)
    chances = {float(chance[at == forty[-1]][0]) for at, chance in found if forty[-1] in at}
    assert chances == {float(drawn(LOTTERY, 0)[1][drawn(LOTTERY, 0)[0] == 0][0])} if 0 in drawn(LOTTERY, 0)[0] else {1}


def test_nobody_fresh_is_an_empty_draw() -> None:
    for creators in (CREATORS, np.empty(0, np.int64)):
        lottery = Lottery.of(np.zeros(len(creators), dtype=bool), creators, np.zeros(len(creators)), WEIGHTS)
        at, chances = drawn(lottery, 1)
        assert len(at) == len(chances) == 0
