"""Who has the files: a dump of the database, its table files and write-ahead log, and whoever puts old rows back."""

from __future__ import annotations

import subprocess
import threading
from time import perf_counter

from openforyou.core.errors import OpenForYouError
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken, refusal
from openforyou.drills.readers import environment
from openforyou.drills.track.database import published
from openforyou.drills.track.newsroom import PASSWORD, newsroom
from openforyou.drills.world import World
from openforyou.privacy.access.types import Doing
from openforyou.privacy.person.types import What
from openforyou.privacy.scan import scan, text_needle
from openforyou.privacy.vault.types import Field

DUMP_S = 60.0
PHONE = "Noras Telefon 1873"
TABLES = ("accounts", "sealed_fields", "sessions")


@attack(Seat.BACKUP)
def scans_a_dump_byte_by_byte(world: World, case: Case) -> Outcome:
    """`pg_dump` of everything, and every file of the data folder, read byte by byte for what was planted."""
    room = newsroom(world)
    nora = room.journalists["nora"]
    accounts = world.platform.accounts
    with world.platform.database.begin() as connection:
        accounts.seals.note(connection, nora.id, Field.DEVICES, {"key": PHONE})
    world.sql("CHECKPOINT")
    stolen = world.scratch("stolen")
    stolen.mkdir()
    ((program,),) = world.sql("SELECT setting || '/pg_dump' FROM pg_config WHERE name = 'BINDIR'")
    address = world.platform.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with (stolen / "dump.sql").open("wb") as out:
        done = subprocess.run(  # noqa: S603 - the database's own program
            [str(program), "--dbname", address],
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=DUMP_S,
            env=environment(),
            check=False,
        )
    if done.returncode:
        raise Broken(f"pg_dump failed: {done.stderr.decode()[-200:]}")
    number = text_needle("number", str(nora.id))
    needles = [text_needle(name, f"{name}@press.invalid") for name in room.journalists] + [text_needle("phone", PHONE)]
    dumped = scan(stolen, [*needles, number])
    case.did(
        {one.needle for one in dumped.found} >= {"number"},
        f"a dump of {sum(dumped.size_bytes.values()) / 1e6:.1f} MB, with nora's account number in it",
    )
    planted = [one for one in dumped.found if one.needle != "number"]
    case.stood(not planted, "no e-mail and no name of a device stands in it")
    kept = scan(world.data, needles)
    size, files = sum(kept.size_bytes.values()) / 1e6, sum(kept.files.values())
    places = ", ".join(sorted({one.file for one in kept.found}))
    case.stood(
        kept.is_clean,
        places or f"nor in the {files} files of the platform, {size:.0f} MB: tables, write-ahead log, log, broker",
    )
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def puts_back_who_was_forgotten(world: World, case: Case) -> Outcome:
    """Somebody is forgotten; the superuser puts back her rows, what was sealed and her session among them."""
    platform = world.platform
    gone = platform.accounts.sign_up("gone@press.invalid", PASSWORD)
    token = platform.accounts.sessions.begin(gone).token
    kept = {table: _rows_of(world, table, gone.id) for table in TABLES}
    began = perf_counter()
    platform.erasing.forget(platform.person(gone.viewer_id, gone), What.EVERYTHING)
    case.did(not _rows_of(world, "sealed_fields", gone.id), f"she is forgotten within {perf_counter() - began:.1f} s")
    try:
        for table, rows in kept.items():
            for row in rows:
                world.sql(f"DELETE FROM {table} WHERE row_to_json({table})::jsonb @> %s::jsonb", row)  # noqa: S608
                world.sql(f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, %s::json)", row)  # noqa: S608
        case.did(
            len(_rows_of(world, "sealed_fields", gone.id)) == len(kept["sealed_fields"]) > 0,
            f"{sum(map(len, kept.values()))} rows are back as they were",
        )
        error = refusal(platform.accounts.sign_in, "gone@press.invalid", PASSWORD)
        case.stood(error is not None, f"nothing opens, with her own password: {error.message if error else ''}")
        found = platform.accounts.sessions.find(token)
        case.did(found is not None, "what she herself had in her browser is the one thing that still opens her session")
    finally:
        for table in reversed(TABLES):
            world.sql(f"DELETE FROM {table} WHERE {_column(table)} = %s", gone.id)  # noqa: S608
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def puts_the_queue_of_the_log_back(world: World, case: Case) -> Outcome:
    """The record of a grant is on its way; the superuser puts the log's queue back to what it was before."""
    room = newsroom(world)
    request = room.do("sid", Doing.REQUEST, **room.wish("ned", case="S-queue"))["request"]
    world.settle()
    refused: list[OpenForYouError | None] = []
    with world.paused_sequencer():
        ((before,),) = world.sql("SELECT queued FROM log_state")
        grant = threading.Thread(target=lambda: refused.append(room.refused("gil", Doing.GRANT, request=request)))
        grant.start()
        world.wait_for(lambda: world.sql("SELECT queued > %s FROM log_state", before)[0][0], "the record is queued")
        took = world.sql("DELETE FROM pending_leaves WHERE seq >= %s RETURNING seq", before)
        world.sql("UPDATE log_state SET queued = %s", before)
        case.did(len(took) == 1, "the record is gone from the queue, as if it had never been there")
        grant.join()
    error = refused[0]
    case.stood(error is not None and error.code == "not_durable", f"nothing opens: {error.message if error else ''}")
    began = perf_counter()
    world.platform.access.tick()
    opened = room.refused("sid", Doing.READ, request=request)
    entry = room.looks("ned")[0]["entry"]
    records = sum(entry.encode() in leaf for leaf in published(world))
    case.stood(
        opened is None and records == 1,
        f"the broker has it carried again with its next minute: it stands in the log, and only then opens "
        f"({perf_counter() - began:.1f} s)",
    )
    room.refused("gil", Doing.REVOKE, request=request, words="The drill is over, and so is this access.")
    return Outcome.PREVENTED


