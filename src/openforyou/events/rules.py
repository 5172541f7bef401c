"""How events become viewer state and counts: pure folds, in any order of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from openforyou.events.errors import BadTime
from openforyou.events.types import Event, EventType, ViewerItem

FUTURE_SKEW = timedelta(minutes=2)
"""Clocks differ; more than this ahead cannot be true."""
PAST_MAX = timedelta(hours=25)
"""A context lives for a day; an event that refers to it cannot be older."""

Pair = tuple[int, int]
"""(viewer, item)"""
Deltas = dict[int, Counter[str]]
"""By item: what to add to which count."""


def check_time(occurred_at: datetime, now: datetime) -> None:
    """Raises `BadTime`."""
    if occurred_at.tzinfo is None:
        raise BadTime("occurred_at has no time zone.", hint="Write 2026-01-31T12:00:00Z.", field="occurred_at")
    if occurred_at > now + FUTURE_SKEW:
        raise BadTime("occurred_at lies in the future.", hint="Set the device's clock.", field="occurred_at")
    if occurred_at < now - PAST_MAX:
        raise BadTime("occurred_at is more than a day ago.", hint="Send events as they happen.", field="occurred_at")


def fold(states: Mapping[Pair, ViewerItem], events: Iterable[Event]) -> tuple[dict[Pair, ViewerItem], Deltas]:
    """The states after `events`, and what each item's counts gain (or lose).

    The result is the same for any order of the events: sums are commutative, and a like stands as its newest
    word says (of two at the same moment, the retraction).
    """
    after: dict[Pair, ViewerItem] = {}
    deltas: Deltas = {}
    for event in events:
        pair = (event.viewer_id, event.item_id)
        before = after.get(pair) or states.get(pair) or ViewerItem(event.occurred_at, event.occurred_at)
        changed = _step(before, event)
        after[pair] = changed
        gained = deltas.setdefault(event.item_id, Counter())
        gained["likes"] += changed.liked - before.liked
        gained["not_interested"] += changed.not_interested - before.not_interested
        gained["reports"] += changed.reported - before.reported
        for name in ("impressions", "views", "watch_ms", "completions", "skips", "shares"):
            gained[name] += getattr(changed, name) - getattr(before, name)
    return after, deltas


def _step(state: ViewerItem, event: Event) -> ViewerItem:
    at = event.occurred_at
    state = state._replace(first_at=min(state.first_at, at), last_at=max(state.last_at, at))
    match event.type:
        case EventType.IMPRESSION:
            return state._replace(impressions=state.impressions + 1)
        case EventType.VIEW:
            return state._replace(views=state.views + 1)
        case EventType.WATCH:
            return state._replace(watch_ms=state.watch_ms + event.watch_ms)
        case EventType.COMPLETE:
            return state._replace(completions=state.completions + 1)
        case EventType.SKIP:
            return state._replace(skips=state.skips + 1)
        case EventType.SHARE:
            return state._replace(shares=state.shares + 1)
        case EventType.NOT_INTERESTED:
            return state._replace(not_interested=True)
        case EventType.REPORT:
            return state._replace(reported=True)
        case EventType.LIKE | EventType.UNLIKE:
            return _liked(state, event)
        case EventType.FOLLOW | EventType.UNFOLLOW:
            return state


def _liked(state: ViewerItem, event: Event) -> ViewerItem:
    wants = event.type is EventType.LIKE
    if state.liked_at is not None:
        if event.occurred_at < state.liked_at:
            return state
        if event.occurred_at == state.liked_at and wants:
            return state
    return state._replace(liked=wants, liked_at=event.occurred_at)
