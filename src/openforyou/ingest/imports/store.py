"""The only SQL of imports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.catalog.types import Right
from openforyou.core.ids import CreatorId, ItemId
from openforyou.ingest.imports.tables import import_runs, imported_entries
from openforyou.ingest.imports.types import Elsewhere, Entry, Line, Outcome, Owner, Privacy, Run, RunState

IMPORT_LOCK, RUN_LOCK = 7_270, 7_271
"""First keys of the advisory locks that say "this creator imports" and "this archive is being worked on"."""
KEY = [imported_entries.c.creator_id, imported_entries.c.platform, imported_entries.c.external_id]
UNFINISHED = (RunState.LOOKING.value, RunState.FOUND.value, RunState.WAITING.value)


def claim(connection: Connection, space: int, key: int) -> bool:
    """Take a session-level lock, which ends with the connection; False where somebody has it."""
    asked = text("SELECT pg_try_advisory_lock(:space, :key)")
    return bool(connection.scalar(asked, {"space": space, "key": key % 2**31}))


def release(connection: Connection, space: int, key: int) -> None:
    """Give it back."""
    connection.execute(text("SELECT pg_advisory_unlock(:space, :key)"), {"space": space, "key": key % 2**31})


# Entries


def entries_of(connection: Connection, creator_id: CreatorId, platform: str) -> dict[str, Row[*tuple[Any, ...]]]:
    """Every entry of a creator from there that an import met before, by external id."""
    rows = connection.execute(
        select(imported_entries).where(
            imported_entries.c.creator_id == creator_id, imported_entries.c.platform == platform
        )
    )
    return {row.external_id: row for row in rows}


def put_entries(connection: Connection, creator_id: CreatorId, owner: Owner, told: Iterable[dict[str, Any]]) -> None:
    """Record entries as `row_of` tells them, over what was recorded before.

    When one was begun stays while it is: it tells what a killed import took in itself.
    """
    whose = {"platform": owner.platform, "owner_handle": owner.handle, "owner_id": owner.id}
    rows = [{"creator_id": creator_id, **whose, **row} for row in told]
    if rows:
        statement = upsert(imported_entries)
        names = [name for name in rows[0] if name not in {column.name for column in KEY}]
        is_begun = imported_entries.c.outcome == Outcome.BEGUN.value
        values: dict[str, Any] = {name: statement.excluded[name] for name in names}
        values["began_at"] = case((is_begun, imported_entries.c.began_at), else_=func.now())
        connection.execute(statement.on_conflict_do_update(index_elements=KEY, set_=values), rows)


def row_of(entry: Entry, outcome: Outcome, reason: str, asked: Collection[Right], word: str) -> dict[str, Any]:
    """What is kept of an entry. Sounds, counts and licences of elsewhere are kept here and nowhere else."""
    return {
        "external_id": entry.external_id,
        "kind": entry.kind.value,
        "title": entry.title,
        "outcome": outcome.value,
        "reason": reason,
        "asked": sorted(right.value for right in asked),
        "word": word,
        "posted_at": entry.created_at,
        "privacy": entry.privacy.value,
        "source_url": entry.source_url or entry.link,
        "sound": entry.sound,
        "licence": entry.licence,
        "is_ai": entry.is_ai,
        "history": dict(entry.history),
        "files": list(entry.media),
    }


def set_outcome(
    connection: Connection, key: tuple[CreatorId, str, str], outcome: Outcome, reason: str, item_id: ItemId | None
) -> None:
    """How one ended; `key` is its creator, platform and external id."""
    values: dict[str, Any] = {"outcome": outcome.value, "reason": reason, "item_id": item_id}
    if outcome is not Outcome.TAKEN:  # Of what is not ours to give nothing is asked for.
        values |= {"asked": [], "given": False}
    connection.execute(update(imported_entries).where(*_is(key)).values(**values))


def set_asked(
    connection: Connection, key: tuple[CreatorId, str, str], asked: Collection[Right], word: str, *, given: bool
) -> None:
    """What is asked for anew, or given."""
    values = {"asked": sorted(right.value for right in asked), "word": word, "given": given}
    connection.execute(update(imported_entries).where(*_is(key)).values(**values))


def taken_entries(connection: Connection, creator_id: CreatorId) -> list[Row[*tuple[Any, ...]]]:
    """Those of a creator that became items."""
    wanted = select(imported_entries).where(
        imported_entries.c.creator_id == creator_id,
        imported_entries.c.outcome == Outcome.TAKEN.value,
        imported_entries.c.item_id.is_not(None),
    )
    return list(connection.execute(wanted))


def entry_of_item(connection: Connection, item_id: ItemId) -> Row[*tuple[Any, ...]] | None:
    """The entry that became the item."""
    wanted = select(imported_entries).where(
        imported_entries.c.item_id == item_id, imported_entries.c.outcome == Outcome.TAKEN.value
    )
    return connection.execute(wanted).first()


def told_of(connection: Connection, ids: Collection[int]) -> dict[int, Elsewhere]:
    """By item what its entry says of its life elsewhere."""
    rows = connection.execute(
        select(imported_entries).where(
            imported_entries.c.item_id.in_(ids), imported_entries.c.outcome == Outcome.TAKEN.value
        )
    )
    return {
        row.item_id: Elsewhere(row.platform, row.sound, row.licence, bool(row.is_ai), dict(row.history)) for row in rows
    }


def held_back(connection: Connection, ids: Collection[int]) -> list[Row[*tuple[Any, ...]]]:
    """Of these items the entries of those whose rights are not given, for want of a proof."""
    wanted = select(imported_entries).where(
        imported_entries.c.item_id.in_(list(ids)),
        imported_entries.c.outcome == Outcome.TAKEN.value,
        imported_entries.c.given.is_(False),
        imported_entries.c.word == "",
    )
    return list(connection.execute(wanted))


def creators_with_entries(connection: Connection) -> list[CreatorId]:
    """Everybody of whom something was taken in."""
    wanted = select(imported_entries.c.creator_id).where(imported_entries.c.outcome == Outcome.TAKEN.value).distinct()
    return [CreatorId(one) for one in connection.scalars(wanted)]


def _is(key: tuple[CreatorId, str, str]) -> list[Any]:
    return [column == value for column, value in zip(KEY, key, strict=True)]


# Archives on their way


def insert_run(connection: Connection, run_id: int, creator_id: CreatorId, name: str, key: str, at: datetime) -> None:
    """An archive that has come."""
    row = {"id": run_id, "creator_id": creator_id, "name": name, "blob_key": key, "created_at": at}
    connection.execute(upsert(import_runs).values(**row, state=RunState.LOOKING.value))


def runs_of(connection: Connection, creator_id: CreatorId, limit: int) -> list[Run]:
    """A creator's, newest first."""
    wanted = select(import_runs).where(import_runs.c.creator_id == creator_id)
    return [_run(row) for row in connection.execute(wanted.order_by(import_runs.c.created_at.desc()).limit(limit))]


