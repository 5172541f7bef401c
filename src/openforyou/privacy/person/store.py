"""The only SQL of what is kept of a person. It knows no table by itself: `places` says which."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Row,
    String,
    Table,
    and_,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from openforyou.core.ids import new_id
from openforyou.privacy.person.errors import Unmapped
from openforyou.privacy.person.places import ANOTHER, NUMBERED, PLACES, Fate, Key, Place, unmapped
from openforyou.privacy.person.tables import erasures
from openforyou.privacy.person.types import Contested, Person, Receipt, State, What
from openforyou.storage.database import refusals
from openforyou.storage.schema import metadata

ERASURE_LOCK = 7_281
"""First key of the advisory locks that say "this erasure is being worked on"."""
ROWS_AT_ONCE = 2_000
SEGMENTS_MAX = 128
"""Of the write-ahead log, 16 MiB each: past this it is left to the database."""


def require_mapped() -> None:
    """Raises `Unmapped` where the tables are not those that the map knows."""
    missing = unmapped(metadata.tables)
    if missing:
        raise Unmapped(missing)


# A person's rows


def rows(connection: Connection, place: Place, person: Person) -> Iterator[Mapping[str, Any]]:
    """What is theirs there, without the hidden columns; streamed, so that memory does not grow with the number."""
    table = metadata.tables[place.table]
    shown = [column for column in table.columns if column.name not in place.hidden]
    wanted = select(*shown).where(theirs(place, person)).order_by(*table.primary_key.columns)
    streamed = connection.execute(wanted, execution_options={"stream_results": True, "yield_per": ROWS_AT_ONCE})
    names = [str(column.name) for column in shown]
    for row in streamed:
        yield dict(zip(names, row, strict=True))


def count(connection: Connection, place: Place, person: Person) -> int:
    """How many rows are theirs there."""
    return connection.scalar(select(func.count()).where(theirs(place, person))) or 0


def remove(connection: Connection, place: Place, person: Person, kept: Contested) -> int:
    """Delete or empty what is theirs there, but what waits. Answers how many rows that were; again: none."""
    table = metadata.tables[place.table]
    which = and_(theirs(place, person), _open(table, place, kept))
    if place.fate is Fate.GONE:
        return connection.execute(delete(table).where(which)).rowcount
    assert place.fate is Fate.EMPTIED, "what stays is not touched"
    values = {name: _instead(table, value) for name, value in place.emptied.items()}
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in values.items()))
    return connection.execute(update(table).where(which, differs).values(values)).rowcount


def take_along(connection: Connection, place: Place, viewer_id: int, next_viewer: int) -> int:
    """Put what is a viewer's there under another pseudonym; what was chosen under that since stands."""
    table = metadata.tables[place.table]
    since = table.alias()
    same = [since.c[one.name] == one for one in table.primary_key.columns if one.name != place.column]
    chosen = exists().where(since.c[place.column] == next_viewer, *same)
    moved = update(table).where(table.c[place.column] == viewer_id, ~chosen).values({place.column: next_viewer})
    count = connection.execute(moved).rowcount
    connection.execute(delete(table).where(table.c[place.column] == viewer_id))
    return count


def numbers(connection: Connection, key: Key, person: Person) -> list[int]:
    """The ids of their items or sounds."""
    found = _numbers(key, person)
    return [] if found is None else list(connection.scalars(found))


def theirs(place: Place, person: Person) -> ColumnElement[bool]:
    """The condition that a row of the place is theirs."""
    table = metadata.tables[place.table]
    column = table.c[place.column]
    own: Mapping[Key, int | bytes | None] = {
        Key.VIEWER: person.viewer_id,
        Key.ACCOUNT: person.account_id,
        Key.MARK: person.mark,
        Key.CREATOR: person.creator_id,
    }
    if place.by in own:
        number = own[place.by]
        found: ColumnElement[bool] = false() if number is None else column == number
    else:
        among = _numbers(place.by, person)
        found = false() if among is None else column.in_(among)
    return and_(found, *(table.c[name] == value for name, value in place.only.items()))


def _numbers(key: Key, person: Person) -> Any:
    """The ids of what a creator has of that kind, as a query; None where they are no creator."""
    owner = {
        Key.ITEM: ("items", "creator_id"),
        Key.SOUND: ("sounds", "owner_id"),
        Key.CLAIMED: ("claims", "claimant_id"),
        Key.ANSWERED: ("claims", "respondent_id"),
    }[key]
    if person.creator_id is None:
        return None
    table = metadata.tables[owner[0]]
    return select(table.c.id).where(table.c[owner[1]] == person.creator_id)


