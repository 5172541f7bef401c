"""The folds: the same from any order of arrival, and each count exactly what a set model says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.errors import BadTime
from openforyou.events.leaf import Action
from openforyou.events.rules import Change, Folded, check_served, check_time, day_of, fold
from openforyou.events.types import Event, EventType, Following, ViewerItem
from tests.conftest import NOW

drawn = st.builds(
    Event,
    id=st.uuids(),
    type=st.sampled_from(EventType),
    viewer_id=st.sampled_from([ViewerId(1), ViewerId(2)]),
    item_id=st.sampled_from([ItemId(1), ItemId(2)]),
    creator_id=st.just(CreatorId(1)),
    request_id=st.just(RequestId(1)),
    # About the day that ends at NOW's noon, so that two days take part.
    occurred_at=st.sampled_from([NOW - timedelta(hours=h, seconds=s) for h in (0, 1, 13, 23) for s in (0, 1)]),
    watch_ms=st.integers(0, 9_000),
)
DAILY = {
    EventType.IMPRESSION: Action.IMPRESSION,
    EventType.VIEW: Action.VIEW,
    EventType.COMPLETE: Action.COMPLETE,
    EventType.SKIP: Action.SKIP,
    EventType.SHARE: Action.SHARE,
}


def event(kind: EventType, at: datetime = NOW, number: int = 1, **fields: object) -> Event:
    told = {"watch_ms": 0, "served_at": None, **fields}
    return Event(UUID(int=number), kind, ViewerId(1), ItemId(1), CreatorId(9), RequestId(1), at, **told)  # type: ignore[arg-type]


def in_parts(parts: Sequence[Sequence[Event]]) -> Folded:
    """Folded one part after the other, each on the states of those before, as groups of the intake are."""
    whole = Folded()
    for part in parts:
        folded = fold(whole.items, whole.follows, part, NOW)
        whole = Folded(
            {**whole.items, **folded.items}, {**whole.follows, **folded.follows}, whole.changes + folded.changes
        )
    return whole


def numbers(changes: Sequence[Change]) -> Counter[tuple[Action, int]]:
    """What the changes add up to, as the log's rules count them."""
    total: Counter[tuple[Action, int]] = Counter()
    for change in changes:
        if change.action in (Action.LIKE, Action.FOLLOW):
            total[change.action, change.subject] += 1 if change.value % 2 else -1
        else:
            total[change.action, change.subject] += change.value if change.action is Action.WATCH else 1
    return +total


def without_turns(folded: Folded) -> tuple[dict[tuple[int, int], ViewerItem], dict[tuple[int, int], Following]]:
    """How often a like was turned on the way depends on the order; where it ended must not."""
    return (
        {pair: state._replace(like_turn=0) for pair, state in folded.items.items()},
        {pair: state._replace(turn=0) for pair, state in folded.follows.items()},
    )


@given(st.lists(drawn, max_size=40), st.randoms(use_true_random=False), st.integers(0, 40))
def test_any_order_and_any_split_into_batches_gives_the_same(
    events: list[Event], shuffler: random.Random, cut: int
) -> None:
    whole = fold({}, {}, events, NOW)
    mixed = list(events)
    shuffler.shuffle(mixed)
    parted = in_parts([mixed[:cut], mixed[cut:]])
    assert without_turns(parted) == without_turns(whole)
    assert numbers(parted.changes) == numbers(whole.changes)


@given(st.lists(drawn, max_size=40))
def test_each_number_is_what_a_set_says(events: list[Event]) -> None:
    counted = numbers(fold({}, {}, events, NOW).changes)
    for kind, action in DAILY.items():
        days = {(e.viewer_id, e.item_id, day_of(e.occurred_at)) for e in events if e.type is kind}
        for item in (1, 2):
            assert counted[action, item] == sum(one == item for _, one, _ in days)
    for kind, action in ((EventType.NOT_INTERESTED, Action.NOT_INTERESTED), (EventType.REPORT, Action.REPORT)):
        said = {(e.viewer_id, e.item_id) for e in events if e.type is kind}
        for item in (1, 2):
            assert counted[action, item] == sum(one == item for _, one in said)
    for item in (1, 2):
        watched = sum(e.watch_ms for e in events if e.type is EventType.WATCH and e.item_id == item)
        assert counted[Action.WATCH, item] == watched


@given(st.lists(drawn, max_size=40))
def test_likes_and_follows_are_of_those_whose_newest_word_is_yes(events: list[Event]) -> None:
    counted = numbers(fold({}, {}, events, NOW).changes)
    for action, yes, no in (
        (Action.LIKE, EventType.LIKE, EventType.UNLIKE),
        (Action.FOLLOW, EventType.FOLLOW, EventType.UNFOLLOW),
    ):
        words: dict[tuple[int, int], tuple[datetime, bool]] = {}
        for one in events:
            if one.type in (yes, no):
                pair = (one.viewer_id, one.creator_id if action is Action.FOLLOW else one.item_id)
                word = (one.occurred_at, one.type is no)
                words[pair] = max(words.get(pair, word), word)
        for subject in (1, 2):
            stand = sum(not retracted for (_, one), (_, retracted) in words.items() if one == subject)
            assert counted[action, subject] == stand


@given(st.lists(drawn, max_size=60))
def test_turns_are_counted_without_a_gap(events: list[Event]) -> None:
    turns: dict[tuple[Action, int, int], list[int]] = {}
    for change in fold({}, {}, events, NOW).changes:
        if change.action in (Action.LIKE, Action.FOLLOW):
            turns.setdefault((change.action, change.subject, change.event.viewer_id), []).append(change.value)
    for told in turns.values():
        assert told == list(range(1, len(told) + 1))


def test_a_like_from_before_the_log_is_not_taken_back_from_it() -> None:
    """Its leaf was never written, so the log must not hear of its end."""
    liked = ViewerItem(NOW, NOW, liked=True, liked_at=NOW - timedelta(days=1))
    folded = fold({(1, 1): liked}, {}, [event(EventType.UNLIKE)], NOW)
    assert folded.changes == []
    assert not folded.items[1, 1].liked


def test_time_watched_is_never_more_than_has_passed() -> None:
    """However many pieces are told, and however often: a clock is the bound."""
    served = NOW - timedelta(seconds=10)
    pieces = [event(EventType.WATCH, number=n, watch_ms=6_000, served_at=served) for n in range(1, 6)]
    folded = fold({}, {}, pieces, NOW)
    assert [change.value for change in folded.changes] == [6_000, 4_000, 0, 0, 0]
    assert folded.items[1, 1].watch_ms == 10_000


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


def test_what_cannot_have_followed_its_slate_is_refused() -> None:
    with pytest.raises(BadTime, match="before the item was served"):
        check_served(event(EventType.LIKE, NOW - timedelta(minutes=5), served_at=NOW), NOW)
    for kind in (EventType.VIEW, EventType.COMPLETE):
        with pytest.raises(BadTime, match="two seconds"):
            check_served(event(kind, served_at=NOW - timedelta(seconds=1)), NOW)
        check_served(event(kind, served_at=NOW - timedelta(seconds=2)), NOW)
    check_served(event(EventType.LIKE, served_at=NOW), NOW)
