"""What counts, and how often: pure folds of events into viewer state and into the leaves of the public log.

docs/counts.md states these rules for people. Whatever changes a number gives exactly one leaf; whatever changes none
(the second view of a day, a like of what is liked) gives none, and its sender is told that it was counted before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from openforyou.events.errors import BadTime
from openforyou.events.leaf import Action
from openforyou.events.types import Event, EventType, Following, ViewerItem

CONTEXT_LIFE = timedelta(hours=24)
"""How long a `feed_context` is good."""
FUTURE_SKEW = timedelta(minutes=2)
"""Clocks differ; more than this ahead cannot be true."""
PAST_MAX = CONTEXT_LIFE
"""What an event refers to was served within a day, so the event cannot be older. Two days are remembered (`_daily`)."""
VIEW_AFTER = timedelta(seconds=2)
"""Nobody has watched two continuous seconds of what was served less than two seconds ago."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Pair = tuple[int, int]
"""(viewer, item), or (viewer, creator)"""

_ACTIONS = {
    EventType.IMPRESSION: Action.IMPRESSION,
    EventType.VIEW: Action.VIEW,
    EventType.WATCH: Action.WATCH,
    EventType.COMPLETE: Action.COMPLETE,
    EventType.SKIP: Action.SKIP,
    EventType.LIKE: Action.LIKE,
    EventType.UNLIKE: Action.LIKE,
    EventType.SHARE: Action.SHARE,
    EventType.NOT_INTERESTED: Action.NOT_INTERESTED,
    EventType.REPORT: Action.REPORT,
    EventType.FOLLOW: Action.FOLLOW,
    EventType.UNFOLLOW: Action.FOLLOW,
}
_DAILY = {
    EventType.IMPRESSION: ("impressions", 1),
    EventType.VIEW: ("views", 2),
    EventType.COMPLETE: ("completions", 4),
    EventType.SKIP: ("skips", 8),
    EventType.SHARE: ("shares", 16),
}
"""Which number, and which bit of the day's mask says that it moved."""


class Change(NamedTuple):
    """An event that moves a number: what its leaf says besides who."""

    event: Event
    action: Action
    subject: int
    value: int
    scope: bytes


@dataclass(slots=True)
class Folded:
    """What follows from a group of events."""

    items: dict[Pair, ViewerItem] = field(default_factory=dict)
    follows: dict[Pair, Following] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


def day_of(moment: datetime) -> int:
    """Days since 1970-01-01, UTC."""
    return (moment - _EPOCH).days


def day_scope(day: int) -> bytes:
    """What a nullifier covers that is good for one day."""
    return day.to_bytes(4, "big")


def check_time(occurred_at: datetime, now: datetime) -> None:
    """Raises `BadTime`."""
    if occurred_at.tzinfo is None:
        raise BadTime("occurred_at has no time zone.", hint="Write 2026-01-31T12:00:00Z.", field="occurred_at")
    if occurred_at > now + FUTURE_SKEW:
        raise BadTime("occurred_at lies in the future.", hint="Set the device's clock.", field="occurred_at")
    if occurred_at < now - PAST_MAX:
        raise BadTime("occurred_at is more than a day ago.", hint="Send events as they happen.", field="occurred_at")


def check_served(event: Event, now: datetime) -> None:
    """Whether the event can have followed its slate. Raises `BadTime`; nothing is asked of one that names no slate."""
    if event.served_at is None:
        return
    if event.occurred_at < event.served_at - FUTURE_SKEW:
        raise BadTime("occurred_at lies before the item was served.", hint="Set the clock.", field="occurred_at")
    if event.type in (EventType.VIEW, EventType.COMPLETE) and now < event.served_at + VIEW_AFTER:
        raise BadTime(
            f"A {event.type.value} takes two seconds at least; the item was served less than that ago.",
            hint="Send it once the item was watched.",
            field="type",
        )


def fold(
    items: Mapping[Pair, ViewerItem], follows: Mapping[Pair, Following], events: Iterable[Event], now: datetime
) -> Folded:
    """The states after `events`, which arrived at `now`, and the changes that the log will tell.

    The state is the same for any order of the events: what counts once a day is a set, sums are commutative, and a like
    or follow stands as its newest word says (of two at the same moment, the retraction). Only how often it was turned
    on the way there depends on the order.
    """
    after = Folded()
    for event in events:
        value = None
        if event.item_id:
            pair: Pair = (event.viewer_id, event.item_id)
            before = after.items.get(pair) or items.get(pair) or ViewerItem(event.occurred_at, event.occurred_at)
            after.items[pair], value = _step(before, event, now)
        if event.type in (EventType.FOLLOW, EventType.UNFOLLOW):
            pair = (event.viewer_id, event.creator_id)
            after.follows[pair], value = _followed(after.follows.get(pair) or follows.get(pair), event)
        if value is not None:
            after.changes.append(_change(event, value))
    return after


