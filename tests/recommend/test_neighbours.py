"""Approximate search finds nearly what exact search does, and keeps every promise of exact search but that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openforyou.pipeline.lookup import among
from openforyou.recommend.snapshot import neighbours
from openforyou.recommend.snapshot.nearest import Lift, Search
from openforyou.recommend.snapshot.neighbours import BESIDE_SHARE, EXACT_ITEMS_MAX, Neighbours, gathered
from openforyou.recommend.snapshot.shelf import LISTING, Shelf, empty, restocked

COUNT = EXACT_ITEMS_MAX + 2_000
DIM, K = 32, 50
NOTHING = np.empty(0, np.int64)


def shelf_of(ids: np.ndarray, changed_s: float = 1.0) -> Shelf:
    rows = np.zeros(len(ids), dtype=LISTING)
    rows["id"], rows["changed_s"] = ids, changed_s
    return restocked(empty(2), NOTHING, rows, np.ones((len(ids), 2), dtype=np.float32))


def points_of(count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors in looks of about a hundred."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(count // 100 + 1, DIM))[rng.integers(0, count // 100 + 1, count)]
    raw = raw + 0.5 * rng.normal(size=raw.shape)
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


POINTS = points_of(COUNT)
USABLE = np.ones(COUNT, dtype=bool)
USABLE[::50] = False
SHELF = shelf_of(np.arange(COUNT) * 3 + 1)
EXACT = Search.over(SHELF, POINTS, USABLE, None)
QUERIES = POINTS[1:400:20] + POINTS[5_001:5_400:20]


@pytest.fixture(scope="module")
def approximate() -> Search:
    return EXACT.renewed()


def recall(search: Search, closed: np.ndarray = NOTHING) -> float:
    found = search.nearest(QUERIES, K, closed)
    best = EXACT.nearest(QUERIES, K, closed)
    return float(np.mean([among(np.sort(one), all_).mean() for one, all_ in zip(found, best, strict=True)]))


def test_a_small_shelf_is_compared_whole_and_a_large_one_nearly_as_well(approximate: Search) -> None:
    few = slice(0, EXACT_ITEMS_MAX)
    small = Search.over(shelf_of(SHELF.ids[few]), POINTS[few], USABLE[few], None)
    assert small.renewed() is small
    assert small.near is None
    assert approximate.near is not None
    assert recall(approximate) > 0.97


def test_the_best_come_first_and_none_is_closed_unusable_or_too_far(approximate: Search) -> None:
    closed = np.sort(EXACT.nearest(QUERIES[:1], 30, NOTHING)[0])
    for query in QUERIES:
        (found,) = approximate.nearest(query[None], K, closed, least=0.4)
        scores = POINTS[found] @ query
        assert (np.diff(scores) <= 1e-6).all()
        assert (scores >= 0.4 - 1e-6).all()
        assert USABLE[found].all()
        assert not among(closed, found).any()


def test_who_has_seen_nearly_all_that_is_near_is_still_shown_what_is_left(approximate: Search) -> None:
    """A thousand of the nearest are closed, and so are ten thousand others."""
    (near,) = EXACT.nearest(QUERIES[:1], 1_000, NOTHING)
    closed = np.unique(np.concatenate([near, np.arange(0, COUNT, 3)]))
    (found,) = approximate.nearest(QUERIES[:1], K, closed)
    assert len(found) == K
    assert not among(closed, found).any()


def test_what_is_lifted_is_compared_wherever_it_lies(approximate: Search) -> None:
    far = int(np.argmin(np.where(USABLE, POINTS @ QUERIES[0], np.inf)))
    lift = Lift(np.array([far, 0]), np.array([100, 100], dtype=np.float32))
    for search in (EXACT, approximate):
        (found,) = search.nearest(QUERIES[:1], K, NOTHING, lift=lift)
        assert found[0] == far
        assert 0 not in found, "it cannot be used"
        (found,) = search.nearest(QUERIES[:1], K, np.array([far]), lift=lift)
        assert far not in found


def test_what_came_went_or_changed_since_the_build_is_found_as_it_is_now(approximate: Search) -> None:
    query = QUERIES[0]
    best = EXACT.nearest(query[None], 3, NOTHING)[0]
    gone, moved = int(SHELF.ids[best[0]]), int(SHELF.ids[best[1]])
    come = np.zeros(2, dtype=LISTING)
    come["id"], come["changed_s"] = [moved, 10**9], 2.0
    now = restocked(SHELF, np.array([gone]), np.sort(come, order="id"), np.ones((2, 2), dtype=np.float32))
    points = np.zeros((len(now), DIM), dtype=np.float32)
    was = SHELF.positions(now.ids)
    points[was >= 0] = POINTS[was[was >= 0]]
    points[now.positions(np.array([moved]))] = -query
    points[now.positions(np.array([10**9]))] = 10 * query
    usable = np.ones(len(now), dtype=bool)
    usable[was >= 0] = USABLE[was[was >= 0]]
    search = Search.over(now, points, usable, approximate.near)
    found = now.ids[search.nearest(query[None], K, NOTHING)[0]]
    assert found[0] == 10**9
    assert gone not in found
    assert moved not in found
    assert search.renewed() is search, "two more are compared one by one"


def test_it_is_built_anew_when_much_is_new_or_everything_has_moved(approximate: Search) -> None:
    extra = int(2 * BESIDE_SHARE * COUNT)
    ids = np.arange(COUNT + extra) * 3 + 1
    grown = Search.over(
        shelf_of(ids),
        np.concatenate([POINTS, points_of(extra, seed=1)]),
        np.concatenate([USABLE, np.ones(extra, dtype=bool)]),
        approximate.near,
    )
    assert grown.renewed().near is not approximate.near
    assert len(grown.renewed().beside) == 0
    nudged = POINTS + 0.01 * points_of(COUNT, seed=2)
    assert Search.over(SHELF, nudged, USABLE, approximate.near).renewed().near is approximate.near
    assert Search.over(SHELF, points_of(COUNT, seed=3), USABLE, approximate.near).renewed().near is not approximate.near
    shrunk = np.zeros(COUNT, dtype=bool)
    shrunk[:100] = True
    assert replace(approximate, usable=shrunk).renewed().near is None


def test_long_vectors_are_shortened_for_choosing_and_compared_whole() -> None:
    rng = np.random.default_rng(4)
    long = np.concatenate([POINTS, 0.1 * rng.normal(size=(COUNT, 2 * neighbours.DIM_MAX)).astype(np.float32)], axis=1)
    built: Neighbours = gathered(SHELF.ids, SHELF.changed_s, long, USABLE)
    search = Search.over(SHELF, long, USABLE, built)
    (found,) = search.nearest(long[777:778], 5, NOTHING)
    assert found[0] == 777
