"""The only SQL of copy detection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.catalog.tables import creators, items, renditions
from openforyou.core.ids import ItemId
from openforyou.ingest.copies.tables import copy_matches, copy_prints
from openforyou.ingest.copies.types import Comparison, Decision, Match, Spans, Verdict

ENTRY_LOCK = 7_257
LIVING = ("queued", "processing", "held", "needs_sound", "published")
"""What is suspended counts for nothing: whoever it was taken from must be able to publish it."""
ROWS_AT_ONCE = 500
Living = Row[*tuple[Any, ...]]
"""`id, place, picture, status, duration_ms, creator_id, handle` of an item that counts."""


def enter(connection: Connection, item_id: ItemId, picture: bytes, sound: bytes) -> int:
    """Store a print and answer its place; again: the place that it had.

    Places become visible in their order, one after the other: whoever has a place can see all before it.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ENTRY_LOCK})
    row = {"item_id": item_id, "picture": picture, "sound": sound}
    connection.execute(
        upsert(copy_prints)
        .values(row)
        .on_conflict_do_update(index_elements=["item_id"], set_={"picture": picture, "sound": sound})
    )
    place = connection.scalar(select(copy_prints.c.place).where(copy_prints.c.item_id == item_id))
    assert place is not None
    return int(place)


def remove(connection: Connection, item_id: ItemId) -> None:
    """Its print is gone: nothing is a copy of it any more."""
    connection.execute(delete(copy_prints).where(copy_prints.c.item_id == item_id))


def sweep(connection: Connection) -> None:
    """Remove the prints of what is gone for good."""
    gone = select(items.c.id).where(items.c.status.in_(("refused", "withdrawn")))
    connection.execute(delete(copy_prints).where(copy_prints.c.item_id.in_(gone)))


def entered_since(connection: Connection, place: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """The next rows `item_id, place, picture, sound` behind a place, in order; at most `ROWS_AT_ONCE`."""
    return connection.execute(
        select(copy_prints).where(copy_prints.c.place > place).order_by(copy_prints.c.place).limit(ROWS_AT_ONCE)
    ).all()


def living(connection: Connection, ids: Iterable[int]) -> dict[int, Living]:
    """Of those, what still counts, by id: published, held, or on its way."""
    rows = connection.execute(
        select(
            items.c.id,
            copy_prints.c.place,
            copy_prints.c.picture,
            items.c.status,
            items.c.duration_ms,
            items.c.creator_id,
            creators.c.handle,
        )
        .join(items, items.c.id == copy_prints.c.item_id)
        .join(creators, creators.c.id == items.c.creator_id)
        .where(copy_prints.c.item_id.in_(list(ids)), items.c.status.in_(LIVING))
    )
    return {row.id: row for row in rows}


def put_matches(connection: Connection, item_id: ItemId, found: Iterable[Comparison], at: datetime) -> None:
    """What an item was found to be, in place of what an earlier attempt found."""
    connection.execute(delete(copy_matches).where(copy_matches.c.item_id == item_id))
    rows = [
        {
            "item_id": item_id,
            "other_id": one.other_id,
            "verdict": one.verdict.value,
            "clip_from_ms": one.spans.clip_from_ms,
            "clip_to_ms": one.spans.clip_to_ms,
            "other_from_ms": one.spans.other_from_ms,
            "other_to_ms": one.spans.other_to_ms,
            "alteration": one.alteration,
            "evidence": one.evidence,
            "at": at,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(copy_matches), rows)


def matches(connection: Connection, item_id: ItemId | None = None, *, held: bool = False) -> list[Match]:
    """Of one item, or of all; `held`: of those that wait for a person alone. The newest first."""
    wanted = select(copy_matches)
    if item_id is not None:
        wanted = wanted.where(copy_matches.c.item_id == item_id)
    if held:
        wanted = wanted.join(items, items.c.id == copy_matches.c.item_id).where(
            items.c.status == "held", copy_matches.c.verdict == Verdict.SAME_SCENE.value
        )
    return [_match(row) for row in connection.execute(wanted.order_by(copy_matches.c.at.desc()))]


def files_of(connection: Connection, item_id: ItemId) -> list[str]:
    """The keys of an item's renditions, the least bytes first."""
    wanted = select(renditions.c.key).where(renditions.c.item_id == item_id).order_by(renditions.c.size_bytes)
    return list(connection.scalars(wanted))


def stopping(connection: Connection, ids: Iterable[int]) -> dict[ItemId, ItemId]:
    """By item that a match keeps from being published: the clip that it was taken for."""
    order = {Verdict.SAME: 0, Verdict.ALTERED: 1, Verdict.SAME_SCENE: 2}
    rows = connection.execute(
        select(copy_matches.c.item_id, copy_matches.c.other_id, copy_matches.c.verdict)
        .join(items, items.c.id == copy_matches.c.item_id)
        .where(
            copy_matches.c.item_id.in_(list(ids)),
            copy_matches.c.verdict.in_([verdict.value for verdict in order]),
            items.c.status.in_(("refused", "held")),
        )
    )
    found: dict[ItemId, ItemId] = {}
    for row in sorted(rows, key=lambda row: order[Verdict(row.verdict)]):
        found.setdefault(ItemId(row.item_id), ItemId(row.other_id))
    return found


def _match(row: Row[*tuple[Any, ...]]) -> Match:
    spans = Spans(row.clip_from_ms, row.clip_to_ms, row.other_from_ms, row.other_to_ms)
    comparison = Comparison(ItemId(row.other_id), Verdict(row.verdict), spans, row.alteration, row.evidence)
    return Match(ItemId(row.item_id), comparison, row.at, Decision(row.decision), row.decided_at)


def decide(connection: Connection, item_id: ItemId, decision: Decision, at: datetime) -> None:
    """Record what a person decided of an item's matches."""
    connection.execute(
        update(copy_matches).where(copy_matches.c.item_id == item_id).values(decision=decision.value, decided_at=at)
    )
