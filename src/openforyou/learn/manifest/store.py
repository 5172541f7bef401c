"""The SQL of manifests. It reads grants by itself, on purpose: what checks the door must not ask through it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Connection

from openforyou.learn.manifest.rules import Granted

_GRANTS = """
SELECT id, subject_kind, subject_id, granted_by, evidence, since, until FROM rights
WHERE "right" = 'learn' AND subject_kind = %b AND subject_id = ANY(%b::bigint[])
"""
_ITEMS = """
SELECT items.id, items.kind, items.region,
       (SELECT min(platform) FROM imported_entries WHERE imported_entries.item_id = items.id) AS platform
FROM items WHERE items.id = ANY(%b::bigint[])
"""
_REGIONS = "SELECT viewer_id, region FROM viewer_controls WHERE viewer_id = ANY(%b::bigint[])"
_SIGN = "UPDATE models SET signed = %b, leaf_seq = %b WHERE id = %b"
_SIGNED = """
SELECT id, status, reason, signed, leaf_seq, created_at, promoted_at FROM models
WHERE signed <> '' ORDER BY created_at, id
"""


class About(NamedTuple):
    """What an item is, and where it is from: the platform of an import; empty for an upload."""

    kind: str
    region: str
    platform: str


class Listed(NamedTuple):
    """A model that has a manifest."""

    id: int
    status: str
    reason: str
    signed: str
    leaf_seq: int
    created_at: Any
    promoted_at: Any


def grants(connection: Connection, kind: str, subjects: Collection[int]) -> list[Granted]:
    """Every grant of `learn` over those subjects that there ever was."""
    return [Granted(*row) for row in connection.exec_driver_sql(_GRANTS, (kind, list(subjects)))]


def items_about(connection: Connection, ids: Collection[int]) -> dict[int, About]:
    """What those items are."""
    return {row[0]: About(row[1], row[2], row[3] or "") for row in connection.exec_driver_sql(_ITEMS, (list(ids),))}


def regions_of(connection: Connection, viewers: Collection[int]) -> dict[int, str]:
    """The region that a viewer chose, of those who chose one."""
    return {row[0]: row[1] for row in connection.exec_driver_sql(_REGIONS, (list(viewers),)) if row[1]}


def set_signed(connection: Connection, model_id: int, signed: str, leaf_seq: int) -> None:
    """Keep a manifest, and the number under which its record is on its way into the log."""
    connection.exec_driver_sql(_SIGN, (signed, leaf_seq, model_id))


def listed(connection: Connection) -> list[Listed]:
    """All models that have a manifest, oldest first."""
    return [Listed(*row) for row in connection.exec_driver_sql(_SIGNED)]
