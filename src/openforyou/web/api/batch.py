"""A batch of events as it comes over the wire, read one by one: what is wrong with one costs no other anything.

Plain code instead of a model class per event: a busy server spends most of its time here.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from openforyou.core.errors import BadInput, TooLarge
from openforyou.events.service import Events
from openforyou.events.types import BATCH_EVENTS_MAX, Event, EventType
from openforyou.web.problems import Malformed
from openforyou.web.session import Visitor

CONTEXT_LENGTH_MAX = 120
DETAIL_LENGTH_MAX = 1_000
UUID_LENGTH = 36
_TYPES = {kind.value: kind for kind in EventType}


def read_batch(body: bytes) -> list[Any]:
    """The entries of a body, unread. Raises `Malformed`, `BadInput`, `TooLarge`."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg}.", hint='Send {"events": […]}.') from None
    entries = told.get("events") if isinstance(told, dict) else None
    if not isinstance(entries, list):
        raise BadInput("The body has no list `events`.", hint='Send {"events": […]}.', field="events")
    if len(entries) > BATCH_EVENTS_MAX:
        raise TooLarge(
            f"The batch has {len(entries)} events.", hint=f"Send at most {BATCH_EVENTS_MAX} at once.", field="events"
        )
    return entries


def read_event(entry: Any, visitor: Visitor, events: Events) -> Event:
    """One event of `visitor`, checked. Raises `BadInput` naming the field."""
    if not isinstance(entry, dict):
        raise BadInput("An event is not an object.", hint="Each is an object with id, type and feed_context.")
    context = events.context(_text(entry, "feed_context", CONTEXT_LENGTH_MAX), visitor.viewer_id)
    event = Event(
        id=_uuid(entry),
        type=_type(entry),
        viewer_id=visitor.viewer_id,
        item_id=context.item_id,
        creator_id=context.creator_id,
        request_id=context.request_id,
        occurred_at=_time(entry),
        watch_ms=_watch_ms(entry) if "watch_ms" in entry else 0,
        region=visitor.region,
        detail=_detail(entry) if "detail" in entry else "",
        served_at=context.served_at,
    )
    events.check(event)
    return event


def shown_id(entry: Any) -> str | None:
    """The id that a sender gave, for the answer; None where there is none to tell."""
    given = entry.get("id") if isinstance(entry, dict) else None
    return given[:UUID_LENGTH] if isinstance(given, str) else None


def _text(entry: dict[str, Any], field: str, length_max: int) -> str:
    value = entry.get(field)
    if not isinstance(value, str) or len(value) > length_max:
        raise BadInput(
            f"{field} is missing." if value is None else f"{field} is no text of at most {length_max} characters.",
            hint=f"Send {field} as a string.",
            field=field,
        )
    return value


def _uuid(entry: dict[str, Any]) -> UUID:
    text = _text(entry, "id", UUID_LENGTH)
    try:
        if len(text) == UUID_LENGTH:
            return UUID(text)
    except ValueError:
        pass
    raise BadInput(f"id is not a UUID: {text!r}.", hint="Make one with crypto.randomUUID().", field="id")


def _type(entry: dict[str, Any]) -> EventType:
    kind = _TYPES.get(_text(entry, "type", 32))
    if kind is None:
        raise BadInput(f"There is no event type {entry['type']!r}.", hint=f"Known: {', '.join(_TYPES)}.", field="type")
    return kind


def _time(entry: dict[str, Any]) -> datetime:
    text = _text(entry, "occurred_at", 40)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(
            f"occurred_at is no time: {text!r}.", hint="Write 2026-01-31T12:00:00Z.", field="occurred_at"
        ) from None


def _watch_ms(entry: dict[str, Any]) -> int:
    value = entry["watch_ms"]
    if type(value) is not int:
        raise BadInput("watch_ms is no whole number.", hint="Send milliseconds, as 4200.", field="watch_ms")
    return value


def _detail(entry: dict[str, Any]) -> str:
    text = _text(entry, "detail", DETAIL_LENGTH_MAX)
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\t" for letter in text):
        raise BadInput("detail has control characters.", hint="Remove them.", field="detail")
    return text
