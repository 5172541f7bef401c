"""Somebody with a row in every place that the map names, each word of which can be told to be theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Connection,
    Date,
    DateTime,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    insert,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZMULTIRANGE

from openforyou.accounts import seals
from openforyou.accounts import store as accounts_store
from openforyou.accounts.enrolment import enrolling, new_account
from openforyou.accounts.moving import store
from openforyou.accounts.passwords import Passwords
from openforyou.app.platform import Platform
from openforyou.core.ids import AccountId, ViewerId, new_id
from openforyou.privacy.person.places import PLACES, Key, Place
from openforyou.privacy.person.types import Person
from openforyou.storage.schema import metadata

PASSWORD = "a long enough one"
KNOWN: dict[str, Any] = {
    "accounts.role": "creator",
    "accounts.edition": 0,
    "sealed_fields.kind": "viewer",
    "sealed_fields.field": "event_secret",
    "sealed_fields.region": "home",
    "items.kind": "video",
    "items.status": "published",
    "items.credentials": "none",
    "items.sound_source": "own",
    "items.library_sound_id": None,
    "rights.right": "learn",
    "right_events.right": "learn",
    "right_events.act": "grant",
    "right_events.by_kind": "operator",
    "claims.kind": "theft",
    "claims.state": "closed",
    "claims.ruling": "upheld",
    "claims.decided_by": [],
    "claim_steps.act": "opened",
    "right_events.commitment": b"-",
    "claim_steps.by": "anna",
    "item_counts.frozen_by": "",
    "item_counts.frozen": None,
    "import_runs.state": "done",
    "import_runs.lines": [],
    "import_runs.counts": {},
    "import_runs.rights": [],
    "sounds.licence": "own_work",
    "muted.kind": "word",
    "viewer_controls.languages": [],
    "viewer_controls.profiling": True,
    "events.type": "view",
    "slates.surface": "for_you",
}
"""What code reads as one of few words."""


@dataclass(frozen=True)
class Planted:
    """A person, an item and a sound of theirs, and the word that stands in all that is theirs."""

    tag: str
    person: Person
    item: int
    sound: int

    @property
    def email(self) -> str:
        return f"{self.tag}@example.org"


def plant(platform: Platform, tag: str, beside: Planted | None = None) -> Planted:
    """Somebody in every place, who can sign in; `beside` is who stands on the other side of what has two."""
    account_id, viewer_id = AccountId(new_id()), ViewerId(new_id())
    (mark,) = platform.accounts.seals.guardian_marks(account_id)
    made = Planted(tag, Person(viewer_id, account_id, new_id(), mark), new_id(), new_id())
    owner = new_account(account_id, made.email, viewer_id, platform.clock.now(), has_password=True)
    with (
        enrolling(platform.database, platform.accounts.seals, owner, {"key": f"{tag}-device"}) as newcomer,
        platform.database.begin() as connection,
    ):
        _rows(connection, made, platform.clock.now(), beside)
        store.set_marks(connection, account_id, newcomer.email_mark, newcomer.viewer_mark)
        accounts_store.set_password(
            connection, account_id, Passwords().hash(PASSWORD), instead_of=f"{tag}-accounts-password_hash"
        )
        seals.put(connection, account_id, newcomer.sealed)
    return made


def _rows(connection: Connection, made: Planted, at: datetime, beside: Planted | None) -> None:
    claims: dict[str, int] = {}
    order = {table.name: number for number, table in enumerate(metadata.sorted_tables)}
    order["claim_steps"] = order["claims"] + 0.5  # type: ignore[assignment]
    for place in sorted(PLACES, key=lambda one: order[one.table]):
        if (place.table, place.by) == ("sealed_fields", Key.ACCOUNT):
            continue  # sealed as they are
        if beside is None and (place.table, place.column) in TWO_SIDED:
            continue
        row = _row(place, made, at, beside)
        if place.table == "claims":
            claims[place.column] = row["id"]
        if place.table == "claim_steps":
            row["claim_id"] = claims["claimant_id" if place.by is Key.CLAIMED else "respondent_id"]
        connection.execute(insert(metadata.tables[place.table]).values(row))


TWO_SIDED = {
    ("guardians", "ward_mark"),
    ("guardians", "guardian_mark"),
    ("copy_matches", "item_id"),
    ("copy_matches", "other_id"),
}


def _row(place: Place, made: Planted, at: datetime, beside: Planted | None) -> dict[str, Any]:
    table, other = metadata.tables[place.table], beside or made
    row: dict[str, Any] = {}
    for column in table.columns:
        name = f"{table.name}.{column.name}"
        if name in KNOWN:
            row[column.name] = KNOWN[name]
        elif not isinstance(column.type, TSTZMULTIRANGE) and column.identity is None:
            row[column.name] = _value(column.type, f"{made.tag}-{table.name}-{column.name}", at)
    ids = {
        "creator_id": made.person.creator_id,
        "account_id": made.person.account_id,
        "viewer_id": made.person.viewer_id,
        "item_id": made.item,
        "sound_id": made.sound,
        "owner_id": made.person.creator_id,
        "ward_mark": other.person.mark,
        "guardian_mark": other.person.mark,
        "other_id": other.item,
        "claimant_id": other.person.creator_id,
        "respondent_id": other.person.creator_id,
    }
    row |= {name: value for name, value in ids.items() if name in row and f"{table.name}.{name}" not in OWN_NUMBER}
    own = {
        Key.VIEWER: made.person.viewer_id,
        Key.ACCOUNT: made.person.account_id,
        Key.MARK: made.person.mark,
        Key.CREATOR: made.person.creator_id,
        Key.ITEM: made.item,
        Key.SOUND: made.sound,
    }
    if table.name == "copy_matches":
        row["item_id"] = other.item
    if place.by in own:
        row[place.column] = own[place.by]
    row |= {"items": {"id": made.item}, "sounds": {"id": made.sound}}.get(table.name, {})
    if place.column == "given_to":  # the word of a sound's owner, which is not theirs
        row |= (
            {"granted_by": "owner", "evidence": "a licence", "subject_kind": "sound"}
            | ({"region": ""} if "region" in row else {})
            | ({"commitment": b"-"} if "commitment" in row else {})
        )
    return row | place.only


OWN_NUMBER = {"items.sound_id"}


def _value(kind: Any, words: str, at: datetime) -> Any:
    if isinstance(kind, ARRAY):
        return [words] if isinstance(kind.item_type, Text) else []
    for types, value in (
        (JSONB, {"said": words}),
        (Text, words),
        (LargeBinary, words.encode().ljust(32)),
        (DateTime, at + timedelta(days=1)),
        (Date, date(2026, 5, 1)),
        (Uuid, uuid4()),
        (Boolean, False),
        (SmallInteger, 1),
        (BigInteger, new_id()),
    ):
        if isinstance(kind, types):
            return value
    return 7


def dump(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table as text, bytes as hexadecimal digits."""
    found = {}
    for name in connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all():
        found[name] = list(connection.scalars(text(f"SELECT t::text FROM {name} AS t")))
    return found


def holding(rows: dict[str, list[str]], *words: str) -> dict[str, list[str]]:
    """Those that hold any of the words, as text or as the hexadecimal digits of its bytes."""
    wanted = [form for word in words for form in (word, word.encode().hex())]
    found = {name: [row for row in each if any(form in row for form in wanted)] for name, each in rows.items()}
    return {name: each for name, each in found.items() if each}
