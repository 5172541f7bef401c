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
    joined,
    moved_on,
)
from tests.recommend.shelves import WEIGHTS, shelf_of

START = datetime(2026, 5, 1, tzinfo=UTC)
NONE = Popularity(np.empty(0, np.int64), np.empty((0, 2), np.int64))
NONE_COUNTED = Popularity(np.empty(0, np.int64), np.empty((0, len(COUNT_NAMES)), np.int64))
HOUR_S = 3600.0
NOW_S = START.timestamp()
FEW = WEIGHTS.trend_viewers_min
GAINS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(["NL", "DE", ""]), st.floats(1, 100)), max_size=10)


def crowd(region: str, count: int, first: int = 1) -> list[tuple[str, int, float]]:
    return [(region, viewer, NOW_S) for viewer in range(first, first + count)]


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
    moved = moved_on(NONE_COUNTED, gains, START, HOUR_S)
    popularity = joined(moved, [*crowd("NL", FEW), *crowd("DE", FEW)], NOW_S - 1, FEW)
    trending = build(shelf, popularity, None, WEIGHTS).trending
    told = {region: shelf.ids[at].tolist() for region, at in trending.items()}
    assert told == {"NL": [1001, 1003, 1002], "DE": [1002, 1001, 1003], EVERYWHERE: [1002, 1001, 1003]}


def test_a_region_of_few_viewers_has_no_trend_of_its_own() -> None:
    shelf = shelf_of(10)
    told = moved_on(NONE_COUNTED, [(1003, "LI", 90.0), (1002, "DE", 5.0)], START, HOUR_S)
    told = joined(told, [*crowd("LI", FEW - 1), *crowd("LI", FEW - 1), *crowd("DE", FEW)], NOW_S - 1, FEW)
    assert build(shelf, told, None, WEIGHTS).trending.keys() == {"DE", EVERYWHERE}
    one_more = joined(told, crowd("LI", 1, first=FEW), NOW_S - 1, FEW)
    assert shelf.ids[build(shelf, one_more, None, WEIGHTS).trending["LI"]].tolist() == [1003, 1002]
    assert build(shelf, joined(one_more, [], NOW_S + 1, FEW), None, WEIGHTS).trending.keys() == {EVERYWHERE}


def test_of_a_crowd_the_last_are_kept_and_no_more_than_it_takes() -> None:
    came = [("DE", viewer, NOW_S + viewer) for viewer in range(9)] + [("DE", 2, NOW_S + 30)]
    assert joined(NONE, came, NOW_S, 3).crowds == {"DE": {2: NOW_S + 30, 8: NOW_S + 8, 7: NOW_S + 7}}
