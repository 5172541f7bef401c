"""Who has the database: its superuser, an analyst's login, and the owner of a stolen backup."""

from __future__ import annotations

import hashlib
from contextlib import closing

from openforyou.accounts.envelope import Sealing, opened
from openforyou.app.access import AccessRelay
from openforyou.app.broker import Folder
from openforyou.core.ids import encode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import refusal
from openforyou.drills.track.newsroom import PASSWORD, newsroom
from openforyou.drills.world import World
from openforyou.events.leaf import encode_record
from openforyou.events.log.store import enqueue
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.privacy.access.types import Doing
from openforyou.privacy.roles import store as roles
from openforyou.privacy.roles.rules import Role
from openforyou.storage.schema import metadata

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def _rows(world: World) -> list[str]:
    """Every row of every table, as text."""
    tables = [str(row[0]) for row in world.sql(_TABLES)]
    return [str(row[0]) for table in tables for row in world.sql(f"SELECT t::text FROM {table} AS t")]  # noqa: S608


def published(world: World) -> list[bytes]:
    """Every leaf of the log."""
    log, size = Log(FolderSource(world.log_folder)), world.checkpoint().size
    return [leaf for part in log.entries(0, size, size) for leaf in part]


@attack(Seat.DATABASE)
def reads_every_table(world: World, case: Case) -> Outcome:
    """The superuser reads every row of every table for a journalist's e-mail, and for which pseudonym is hers."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    rows = _rows(world)
    case.did(any(str(nora.id) in row for row in rows), f"she has all {len(rows)} rows, with nora's account among them")
    forms = [b"nora@press.invalid".hex(), "nora@press.invalid"]
    case.stood(not [row for row in rows if any(form in row for form in forms)], "no row holds her e-mail")
    names = {str(nora.viewer_id), encode_id(nora.viewer_id)}
    joined = [row for row in rows if str(nora.id) in row and any(name in row for name in names)]
    case.stood(not joined, "no row holds her account and her pseudonym together")
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def moves_a_seal_to_her_own_row(world: World, case: Case) -> Outcome:
    """The superuser puts a journalist's seals into an account of her own, and signs in there to have them opened."""
    room = newsroom(world)
    platform, victim = world.platform, room.journalists["ned"]
    mine = platform.accounts.sign_up("mole@press.invalid", PASSWORD)
    read = "SELECT sealed FROM sealed_fields WHERE kind = 'account' AND subject_id = %s AND field = 'email'"
    change = "UPDATE sealed_fields SET sealed = %s WHERE kind = 'account' AND subject_id = %s AND field = 'email'"
    (theirs,), (own,) = world.sql(read, victim.id)[0], world.sql(read, mine.id)[0]
    world.sql(change, theirs, mine.id)
    case.did(world.sql(read, mine.id)[0][0] == theirs, "her row holds ned's seal")
    try:
        error = refusal(platform.accounts.sign_in, "mole@press.invalid", PASSWORD)
    finally:
        world.sql(change, own, mine.id)
    case.stood(error is not None, f"signing in: {error.message if error else ''}")
    return Outcome.PREVENTED


@attack(Seat.ANALYST)
def counts_people_one_by_one(world: World, case: Case) -> Outcome:
    """An analyst's login asks for what single viewers did, for accounts, and for what is sealed."""
    with world.platform.database.begin() as connection:
        roles.apply(connection, metadata)
    public = world.sql("SELECT count(*) FROM items")
    case.did(public[0][0] > 0, "the roles of PostgreSQL are made")
    for statement in (
        "SELECT viewer_id FROM viewer_items",
        "SELECT count(*) FROM events",
        "SELECT id FROM accounts",
        "SELECT sealed FROM sealed_fields",
        "SELECT envelope FROM sessions",
    ):
        refused = ""
        try:
            with world.platform.database.connect() as connection:
                connection.exec_driver_sql(f"SET LOCAL ROLE {Role.ANALYST}")
                connection.exec_driver_sql(statement)
        except Exception as error:  # the driver's own, whichever it is
            refused = str(error).splitlines()[0]
        case.stood("permission denied" in refused, f"{statement}: permission denied")
    return Outcome.PREVENTED


@attack(Seat.BACKUP)
def opens_a_stolen_dump(world: World, case: Case) -> Outcome:
    """Every row of the database is stolen, with sessions of people who are signed in; all keys in it are tried."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    begun = world.platform.accounts.sessions.begin(nora)
    row = world.sql("SELECT token_sha256, envelope, account_id FROM sessions WHERE account_id = %s", nora.id)[-1]
    bound = int(row[2]).to_bytes(8, "big") + nora.edition.to_bytes(8, "big")
    mine = opened(begun.token.encode(), Sealing.SESSION, bound, bytes(row[1]))
    case.did(mine is not None and mine["email"] == nora.email, "the envelope is whole: nora's own token opens it")
    guesses = [bytes(row[0]), bytes(row[0]).hex().encode(), hashlib.sha256(bytes(row[0])).digest(), b""]
    found = [opened(guess, Sealing.SESSION, bound, bytes(row[1])) for guess in guesses]
    case.stood(not any(found), "with what stands in the dump it does not open")
    dump = "".join(_rows(world))
    forms = ["press.invalid", b"press.invalid".hex()]
    case.stood(not [form for form in forms if form in dump], "no e-mail of anybody stands in the rows")
    return Outcome.PREVENTED


@attack(Seat.DATABASE, ruins="access by staff is closed until two administrators settle it")
def forges_a_grant(world: World, case: Case) -> Outcome:
    """The superuser puts a record of an access that nobody granted on its way into the log, and has it opened."""
    room = newsroom(world)
    request = room.do("sue", Doing.REQUEST, **room.wish("ned"))["request"]
    told = {
        "at": "2026-05-04T09:00:00+00:00",
        "broker": world.platform.access.facts()["broker"],
        "entry": "ab" * 32,
        "by": room.ids["sue"],
        "duty": "support",
        "purpose": "account_recovery",
        "case_kind": "support",
        "fields": ["email"],
        "granted_by": [room.ids["gil"]],
        "until": "2026-05-04T10:00:00+00:00",
        "emergency": False,
        "person": "cd" * 32,
    }
    forged = encode_record("access", told)
    with world.platform.database.begin() as connection:
        enqueue(connection, [forged])
    world.settle()
    case.did(forged in published(world), "the published log holds a record of a grant that the broker did not make")
    error = room.refused("sue", Doing.READ, request=request)
    case.stood(error is not None, f"it opens nothing: {error.message if error else ''}")
    with closing(Folder(world.settings)) as again:
        relay = AccessRelay(world.platform.database, again, lambda: None)
        closed = refusal(relay.do, *room.signed("sue", Doing.REQUEST, **room.wish("ned", case="S-2")))
    case.stood(
        closed is not None and closed.code == "access_closed", f"at its next start: {closed.message if closed else ''}"
    )
    return Outcome.DETECTED
