"""The folds: the same from any order of arrival, and each count exactly what a set model says."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.errors import BadTime
from openforyou.events.rules import check_time, fold
from openforyou.events.types import Event, EventType
from tests.conftest import NOW

drawn = st.builds(
    Event,
    id=st.uuids(),
    type=st.sampled_from(EventType),
    viewer_id=st.sampled_from([ViewerId(1), ViewerId(2)]),
    item_id=st.sampled_from([ItemId(1), ItemId(2)]),
    creator_id=st.just(CreatorId(1)),
    request_id=st.just(RequestId(1)),
    occurred_at=st.integers(0, 5).map(lambda s: NOW + timedelta(seconds=s)),
    watch_ms=st.integers(0, 9_000),
)


@given(st.lists(drawn, max_size=40), st.randoms(use_true_random=False), st.integers(0, 40))
def test_any_order_and_any_split_into_batches_gives_the_same(
    events: list[Event], shuffler: random.Random, cut: int
) -> None:
    whole, whole_deltas = fold({}, events)
    mixed = list(events)
    shuffler.shuffle(mixed)
    first, first_deltas = fold({}, mixed[:cut])
    second, second_deltas = fold(first, mixed[cut:])
    assert {**first, **second} == whole
    for item, gained in whole_deltas.items():
        both = first_deltas.get(item, {}), second_deltas.get(item, {})
        assert {name: sum(d.get(name, 0) for d in both) for name in gained} == dict(gained)


@given(st.lists(drawn, max_size=40))
def test_likes_are_the_viewers_whose_newest_word_is_like(events: list[Event]) -> None:
    _, deltas = fold({}, events)
    for item in {event.item_id for event in events}:
        words: dict[int, tuple[object, bool]] = {}
        for event in events:
            if event.item_id == item and event.type in (EventType.LIKE, EventType.UNLIKE):
                word = (event.occurred_at, event.type is EventType.UNLIKE)
                words[event.viewer_id] = max(words.get(event.viewer_id, word), word)
        assert deltas[item]["likes"] == sum(not retracted for _, retracted in words.values())


def test_sums_are_of_every_event() -> None:
    def watch(number: int, ms: int) -> Event:
        return Event(
            UUID(int=number), EventType.WATCH, ViewerId(1), ItemId(1), CreatorId(1), RequestId(1), NOW, watch_ms=ms
        )

    states, deltas = fold({}, [watch(1, 700), watch(2, 800)])
    assert states[1, 1].watch_ms == 1500
    assert deltas[1]["watch_ms"] == 1500


@pytest.mark.parametrize(
    ("shift", "said"), [(timedelta(minutes=3), "future"), (timedelta(hours=-26), "more than a day")]
)
def test_a_time_that_cannot_be_true_is_refused(shift: timedelta, said: str) -> None:
    with pytest.raises(BadTime, match=said):
        check_time(NOW + shift, NOW)
    with pytest.raises(BadTime, match="no time zone"):
        check_time(NOW.replace(tzinfo=None), NOW)
    check_time(NOW + timedelta(minutes=1), NOW)
    check_time(NOW - timedelta(hours=24), NOW)