def _open(table: Table, place: Place, kept: Contested) -> ColumnElement[bool]:
    """What of a place need not wait: of items all that no open claim is about, of the rest all or nothing."""
    if not place.waits or not kept.claims:
        return literal(value=True)
    item = {"items": "id"}.get(place.table, place.column if place.by is Key.ITEM else "")
    return table.c[item].not_in(sorted(kept.items)) if item else false()


def _instead(table: Table, value: Any) -> Any:
    if value == NUMBERED:
        return literal("-") + cast(table.c.id, String)
    return cast(new_id(), BigInteger) if value == ANOTHER else value


# Erasures


def begin(connection: Connection, receipt: Receipt, whose: bytes, step: str, person: Mapping[str, Any]) -> None:
    """Keep a new erasure."""
    connection.execute(
        insert(erasures).values(
            id=receipt.id,
            whose=whose,
            what=receipt.what.value,
            state=receipt.state.value,
            step=step,
            person=dict(person),
            asked_at=receipt.asked_at,
            leaf=receipt.leaf,
            leaf_seq=receipt.leaf_seq,
        )
    )


def newest_of(connection: Connection, whose: bytes) -> tuple[Receipt, str, dict[str, Any] | None] | None:
    """The last erasure that somebody asked for, its next step, and its person while it runs."""
    wanted = select(erasures).where(erasures.c.whose == whose).order_by(erasures.c.asked_at.desc()).limit(1)
    return _told(connection.execute(wanted).one_or_none())


def erasure(connection: Connection, erasure_id: int) -> tuple[Receipt, str, dict[str, Any] | None] | None:
    """By its id."""
    return _told(connection.execute(select(erasures).where(erasures.c.id == erasure_id)).one_or_none())


def unfinished(connection: Connection) -> list[int]:
    """Erasures with steps left, oldest first."""
    wanted = select(erasures.c.id).where(erasures.c.state != State.DONE.value)
    return list(connection.scalars(wanted.order_by(erasures.c.asked_at, erasures.c.id)))


def change(connection: Connection, erasure_id: int, **values: Any) -> None:
    """Set some columns."""
    connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(**values))


def lock_whose(connection: Connection, whose: bytes) -> None:
    """Until the transaction ends nobody else begins an erasure of the same person."""
    key = int.from_bytes(whose[:8], "big", signed=True)
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def claim(connection: Connection, erasure_id: int) -> bool:
    """Work on an erasure alone, until `release` or the connection's end; False where another process does."""
    asked = text("SELECT pg_try_advisory_lock(:space, :key)")
    return bool(connection.scalar(asked, {"space": ERASURE_LOCK, "key": erasure_id % 2**31}))


def release(connection: Connection, erasure_id: int) -> None:
    """Let others work on it."""
    released = text("SELECT pg_advisory_unlock(:space, :key)")
    connection.execute(released, {"space": ERASURE_LOCK, "key": erasure_id % 2**31})


def tables_of(places: Sequence[Place]) -> list[str]:
    """Their tables, what refers to others first, so that rows can be deleted in this order."""
    named: Collection[str] = {place.table for place in places}
    return [table.name for table in reversed(metadata.sorted_tables) if table.name in named]


def rewrite(engine: Engine) -> list[str]:
    """`VACUUM FULL` of every table of the map; then the write-ahead log is led once around all of its segments, each of
    which is zeroed on the way. Answers what the database refused."""
    names = sorted({place.table for place in PLACES} | {erasures.name})
    steps = [f"VACUUM (FULL, ANALYZE) {name}" for name in names]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        refused = refusals(connection, [*steps, "CHECKPOINT"])
        try:
            segments = connection.exec_driver_sql("SELECT count(*) FROM pg_ls_waldir()").scalar_one()
            for _ in range(min(segments, SEGMENTS_MAX)):
                connection.exec_driver_sql("SELECT pg_logical_emit_message(true, 'openforyou', 'over')")
                connection.exec_driver_sql("SELECT pg_switch_wal()")
            connection.exec_driver_sql("CHECKPOINT")
        except DBAPIError as error:
            words = str(error.orig).splitlines()[0]
            refused.append(f"the write-ahead log was not written over: {words}")
    return refused


def _told(row: Row[Any] | None) -> tuple[Receipt, str, dict[str, Any] | None] | None:
    if row is None:
        return None
    receipt = Receipt(
        row.id,
        What(row.what),
        State(row.state),
        row.asked_at,
        row.gone_at,
        row.finished_at,
        row.removed,
        tuple(row.waits),
        bytes(row.leaf),
        row.leaf_seq,
    )
    return receipt, row.step, row.person
