"""Trends add up, fade by half-lives, and may be read piece by piece."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openforyou.events.types import COUNT_NAMES
from openforyou.recommend.snapshot.index import build
from openforyou.recommend.snapshot.popularity import (
    EVERYWHERE,
    REGIONS_MAX,
    TRENDING_MAX,
    Popularity,
    counted,
    moved_on,
)
from tests.recommend.shelves import WEIGHTS, shelf_of

START = datetime(2026, 5, 1, tzinfo=UTC)
NONE = Popularity(np.empty(0, np.int64), np.empty((0, 2), np.int64))
NONE_COUNTED = Popularity(np.empty(0, np.int64), np.empty((0, len(COUNT_NAMES)), np.int64))
HOUR_S = 3600.0
GAINS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["NL", "DE", ""]), st.floats(1, 100)), max_size=10)


def trend(popularity: Popularity, region: str = EVERYWHERE) -> dict[int, float]:
    ids, gains = popularity.trends.get(region, (np.empty(0, np.int64), np.empty(0)))
    return dict(zip(ids.tolist(), gains.tolist(), strict=True))


@given(first=GAINS, second=GAINS, hours=st.integers(0, 5))
def test_two_looks_make_the_same_as_one_over_both(
    first: list[tuple[int, str, float]], second: list[tuple[int, str, float]], hours: int
) -> None:
    later = START + timedelta(hours=hours)
    stepwise = moved_on(moved_on(NONE, first, START, HOUR_S), second, later, HOUR_S)
    faded = [(item, region, gain * 0.5**hours) for item, region, gain in first]
    at_once = moved_on(NONE, faded + second, later, HOUR_S)
    for region in (EVERYWHERE, "NL", "DE"):
        one, other = trend(stepwise, region), trend(at_once, region)
        assert one.keys() == other.keys()
        assert all(abs(one[item] - other[item]) < 1e-6 for item in one)


def test_everywhere_is_the_sum_of_the_regions_and_of_nowhere() -> None:
    now = moved_on(NONE, [(1, "NL", 3.0), (1, "DE", 2.0), (1, "", 1.0), (2, "NL", 4.0)], START, HOUR_S)
    assert trend(now) == {1: 6.0, 2: 4.0}
    assert trend(now, "NL") == {1: 3.0, 2: 4.0}
    assert "" not in now.trends


def test_what_fades_to_nothing_is_forgotten_and_memory_is_bounded() -> None:
    many = [(item, f"R{item % 400}", 1.0 + item) for item in range(3000)]
    now = moved_on(NONE, many, START, HOUR_S)
    assert len(now.trends) == REGIONS_MAX
    assert len(now.trends[EVERYWHERE][0]) == TRENDING_MAX
    assert moved_on(now, [], START + timedelta(hours=30), HOUR_S).trends == {}


def test_counts_are_found_by_id_in_any_order_and_are_zero_elsewhere() -> None:
    read = counted(np.array([9, 3, 5]), np.array([[90, 1], [30, 1], [50, 1]]), NONE)
    assert read.counts_of(np.array([1, 3, 4, 5, 9, 10]))[:, 0].tolist() == [0, 30, 0, 50, 90, 0]
    assert NONE.counts_of(np.array([1])).tolist() == [[0, 0]]
    assert read.counts_of(np.empty(0, np.int64)).shape == (0, 2)


def test_a_region_is_told_its_own_first_then_everywhere_each_once() -> None:
    shelf = shelf_of(10)
    gains = [(1003, "NL", 5.0), (1001, "NL", 9.0), (1002, "DE", 50.0), (1004, "DE", -3.0), (77, "NL", 99.0)]
    trending = build(shelf, moved_on(NONE_COUNTED, gains, START, HOUR_S), None, WEIGHTS).trending
    told = {region: shelf.ids[at].tolist() for region, at in trending.items()}
    assert told == {"NL": [1001, 1003, 1002], "DE": [1002, 1001, 1003], EVERYWHERE: [1002, 1001, 1003]}
