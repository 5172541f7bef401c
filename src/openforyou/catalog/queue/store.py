"""The only SQL of the queue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, null, or_, select, text, update

from openforyou.catalog.queue.types import Entry
from openforyou.catalog.tables import creators, items
from openforyou.catalog.types import ItemStatus, Urgency
from openforyou.core.ids import ItemId

PROCESSING_LOCK = 7_251  # First key of the advisory locks that say "this item is being processed".
LOOKED_AT = 64
"""So many of those next in turn are tried for a free one: that many workers at a time find work."""
_TAKEN = tuple(
    items.c[name]
    for name in (
        *("id", "creator_id", "source_key", "source_name", "attempts"),
        *("sound_source", "library_sound_id", "library_from_ms"),
    )
)
WAITING = (ItemStatus.QUEUED.value, ItemStatus.PROCESSING.value)


def take_waiting(
    connection: Connection, attempts_max: int, item_id: ItemId | None = None, at: datetime | None = None
) -> Row[*tuple[Any, ...]] | None:
    """Claim whose turn it is (or `item_id`) for this connection: the columns of `_TAKEN`.

    The claim is a session-level advisory lock: it ends with `release`, or with the connection, so an item whose
    process was killed is waiting again the same moment. With `at`, what is to wait longer than that is left alone.
    """
    waiting = _in_turn(select(items.c.id)).where(items.c.attempts < attempts_max)
    if item_id is not None:
        waiting = waiting.where(items.c.id == item_id)
    elif at is not None:
        waiting = waiting.where(or_(items.c.not_before.is_(None), items.c.not_before <= at))
    for candidate in connection.scalars(waiting.limit(LOOKED_AT)).all():
        claim = text("SELECT pg_try_advisory_lock(:space, :item)")
        if not connection.scalar(claim, {"space": PROCESSING_LOCK, "item": _lock_key(candidate)}):
            continue
        taken = connection.execute(
            update(items)
            .where(items.c.id == candidate, items.c.status.in_(WAITING))
            .values(status=ItemStatus.PROCESSING.value, attempts=items.c.attempts + 1, changed_at=func.now())
            .returning(*_TAKEN)
        ).one_or_none()
        if taken is not None:
            now = func.clock_timestamp()
            connection.execute(update(creators).where(creators.c.id == taken.creator_id).values(taken_at=now))
            return taken
        release(connection, candidate)
    return None


def release(connection: Connection, item_id: int) -> None:
    """Give the claim of `take_waiting` back."""
    connection.execute(
        text("SELECT pg_advisory_unlock(:space, :item)"), {"space": PROCESSING_LOCK, "item": _lock_key(item_id)}
    )


def put_off(connection: Connection, item_id: ItemId, until: datetime, failure: str) -> None:
    """An attempt failed, for a reason that is the operator's to read: it waits."""
    connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == ItemStatus.PROCESSING.value)
        .values(status=ItemStatus.QUEUED.value, not_before=until, failure=failure, changed_at=func.now())
    )


def give_up(connection: Connection, item_id: ItemId, failure: str, reason: str) -> None:
    """No attempt more, until somebody says so. `reason` is for its creator to read, `failure` for the operator."""
    connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status.in_(WAITING))
        .values(status="failed", not_before=null(), failure=failure, reason=reason, changed_at=func.now())
    )


def entries(connection: Connection, *, failed: bool, limit: int) -> list[Entry]:
    """What waits in the order of the queue, or what was given up, newest first."""
    wanted = select(items)
    if failed:
        wanted = wanted.where(items.c.status == ItemStatus.FAILED.value).order_by(items.c.changed_at.desc())
    else:
        wanted = _in_turn(wanted)
    return [
        Entry(
            item_id=row.id,
            creator_id=row.creator_id,
            status=ItemStatus(row.status),
            source_name=row.source_name,
            urgency=Urgency(row.urgency),
            attempts=row.attempts,
            created_at=row.created_at,
            not_before=row.not_before,
            failure=row.failure,
        )
        for row in connection.execute(wanted.limit(limit))
    ]


def sizes(connection: Connection) -> dict[ItemStatus, int]:
    """How many stand where in the queue."""
    counted = (*WAITING, ItemStatus.FAILED.value)
    wanted = select(items.c.status, func.count()).where(items.c.status.in_(counted)).group_by(items.c.status)
    found = {ItemStatus(status): number for status, number in connection.execute(wanted)}
    return {ItemStatus(status): found.get(ItemStatus(status), 0) for status in counted}


def try_again(connection: Connection, item_id: ItemId) -> bool:
    """Queue what was given up as if it were new, or what is put off at once; False where it is neither."""
    again = (ItemStatus.FAILED.value, ItemStatus.QUEUED.value)
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status.in_(again))
        .values(status="queued", attempts=0, not_before=null(), failure="", reason="", changed_at=func.now())
    )
    return done.rowcount == 1


def drop(connection: Connection, item_id: ItemId, reason: str) -> bool:
    """Refuse what was given up, so that its file is deleted; False where it was not."""
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == ItemStatus.FAILED.value)
        .values(status=ItemStatus.REFUSED.value, reason=reason, changed_at=func.now())
    )
    return done.rowcount == 1


def _in_turn(wanted: Select[Any]) -> Select[Any]:
    """What waits: the urgent first, then whose creator's turn was the longest ago, then the older."""
    among_own = func.row_number().over(
        partition_by=(items.c.creator_id, items.c.urgency), order_by=(items.c.created_at, items.c.id)
    )
    return (
        wanted.join_from(items, creators, creators.c.id == items.c.creator_id)
        .where(items.c.status.in_(WAITING))
        .order_by(
            items.c.urgency.desc(), among_own, creators.c.taken_at.asc().nulls_first(), items.c.created_at, items.c.id
        )
    )


def _lock_key(item_id: int) -> int:
    """Advisory locks take two 32-bit keys; a clash only makes one item wait for another."""
    return item_id % 2**31
