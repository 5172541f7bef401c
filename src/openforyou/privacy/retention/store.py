"""The only SQL of what is removed by age."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Date, bindparam, delete, insert, literal_column, select, text, update

from openforyou.privacy.person.tables import retention_runs
from openforyou.privacy.retention.rules import Rule
from openforyou.storage.schema import metadata

RETENTION_LOCK = 7_282
ROWS_AT_ONCE = 20_000
UNSAID = -1
"""In place of the record's number while a run is not over."""


class Run(NamedTuple):
    """A run, and its record's number on the way into the log."""

    id: int
    at: datetime
    removed: dict[str, int]
    leaf_seq: int


def lock(connection: Connection) -> bool:
    """Be the only one who removes, until the connection's end or `unlock`; False where somebody else does."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": RETENTION_LOCK}))


def unlock(connection: Connection) -> None:
    """Let others."""
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": RETENTION_LOCK})


def last(connection: Connection) -> Run | None:
    """The newest run, over or not."""
    row = connection.execute(select(retention_runs).order_by(retention_runs.c.at.desc()).limit(1)).one_or_none()
    return None if row is None else Run(row.id, row.at, dict(row.removed), row.leaf_seq)


def begin(connection: Connection, run: Run) -> None:
    """Keep a run that begins."""
    connection.execute(insert(retention_runs).values(id=run.id, at=run.at, removed=run.removed, leaf_seq=UNSAID))


def change(connection: Connection, run_id: int, **values: Any) -> None:
    """Set some columns."""
    connection.execute(update(retention_runs).where(retention_runs.c.id == run_id).values(**values))


def remove_over(connection: Connection, rule: Rule, days: int, now: datetime) -> int:
    """Delete up to `ROWS_AT_ONCE` rows whose time is over. Answers how many."""
    table = metadata.tables[rule.table]
    since = table.c[rule.since]
    place: ColumnElement[Any] = literal_column("ctid")
    before = now - timedelta(days=days)
    over = since < (bindparam("before", before.date()) if isinstance(since.type, Date) else bindparam("before", before))
    if rule.orphaned_from is not None:
        column, parent = rule.orphaned_from
        over = table.c[column].not_in(select(metadata.tables[parent].c.id))
    some = select(place).select_from(table).where(over, *(table.c[n].in_(v) for n, v in rule.only.items()))
    return connection.execute(delete(table).where(place.in_(some.limit(ROWS_AT_ONCE)))).rowcount
