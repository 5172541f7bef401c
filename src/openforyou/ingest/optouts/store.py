"""The only SQL of signals."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from openforyou.core.ids import ItemId, new_id
from openforyou.ingest.optouts.tables import signals
from openforyou.ingest.optouts.types import Says, Signal, Signals


def insert_signals(connection: Connection, read: Signals, item_id: ItemId | None) -> None:
    """All that was read at once."""
    rows = [
        {
            "id": new_id(),
            "item_id": item_id,
            "asked": read.asked,
            "kind": one.kind,
            "says": one.says.value,
            "evidence": one.evidence,
            "url": one.url,
            "at": one.at,
        }
        for one in read.found
    ]
    if rows:
        connection.execute(insert(signals), rows)


def signals_of(connection: Connection, item_id: ItemId) -> list[Signal]:
    """Those of an item, oldest first."""
    rows = connection.execute(select(signals).where(signals.c.item_id == item_id).order_by(signals.c.at, signals.c.id))
    return [Signal(row.kind, Says(row.says), row.evidence, row.url, row.at) for row in rows]
