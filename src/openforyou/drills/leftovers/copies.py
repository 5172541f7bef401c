"""Copies that somebody left, or made: in a backup, in the database, in a folder of the platform."""

from __future__ import annotations

import shutil
from functools import partial

from sqlalchemy import Connection

from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import refusal
from openforyou.drills.leftovers.moves import Move, a_move, killed_in
from openforyou.drills.world import World
from openforyou.privacy.vault import store
from openforyou.privacy.vault.types import Field


@attack(Seat.BACKUP)
def old_backup_kept(world: World, case: Case) -> Outcome:
    """A backup of the old broker's folder and of the seals is made during the move, and kept."""
    with a_move(world) as made:
        journal = killed_in(lambda: made.move("one"))
        case.did(journal, "the move is cut off midway")
        backup = made.back_up("night")
        case.did((backup / "broker" / "region.key").exists(), "a backup has the region's key and the seals")
        made.move()
        made.agree()
        error = refusal(made.certify)
        said = error.message if error else ""
        named = [name for name in ("keys.sqlite", "sealed_fields.dump") if name in said]
        case.stood(len(named) == 2, f"no certificate: {said[:300]}")
        shutil.rmtree(backup)
        told = made.checked(made.certify())
        case.stood(not told["scan"]["found"], f"once it is deleted, certified at leaf {told['leaf']}")
    return Outcome.DETECTED


@attack(Seat.DATABASE)
def table_copied(world: World, case: Case) -> Outcome:
    """The database's superuser copies the sealed fields into a table of their own before the move."""
    with a_move(world) as made:
        killed_in(lambda: made.move("counted"))
        world.sql("CREATE TABLE kept AS SELECT * FROM sealed_fields")
        try:
            case.did(world.sql("SELECT count(*) FROM kept")[0][0] > 0, "the copy holds the old seals")
            made.move()
            made.agree()
            error = refusal(made.certify)
            case.stood(error is not None and "postgres" in error.message, f"{error.message[:300] if error else ''}")
        finally:
            world.sql("DROP TABLE kept")
        told = made.checked(made.certify())
        case.stood(not told["scan"]["found"], f"once it is dropped, certified at leaf {told['leaf']}")
    return Outcome.DETECTED


@attack(Seat.DISK)
def killed_midway_and_read(world: World, case: Case) -> Outcome:
    """The process is killed behind each step, and then every file of the platform is read for what there was."""
    with a_move(world) as made:
        steps = ("planted", "counted", "secrets", "one", "moved")
        killed = [killed_in(partial(made.move, name)) for name in steps]
        journal = made.move()
        made.agree()
        ends = [killed_in(partial(made.certify, name)) for name in ("destroyed", "ended", "rewritten")]
        case.did(all(killed) and all(ends), f"killed {len(killed) + len(ends)} times, each time behind another step")
        told = made.checked(made.certify())
        before, after = journal.seen_before, told["scan"]
        case.did(before.get("table files", 0) > 0 and before.get("write-ahead log", 0) > 0, f"found before: {before}")
        files = sum(one["files"] for one in after["scanned"].values())
        case.stood(not after["found"], f"found after in {files} files: nothing")
        case.stood(told["inventory"]["before"] == told["inventory"]["after"], f"equal: {told['inventory']['after']}")
        case.stood(not (made.old.broker_folder / "region.key").exists(), "the old broker's folder has no key")
        with world.platform.database.connect() as connection:
            from_new = _opened(made, connection)
        case.stood(from_new == len(made.people), f"the new broker opens all {from_new}")
    return Outcome.PREVENTED


def _opened(made: Move, connection: Connection) -> int:
    seals = [(one, store.get(connection, one)) for one in made.people]
    return sum(Field.EMAIL in made.target.open_own(one, sealed) for one, sealed in seals)
