"""The only SQL of statistics: true numbers by group, each person bounded before anything is summed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, text

from openforyou.privacy.statistics.errors import BeingAsked
from openforyou.privacy.statistics.lists import MINUTES_MOST
from openforyou.privacy.statistics.types import Window
from openforyou.storage.database import Database

ASKING_LOCK = 7_283

# ruff: noqa: S608 - the only thing put into these statements is our own text.
_IN = "received_at >= :since AND received_at < :until"
_LAST_REGION = f"""
SELECT DISTINCT ON (viewer_id) viewer_id, region FROM events WHERE {_IN} AND region ~ '^[A-Za-z]{{2,3}}$'
ORDER BY viewer_id, received_at DESC, id
"""
"""Each viewer once, with the region of the last thing they did."""
COUNTED: Mapping[str, str] = {
    "active": f"SELECT 'all', count(DISTINCT viewer_id) FROM events WHERE {_IN}",
    "active_by_region": f"SELECT region, count(*) FROM ({_LAST_REGION}) AS each GROUP BY region",
    "returning": f"""
        SELECT CASE WHEN EXISTS (SELECT FROM viewer_items AS before
                                 WHERE before.viewer_id = each.viewer_id AND before.first_at < :since)
               THEN 'back' ELSE 'new' END AS had, count(*)
        FROM (SELECT DISTINCT viewer_id FROM events WHERE {_IN}) AS each GROUP BY had""",
    "watch_time": f"""
        SELECT CASE WHEN minutes < 10 THEN 'under_10_min' WHEN minutes < 60 THEN '10_to_60_min'
                    WHEN minutes < 300 THEN '1_to_5_h' WHEN minutes < 900 THEN '5_to_15_h'
                    WHEN minutes < 2400 THEN '15_to_40_h' ELSE 'over_40_h' END AS band, count(*)
        FROM (SELECT viewer_id, sum(watch_ms) / 60000.0 AS minutes FROM events
              WHERE {_IN} GROUP BY viewer_id HAVING sum(watch_ms) > 0) AS each GROUP BY band""",
    "watched_by_region": f"""
        SELECT region, sum(minutes)
        FROM (SELECT viewer_id, least(sum(watch_ms) / 60000, {MINUTES_MOST}) AS minutes FROM events
              WHERE {_IN} GROUP BY viewer_id) AS watched
             JOIN ({_LAST_REGION}) AS lives USING (viewer_id)
        GROUP BY region""",
    "profiling": f"""
        SELECT CASE WHEN coalesce(profiling AND NOT guarded, true) THEN 'on' ELSE 'off' END AS uses, count(*)
        FROM (SELECT DISTINCT viewer_id FROM events WHERE {_IN}) AS each LEFT JOIN viewer_controls USING (viewer_id)
        GROUP BY uses""",
    "surfaces": """
        SELECT surface, count(DISTINCT viewer_id) FROM slates
        WHERE served_at >= :since AND served_at < :until GROUP BY surface""",
}
"""By statistic. `:since` and `:until` are all that any of them is given."""


def counted(connection: Connection, name: str, window: Window) -> dict[str, int]:
    """True numbers by group: for `noise` alone, shown to nobody."""
    rows = connection.execute(text(COUNTED[name]), {"since": window.since, "until": window.until})
    return {str(row[0]): int(row[1]) for row in rows}


@contextmanager
def alone(database: Database) -> Iterator[None]:
    """Be the only one who asks, across processes. Raises `BeingAsked`."""
    with database.connect() as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ASKING_LOCK}):
            raise BeingAsked
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ASKING_LOCK})
            connection.commit()