def _change(event: Event, value: int) -> Change:
    action = _ACTIONS[event.type]
    scope = b""
    if event.type in _DAILY:
        scope = day_scope(value)
    elif event.type is EventType.WATCH:
        scope = event.id.bytes
    subject = event.creator_id if action is Action.FOLLOW else event.item_id
    return Change(event, action, subject, value, scope)


def _step(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:
    """The state after the event, and the value of its leaf; None where no number moves."""
    at = event.occurred_at
    if at > state.last_at:
        state = state._replace(last_at=at)
    elif at < state.first_at:
        state = state._replace(first_at=at)
    return _STEPS[event.type](state, event, now)


def _watched(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:
    watched = _possible_ms(state, event, now)
    return state._replace(watch_ms=state.watch_ms + watched), watched


def _refused(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:  # noqa: ARG001
    return state._replace(not_interested=True), None if state.not_interested else 1


def _reported(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:  # noqa: ARG001
    return state._replace(reported=True), None if state.reported else 1


def _touched(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:  # noqa: ARG001
    """A follow is the creator's; of the item it says only that it was seen."""
    return state, None


def _possible_ms(state: ViewerItem, event: Event, now: datetime) -> int:
    """Of the time told, what can be true: nobody watches for longer than has passed since it was first served."""
    if event.served_at is None:
        return event.watch_ms
    began = min(state.first_at, event.served_at)
    left = int((now - began) / timedelta(milliseconds=1)) - state.watch_ms
    return max(0, min(event.watch_ms, left))


def _daily(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:
    """One viewer, one item, one day: once. An event is of today or yesterday, so two days' marks suffice."""
    name, bit = _DAILY[event.type]
    day = day_of(min(event.occurred_at, now))
    if day > state.counted_day:
        before = state.counted if day == state.counted_day + 1 else 0
        state = state._replace(counted_day=day, counted=0, counted_before=before)
    if day == state.counted_day and not state.counted & bit:
        return state._replace(counted=state.counted | bit, **{name: getattr(state, name) + 1}), day
    if day == state.counted_day - 1 and not state.counted_before & bit:
        return state._replace(counted_before=state.counted_before | bit, **{name: getattr(state, name) + 1}), day
    return state, None


def _liked(state: ViewerItem, event: Event, now: datetime) -> tuple[ViewerItem, int | None]:  # noqa: ARG001
    wants = event.type is EventType.LIKE
    if not _is_newer(event, state.liked_at, wants):
        return state, None
    turn = _turned(state.like_turn, state.liked, wants)
    state = state._replace(liked=wants, liked_at=event.occurred_at, like_turn=turn or state.like_turn)
    return state, turn


def _followed(state: Following | None, event: Event) -> tuple[Following, int | None]:
    wants = event.type is EventType.FOLLOW
    if state is None:
        state = Following(False, event.occurred_at, 0)
    elif not _is_newer(event, state.changed_at, wants):
        return state, None
    turn = _turned(state.turn, state.following, wants)
    return Following(wants, event.occurred_at, turn or state.turn), turn


def _is_newer(event: Event, than: datetime | None, wants: bool) -> bool:
    """Of two words at the same moment, the retraction is the newer."""
    return than is None or event.occurred_at > than or (event.occurred_at == than and not wants)


def _turned(turn: int, stands: bool, wants: bool) -> int | None:
    """The number of this turn; None where nothing turns, or where what is taken back was never told to the log."""
    if stands == wants or (not wants and turn == 0):
        return None
    return turn + 1


_STEPS: dict[EventType, Callable[[ViewerItem, Event, datetime], tuple[ViewerItem, int | None]]] = {
    **dict.fromkeys(_DAILY, _daily),
    EventType.WATCH: _watched,
    EventType.LIKE: _liked,
    EventType.UNLIKE: _liked,
    EventType.NOT_INTERESTED: _refused,
    EventType.REPORT: _reported,
    EventType.FOLLOW: _touched,
    EventType.UNFOLLOW: _touched,
}
"""What each event does to the state of its item."""
