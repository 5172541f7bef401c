"""The SQL of manifests."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

_WORDS = "SELECT count(*) FROM right_events WHERE seq < %b"
_ITEMS = """
SELECT items.id, items.kind, items.region,
       (SELECT min(platform) FROM imported_entries WHERE imported_entries.item_id = items.id) AS platform
FROM items WHERE items.id = ANY(%b::bigint[])
"""
_BY = "SELECT id FROM items WHERE creator_id = %b ORDER BY created_at, id"
_TITLES = "SELECT id, title FROM items WHERE id = ANY(%b::bigint[])"
_REGIONS = "SELECT viewer_id, region FROM viewer_controls WHERE viewer_id = ANY(%b::bigint[])"
_SIGN = "UPDATE models SET signed = %b, leaf_seq = %b WHERE id = %b"


class About(NamedTuple):
    """What an item is, and where it is from: the platform of an import; empty for an upload."""

    kind: str
    region: str
    platform: str


def words_below(connection: Connection, size: int) -> int:
    """How many words about rights were given a number below `size`."""
    return int(connection.exec_driver_sql(_WORDS, (size,)).scalar_one())


def items_about(connection: Connection, ids: Collection[int]) -> dict[int, About]:
    """What those items are."""
    return {row[0]: About(row[1], row[2], row[3] or "") for row in connection.exec_driver_sql(_ITEMS, (list(ids),))}


def items_by(connection: Connection, creator_id: int) -> list[int]:
    """Every item that a creator ever handed in, oldest first."""
    return list(connection.exec_driver_sql(_BY, (creator_id,)).scalars())


def titles_of(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """The titles of those items, shown or not: for their creator."""
    return {row[0]: row[1] for row in connection.exec_driver_sql(_TITLES, (list(ids),))}


def is_item(connection: Connection, number: int) -> bool:
    """Whether there is an item of that id."""
    return connection.exec_driver_sql("SELECT 1 FROM items WHERE id = %b", (number,)).first() is not None


def regions_of(connection: Connection, viewers: Collection[int]) -> dict[int, str]:
    """The region that a viewer chose, of those who chose one."""
    return {row[0]: row[1] for row in connection.exec_driver_sql(_REGIONS, (list(viewers),)) if row[1]}


def set_signed(connection: Connection, model_id: int, signed: str, leaf_seq: int) -> None:
    """Keep a manifest, and the number under which its record is on its way into the log."""
    connection.exec_driver_sql(_SIGN, (signed, leaf_seq, model_id))
