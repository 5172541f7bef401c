"""The last word on permission, and all that is shown of what has it: one statement, one answer a slate."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, literal_column
from sqlalchemy.dialects.postgresql import psycopg

from openforyou.catalog.store import OFFERED, item_of
from openforyou.catalog.tables import items
from openforyou.catalog.types import Creator, Item
from openforyou.events.log.store import SHOWN
from openforyou.events.log.tables import item_counts
from openforyou.events.types import Counts
from openforyou.storage.database import rows

# Written out once, for the driver itself: SQLAlchemy takes longer to name fifty columns than the database to read them.
_COMPILED = (
    OFFERED.outerjoin(item_counts, item_counts.c.item_id == items.c.id)
    .add_columns(literal_column(SHOWN))
    .compile(dialect=psycopg.dialect())  # type: ignore[no-untyped-call]
)
_OFFERED, _GIVEN = str(_COMPILED), dict(_COMPILED.params)
_CREATOR_AT, _COUNTS_AT = len(fields(Item)), len(fields(Item)) + len(fields(Creator))


@dataclass(frozen=True, slots=True)
class Offered:
    """An item that may be recommended at this moment, who made it, and its shown numbers at the same moment."""

    item: Item
    creator: Creator
    counts: Counts


def offered(connection: Connection, ids: Collection[int], *, at: datetime) -> dict[int, Offered]:
    """Those of some items that are published and may be shown and recommended at `at`, by id."""
    if not ids:
        return {}
    found = rows(connection, _OFFERED, {**_GIVEN, "ids": list(ids), "at": at})
    return {
        row[0]: Offered(item_of(row[:_CREATOR_AT]), Creator(*row[_CREATOR_AT:_COUNTS_AT]), Counts(*row[_COUNTS_AT:]))
        for row in found
    }
