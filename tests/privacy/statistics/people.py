"""A crowd that did things, written into the tables by the thousand, and one person who did more than all of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

MADE = datetime.fromisoformat("2026-04-03T09:00:00+00:00")
DAY, MONTH = "2026-04-03", "2026-04"
BUSY = 10_000_001
"""The one person."""

_EVENTS = """
INSERT INTO events (id, type, viewer_id, item_id, creator_id, request_id, occurred_at, received_at, watch_ms, region)
SELECT gen_random_uuid(), 'view', viewer, 1 + n % 50, 1, n, at, at, 60000, region
FROM (SELECT n, (:first)::bigint + n % :viewers AS viewer, (:at)::timestamptz + n * interval '1 millisecond' AS at,
             (:regions)::text[] AS regions FROM generate_series(0, :count - 1) AS n) AS made,
     LATERAL (SELECT regions[1 + n % array_length(regions, 1)] AS region) AS lives
"""
_SLATES = """
INSERT INTO slates (request_id, viewer_id, served_at, surface, item_ids, record)
SELECT (:first)::bigint * 1000000 + n, (:first)::bigint + n % :viewers, (:at)::timestamptz,
       ('{for_you,following,item,creator}'::text[])[1 + n % 4], '{}', '{}' FROM generate_series(0, :count - 1) AS n
"""
_ACCOUNTS = """
INSERT INTO accounts (id, role, created_at)
SELECT (:first)::bigint + n, 'viewer', :at FROM generate_series(0, :viewers - 1) AS n
"""


def crowd(
    connection: Connection,
    viewers: int,
    *,
    each: int = 4,
    regions: tuple[str, ...] = ("CH",),
    first: int = 1,
    at: datetime = MADE,
) -> None:
    """So many viewers with `each` events and slates, all from `at` on, regions in turn, and an account each."""
    told = {"first": first, "viewers": viewers, "at": at, "regions": list(regions)}
    for statement, most in ((_EVENTS, viewers * each), (_SLATES, min(viewers * each, 4_000)), (_ACCOUNTS, 0)):
        connection.execute(text(statement), told | {"count": most})
    connection.execute(text("ANALYZE events"))


def busy(connection: Connection, deeds: int) -> None:
    """One person with so many events in five regions, everywhere, without profiling, here since long ago."""
    crowd(connection, 1, each=deeds, regions=("DE", "FR", "ch", "US", "IT"), first=BUSY)
    connection.execute(
        text(
            "INSERT INTO viewer_controls (viewer_id, profiling, autoplay, break_minutes, region)"
            " VALUES (:who, false, true, 20, 'US')"
        ),
        {"who": BUSY},
    )
    connection.execute(
        text("INSERT INTO viewer_items (viewer_id, item_id, first_at, last_at) VALUES (:who, 1, :at, :at)"),
        {"who": BUSY, "at": datetime.fromisoformat("2026-01-01T00:00:00+00:00")},
    )


def gone(connection: Connection, viewer: int) -> None:
    """Everything of one viewer, deleted."""
    for table, column in (("events", "viewer_id"), ("slates", "viewer_id"), ("accounts", "id")):
        connection.execute(text(f"DELETE FROM {table} WHERE {column} = :who"), {"who": viewer})