def find_run(connection: Connection, run_id: int) -> Run | None:
    """By id."""
    row = connection.execute(select(import_runs).where(import_runs.c.id == run_id)).first()
    return None if row is None else _run(row)


def waiting_runs(connection: Connection) -> list[int]:
    """What has something to be done to it, oldest first."""
    wanted = select(import_runs.c.id).where(import_runs.c.state.in_([RunState.LOOKING.value, RunState.WAITING.value]))
    return list(connection.scalars(wanted.order_by(import_runs.c.created_at, import_runs.c.id).limit(64)))


def count_attempt(connection: Connection, run_id: int) -> int:
    """One more; answers how many there were."""
    done = update(import_runs).where(import_runs.c.id == run_id).values(attempts=import_runs.c.attempts + 1)
    return connection.scalar(done.returning(import_runs.c.attempts)) or 0


def set_run(connection: Connection, run_id: int, **values: Any) -> None:
    """Where it stands."""
    connection.execute(update(import_runs).where(import_runs.c.id == run_id).values(**values))


def move_run(connection: Connection, run_id: int, before: RunState, **values: Any) -> bool:
    """The same, unless somebody moved it on from `before` meanwhile."""
    done = connection.execute(
        update(import_runs).where(import_runs.c.id == run_id, import_runs.c.state == before.value).values(**values)
    )
    return done.rowcount == 1


def unfinished_count(connection: Connection, creator_id: CreatorId) -> int:
    """How many archives of a creator lie here."""
    wanted = select(func.count()).where(import_runs.c.creator_id == creator_id, import_runs.c.state.in_(UNFINISHED))
    return connection.scalar(wanted) or 0


def remove_run(connection: Connection, run_id: int) -> None:
    """Forget it. What it brought in stays."""
    connection.execute(delete(import_runs).where(import_runs.c.id == run_id))


def expired_runs(connection: Connection, before: datetime) -> list[Run]:
    """Those that nobody decided about."""
    wanted = select(import_runs).where(import_runs.c.created_at < before, import_runs.c.state == RunState.FOUND.value)
    return [_run(row) for row in connection.execute(wanted)]


def run_keys(connection: Connection) -> set[str]:
    """The blobs that are still needed."""
    return set(connection.scalars(select(import_runs.c.blob_key).where(import_runs.c.state.in_(UNFINISHED))))


def line_dict(line: Line) -> dict[str, Any]:
    """A line as it is stored."""
    return {
        "external_id": line.external_id,
        "kind": line.kind,
        "title": line.title,
        "outcome": line.outcome.value,
        "reason": line.reason,
        "item_id": line.item_id,
        "created_at": None if line.created_at is None else line.created_at.isoformat(),
        "privacy": line.privacy.value,
        "files": list(line.files),
    }


def _line(told: Mapping[str, Any]) -> Line:
    at, item_id = told["created_at"], told["item_id"]
    return Line(
        external_id=told["external_id"],
        kind=told["kind"],
        title=told["title"],
        outcome=Outcome(told["outcome"]),
        reason=told["reason"],
        item_id=None if item_id is None else ItemId(item_id),
        created_at=None if at is None else datetime.fromisoformat(at),
        privacy=Privacy(told["privacy"]),
        files=tuple(told["files"]),
    )


def _run(row: Row[*tuple[Any, ...]]) -> Run:
    return Run(
        id=row.id,
        creator_id=CreatorId(row.creator_id),
        name=row.name,
        blob_key=row.blob_key,
        state=RunState(row.state),
        reason=row.reason,
        platform=row.platform,
        owner_handle=row.owner_handle,
        owner_id=row.owner_id,
        rights=frozenset(Right(name) for name in row.rights),
        show_private=row.show_private,
        done=row.done,
        total=row.total,
        lines=tuple(_line(told) for told in row.lines),
        counts=row.counts,
        created_at=row.created_at,
    )
