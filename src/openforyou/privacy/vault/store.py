"""The only SQL on sealed fields: ciphertexts in, ciphertexts out."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, select
from sqlalchemy.dialects.postgresql import insert

from openforyou.privacy.vault.crypto import region_of
from openforyou.privacy.vault.tables import sealed_fields as table
from openforyou.privacy.vault.types import Field, Subject


def put(connection: Connection, subject: Subject, sealed: Mapping[Field, bytes]) -> None:
    """Keep what a keeper sealed, in place of what there was. Raises `Unopened` for what is no seal."""
    if not sealed:
        return
    rows = [
        {
            "kind": subject.kind.value,
            "subject_id": subject.id,
            "field": field.value,
            "region": region_of(value),
            "sealed": value,
        }
        for field, value in sealed.items()
    ]
    statement = insert(table).values(rows)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.kind, table.c.subject_id, table.c.field],
            set_={"region": statement.excluded.region, "sealed": statement.excluded.sealed},
        )
    )


def get(connection: Connection, subject: Subject, fields: Collection[Field] | None = None) -> dict[Field, bytes]:
    """A person's seals: those of these fields, or all. Rows of a field that this version does not know are left out."""
    wanted = [field.value for field in (Field if fields is None else fields)]
    rows = connection.execute(
        select(table.c.field, table.c.sealed).where(_of(subject), table.c.field.in_(wanted)).order_by(table.c.field)
    )
    return {Field(row.field): bytes(row.sealed) for row in rows}


def remove(connection: Connection, subject: Subject, fields: Collection[Field] | None = None) -> int:
    """Delete these fields' seals, or all; answers how many.

    What was deleted still lies in pages and the write-ahead log for a while: only a destroyed key makes it nobody's.
    """
    which = [] if fields is None else [table.c.field.in_([field.value for field in fields])]
    return connection.execute(delete(table).where(_of(subject), *which)).rowcount


def _of(subject: Subject) -> ColumnElement[bool]:
    return and_(table.c.kind == subject.kind.value, table.c.subject_id == subject.id)
