"""The only SQL of a move: seals by region, marks made anew, and what the database would still hold of old ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Column, Connection, Engine, bindparam, delete, select, text, update

from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.tables import sealed_fields as table
from openforyou.privacy.vault.types import Field, Kind, Subject
from openforyou.storage.database import refusals
from openforyou.storage.schema import Nature, metadata

SERVING_LOCK = 7_258


def claim_serving(connection: Connection) -> bool:
    """That somebody serves over this connection, beside others who do; False while a move goes on."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock_shared(:key)"), {"key": SERVING_LOCK}))


def claim_move(connection: Connection) -> bool:
    """That a move goes on over this connection; False while anybody serves, or another move goes on."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": SERVING_LOCK}))


def subjects_of(connection: Connection, region: str) -> list[Subject]:
    """Everybody with a field that is sealed in a region."""
    rows = connection.execute(select(table.c.kind, table.c.subject_id).where(table.c.region == region).distinct())
    return sorted(Subject(Kind(row.kind), row.subject_id) for row in rows)


def seals(connection: Connection, subject: Subject, region: str) -> dict[Field, bytes]:
    """A person's seals of that region; their rows are held until the transaction ends."""
    rows = connection.execute(
        select(table.c.field, table.c.sealed)
        .where(table.c.kind == subject.kind.value, table.c.subject_id == subject.id, table.c.region == region)
        .with_for_update()
    )
    return {Field(row.field): bytes(row.sealed) for row in rows}


def put(connection: Connection, subject: Subject, sealed: Mapping[Field, bytes]) -> None:
    """In place of what there was."""
    vault_store.put(connection, subject, sealed)


def remark(connection: Connection, marks: Mapping[bytes, bytes]) -> int:
    """Put new marks in place of old ones, wherever marks stand; answers how many rows were changed."""
    changed = 0
    for table_name, marked in _mark_columns():
        statement = (
            update(metadata.tables[table_name])
            .where(marked == bindparam("was"))
            .values({marked.name: bindparam("becomes")})
        )
        for was, becomes in marks.items():
            changed += connection.execute(statement, {"was": was, "becomes": becomes}).rowcount
    return changed


def part(engine: Engine) -> list[str]:
    """Begin a new segment of the write-ahead log behind all that was, once the statistics, which hold samples of old
    rows, are made anew; so that `person.store.rewrite` leads over all of it. Answers what was refused."""
    steps = ("ANALYZE sealed_fields", "VACUUM FULL pg_catalog.pg_statistic", "SELECT pg_switch_wal()")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return refusals(connection, steps)


def remove(connection: Connection, subjects: list[Subject]) -> None:
    """Delete the seals of people who do not exist."""
    for one in subjects:
        connection.execute(delete(table).where(table.c.kind == one.kind.value, table.c.subject_id == one.id))


def _mark_columns() -> Iterator[tuple[str, Column[bytes]]]:
    for each in metadata.sorted_tables:
        yield from ((each.name, column) for column in each.columns if column.info.get("nature") is Nature.MARK)