@attack(Seat.DATABASE)
def puts_her_own_password_into_a_row(world: World, case: Case) -> Outcome:
    """The superuser knows ned's e-mail, puts the hash of a password of her own into his row, and signs in as he."""
    room = newsroom(world)
    platform, ned = world.platform, room.journalists["ned"]
    platform.accounts.sign_up("spy@press.invalid", "a password of the spy's own")
    read = "SELECT password_hash, email_mark FROM accounts WHERE id = %s"
    spy = platform.accounts.of_email("spy@press.invalid")
    (own_hash, own_mark), (hash_, mark) = world.sql(read, spy.id)[0], world.sql(read, ned.id)[0]
    person = platform.person(ned.viewer_id, ned)
    before = len(platform.access.own_openings(person))
    change = "UPDATE accounts SET password_hash = %s, email_mark = %s WHERE id = %s"
    try:
        world.sql(change, "", None, spy.id)
        world.sql(change, own_hash, own_mark, ned.id)
        blind = refusal(platform.accounts.sign_in, "spy@press.invalid", "a password of the spy's own")
        case.stood(
            blind is not None, f"with her own e-mail, in case she did not know his: {blind.message if blind else ''}"
        )
        world.sql(change, own_hash, mark, ned.id)
        began = perf_counter()
        inside = platform.accounts.sign_in(ned.email, "a password of the spy's own")
        case.did(inside.viewer_id == ned.viewer_id, "with his e-mail she is signed in, and sees what he would")
        openings = platform.access.own_openings(person)
        took = perf_counter() - began
    finally:
        world.sql(change, hash_, mark, ned.id)
        world.sql(change, own_hash, own_mark, spy.id)
    case.stood(len(openings) > before, f"both stand among the openings on his page and in his copy, {took:.1f} s later")
    case.stood(refusal(platform.accounts.sign_in, ned.email, PASSWORD) is None, "his own password opens again")
    return Outcome.DETECTED


def _rows_of(world: World, table: str, account_id: int) -> list[str]:
    """As JSON, those of an account."""
    statement = f"SELECT row_to_json(t)::text FROM {table} AS t WHERE {_column(table)} = %s"  # noqa: S608
    return [str(row[0]) for row in world.sql(statement, account_id)]


def _column(table: str) -> str:
    """Which names the account."""
    return {"sealed_fields": "subject_id", "accounts": "id"}.get(table, "account_id")
