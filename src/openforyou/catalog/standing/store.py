"""The only SQL of what stands and what does not."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import Connection, delete, func, update

from openforyou.catalog import store
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, Party, Voice
from openforyou.catalog.tables import items, renditions
from openforyou.catalog.types import ItemStatus, Right
from openforyou.core.ids import ItemId

WITHDRAWN = "its creator withdrew the item"


def suspend(connection: Connection, item_id: ItemId, reason: str) -> bool:
    """Take a published item from everybody's sight until `reinstate`, its rights untouched; False: it was not."""
    return _moved(connection, item_id, (ItemStatus.PUBLISHED, ItemStatus.SUSPENDED), reason)


def reinstate(connection: Connection, item_id: ItemId) -> bool:
    """Back to where it was published; False where it was not suspended."""
    return _moved(connection, item_id, (ItemStatus.SUSPENDED, ItemStatus.PUBLISHED), "")


def withdraw(
    connection: Connection, item_id: ItemId, at: datetime, reason: str = "", *, from_status: ItemStatus | None = None
) -> bool:
    """Out of everything, and all its rights end; False where it is not at `from_status`."""
    if from_status is None:
        store.set_status(connection, item_id, ItemStatus.WITHDRAWN, reason)
    elif not _moved(connection, item_id, (from_status, ItemStatus.WITHDRAWN), reason):
        return False
    # A claim that took it down is not its creator's word, and its creator cannot undo what it ended.
    by_claim = Voice(Party.OPERATOR, "operator", reason or "taken down")
    voice = rights_store.own_voice(ITEM_SUBJECT, item_id, WITHDRAWN) if from_status is None else by_claim
    rights_store.end_rights(connection, ITEM_SUBJECT, item_id, Right, (voice, at))
    return True


def unname(connection: Connection, handle: str) -> None:
    """Take somebody who leaves out of the reasons that others were given."""
    named = f"@{re.escape(handle)}(?![a-z0-9._])"
    without = func.regexp_replace(items.c.reason, named, "somebody who left", "g")
    connection.execute(update(items).where(items.c.reason.regexp_match(named)).values(reason=without))


def _moved(connection: Connection, item_id: ItemId, way: tuple[ItemStatus, ItemStatus], reason: str) -> bool:
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == way[0].value)
        .values(status=way[1].value, reason=reason, changed_at=func.now())
    )
    return done.rowcount == 1


def publish_held(connection: Connection, item_id: ItemId, at: datetime) -> bool:
    """Make visible what was held; False when it is not held."""
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == ItemStatus.HELD.value)
        .values(
            status=ItemStatus.PUBLISHED.value,
            published_at=func.coalesce(items.c.published_at, at),
            reason="",
            changed_at=func.now(),
        )
    )
    return done.rowcount == 1


def refuse_held(connection: Connection, item_id: ItemId, reason: str) -> bool:
    """Refuse what was held: its files are no longer its own; False when it is not held."""
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == ItemStatus.HELD.value)
        .values(status=ItemStatus.REFUSED.value, reason=reason, changed_at=func.now(), poster_key="", preview_key="")
    )
    if done.rowcount == 1:
        connection.execute(delete(renditions).where(renditions.c.item_id == item_id))
    return done.rowcount == 1
