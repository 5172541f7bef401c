"""What stands apart, in a slate and behind the slate before it; and what does not go on in a sitting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.pipeline import Candidates
from openforyou.recommend.feed import FOR_YOU
from openforyou.recommend.query.standing import standing_of
from openforyou.recommend.rerankers.session import SessionVariety, new_in_session
from openforyou.recommend.rerankers.spacing import Apart, spaced
from tests.recommend.shelves import LOOKS, NOW_S, WEIGHTS, finished, index_of, query_of, recall_of

KEYS = st.lists(st.integers(0, 4), max_size=30)


def gaps(keys: list[int], before: list[int], gap: int) -> int:
    """How many stand too near to one of their key."""
    row = before + keys
    return sum(key in row[max(at - gap, 0) : at] for at, key in enumerate(row) if at >= len(before))


@given(keys=KEYS, before=KEYS, gap=st.integers(0, 4), size=st.integers(1, 12))
def test_one_rule_breaks_only_where_nothing_else_waits(keys: list[int], before: list[int], gap: int, size: int) -> None:
    order = spaced([Apart(np.array(keys, np.int64), np.array(before, np.int64), gap)], len(keys), size)
    places = order.positions.tolist()
    assert len(set(places)) == len(places) == min(size, len(keys))
    for to, at in enumerate(places):
        row = before + [keys[one] for one in places[:to]]
        last = row[max(len(row) - gap, 0) :] if gap else []
        if keys[at] in last:
            waiting = set(range(min(3 * size, len(keys)))) - set(places[:to])
            assert all(keys[one] in last for one in waiting), "another could have stood here"


@given(makers=KEYS, sounds=KEYS, gap=st.integers(1, 3))
def test_spacing_sounds_never_costs_the_spacing_of_creators(makers: list[int], sounds: list[int], gap: int) -> None:
    count = min(len(makers), len(sounds))
    none = np.empty(0, np.int64)
    by_creator = Apart(np.array(makers[:count], np.int64), none, gap)
    alone = spaced([by_creator], count, count).positions.tolist()
    arranged = [makers[at] for at in alone]
    by_sound = Apart(np.array([sounds[at] for at in alone], np.int64), none, gap)
    both = spaced([replace(by_creator, keys=np.array(arranged, np.int64)), by_sound], count, count).positions.tolist()
    if gaps(arranged, [], gap) == 0:
        assert gaps([arranged[at] for at in both[: count // 2]], [], gap) == 0


def test_the_first_place_keeps_its_distance_from_the_slate_before() -> None:
    index = index_of(90)
    at = NOW_S - 3600  # long enough ago to come again, which these do not: they stand for what was served
    served = [(1000 + n, at) for n in range(4)]
    query = query_of(index, recall_of([finished(1006)], served=served))
    slate = FOR_YOU.run(query, 10).candidates
    makers = [int(index.shelf.creators[index.shelf.positions(np.array([1000 + n]))[0]]) for n in range(4)]
    row = makers + slate["creator"].tolist()
    assert gaps(row[4:], row[:4], WEIGHTS.creator_gap) == 0


def test_what_was_served_last_counts_most_and_without_profiling_nothing_does() -> None:
    index = index_of(90)
    served = [(1000 + n, NOW_S - 60) for n in range(10)] + [(1003, NOW_S - 30)]
    standing = standing_of(recall_of(served=served).served, index.shelf, WEIGHTS)
    assert index.shelf.ids[standing.positions].tolist()[:3] == [1003, 1009, 1008]
    assert (np.diff(standing.weight) < 0).all()
    assert standing.weight[0] == pytest.approx(WEIGHTS.session_share)


def test_a_look_just_served_counts_less_and_another_does_not() -> None:
    index = index_of(90)
    served = [(1000 + LOOKS * n, NOW_S - 60 + n) for n in range(5)]  # all of look 0
    query = query_of(index, recall_of(served=served))
    ids = np.array([1000 + LOOKS * 7, 1001 + LOOKS * 7, 1002 + LOOKS * 7], dtype=np.int64)
    candidates = Candidates.of(ids)
    for stage in FOR_YOU.hydrators:
        candidates = candidates.with_columns(stage(query, candidates))
    again, other, _ = new_in_session(query, candidates)
    assert again < 0.95 * other
    before = candidates.with_columns({"score": np.array([1.0, 0.99, 0.0], dtype=np.float32)})
    order = SessionVariety()(query, before, 2)
    assert order.positions.tolist() == [1, 0, 2]
    fresh = query_of(index, recall_of())
    assert not len(SessionVariety()(fresh, before, 2).positions)
