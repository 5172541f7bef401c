"""Somebody goes: everything that is theirs, in steps that can each be done again, by any process.

    said in the log ─► loosened ─► files ─► rows ─► keys ─┬─► one more look ─► done
                                                          └─► waits for a claim ─┘

Where a process is killed, the worker goes on with the step that was not finished. The one more look takes what was on
its way while the rows went: an event that was being written, a tab that was still open.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from openforyou.core.clock import Clock
from openforyou.core.ids import new_id
from openforyou.core.progress import Progress, silent
from openforyou.events.leaf import SECRET_BYTES
from openforyou.events.log.store import enqueue
from openforyou.events.secrets import FRESH_S
from openforyou.privacy.person import store
from openforyou.privacy.person.errors import ErasureNotFound
from openforyou.privacy.person.places import PLACES, Fate, Key, Place
from openforyou.privacy.person.rules import erasure_leaf, mark, whose
from openforyou.privacy.person.types import Contested, Person, Receipt, State, Ties, What
from openforyou.privacy.vault.errors import Destroyed
from openforyou.privacy.vault.types import Keeper
from openforyou.storage.database import Database

AGAIN_AFTER = timedelta(seconds=FRESH_S + 30)
"""Longer than any event waits to be written, and than any process remembers a secret (`events/secrets.py`)."""
FILES = "files"
_log = logging.getLogger(__name__)


class Erasing:
    """On one database. `ties` is what the rooms above do; `keeper` destroys keys, and makes a receipt's mark."""

    def __init__(self, database: Database, clock: Clock, ties: Ties, keeper: Keeper) -> None:
        self._database = database
        self._clock = clock
        self._ties = ties
        self._keeper = keeper
        self._steps = {"loosen": self._loosen, "files": self._files, "rows": self._rows, "keys": self._keys}

    def forget(self, person: Person, what: What, progress: Progress = silent) -> Receipt:
        """Forget somebody. Asked again, it goes on with what was begun, or answers what was done then.

        An anonymous viewer has no account that could stay: all of theirs goes. Raises `Unmapped`, and then nothing is
        done; whatever else is raised, the worker goes on from there.
        """
        store.require_mapped()
        erasure_id = self._begun(person, what if person.account_id is not None else What.EVERYTHING)
        self._go_on(erasure_id, progress)
        return self.receipt(erasure_id)

    def receipt(self, erasure_id: int) -> Receipt:
        """What was done. Raises `ErasureNotFound`."""
        with self._database.connect() as connection:
            found = store.erasure(connection, erasure_id)
        if found is None:
            raise ErasureNotFound
        return found[0]

    def resume(self) -> int:
        """Go on with every erasure that has steps left; answers how many came to their end. One that fails is told to
        the log of the process and tried again."""
        with self._database.connect() as connection:
            left = store.unfinished(connection)
        ended = 0
        for erasure_id in left:
            try:
                self._go_on(erasure_id, silent)
                ended += self.receipt(erasure_id).state is State.DONE
            except Exception:
                _log.exception("an erasure could not go on; it is tried again")
        return ended

    def rewrite(self) -> list[str]:
        """Have the database write every table that held something of a person anew, and begin a new piece of its
        write-ahead log. Each table is locked meanwhile. Answers what it would not do."""
        return store.rewrite(self._database.engine)

    def _begun(self, person: Person, what: What) -> int:
        known, secret = whose(person.viewer_id), self._secret(person.viewer_id)
        with self._database.begin() as connection:
            store.lock_whose(connection, known)
            before = store.newest_of(connection, known)
            if before is not None and self._is_answered(connection, before[0], person, what):
                return before[0].id
            erasure_id, now = new_id(), self._clock.now()
            leaf = erasure_leaf(erasure_id, what, mark(secret, erasure_id), now)
            seq = enqueue(connection, [leaf])
            receipt = Receipt(erasure_id, what, State.GOING, now, None, None, {}, (), leaf, seq)
            told = {**person.as_dict(), "next_viewer": new_id()}
            store.begin(connection, receipt, known, next(iter(self._steps)), told)
        return erasure_id

    def _secret(self, viewer_id: int) -> bytes:
        """Makes their mark. Of one whose key was destroyed before, any: it leads nowhere either way."""
        try:
            return self._keeper.event_secrets([viewer_id])[viewer_id]
        except Destroyed:
            return os.urandom(SECRET_BYTES)

    def _is_answered(self, connection: Connection, before: Receipt, person: Person, what: What) -> bool:
        """Whether an erasure does, or did, all that is asked for now."""
        if before.what is not what and before.what is not What.EVERYTHING:
            return False
        gone = [one for one in PLACES if one.fate is Fate.GONE]
        return before.state is not State.DONE or not any(store.count(connection, one, person) for one in gone)

    def _go_on(self, erasure_id: int, progress: Progress) -> None:
        with self._database.connect() as connection:
            if not store.claim(connection, erasure_id):
                return
            connection.commit()  # The lock is the session's: no transaction stays open meanwhile.
            try:
                self._walk(erasure_id, progress)
            finally:
                store.release(connection, erasure_id)
                connection.commit()

    def _walk(self, erasure_id: int, progress: Progress) -> None:
        names = list(self._steps)
        with self._database.connect() as connection:
            found = store.erasure(connection, erasure_id)
        assert found is not None, "an erasure is never deleted"
        receipt, step, told = found
        if told is None:
            return
        person = Person.read(told)
        for place, name in enumerate(names):
            if step == name:
                progress(place, len(names), name)
                self._steps[name](erasure_id, person, receipt.what, told["next_viewer"])
                step = names[place + 1] if place + 1 < len(names) else "again"
                with self._database.begin() as connection:
                    values: dict[str, object] = {}
                    if step == "again":
                        waits = _waits(self._kept(person, receipt.what))
                        values = {"gone_at": self._clock.now(), "state": State.LOOKING.value, "waits": waits}
                    store.change(connection, erasure_id, step=step, **values)
        progress(len(names), len(names), "again")
        self._again(self.receipt(erasure_id), person, told["next_viewer"])

    # The steps

    def _loosen(self, _: int, person: Person, what: What, next_viewer: int) -> None:
        self._ties.loosen(person, what, next_viewer)

    def _files(self, erasure_id: int, person: Person, what: What, _: int) -> None:
        if what is What.HISTORY:
            return
        kept = self._ties.contested(person)
        with self._database.connect() as connection:
            items = set(store.numbers(connection, Key.ITEM, person)) - kept.items
            sounds = store.numbers(connection, Key.SOUND, person)
        count = self._ties.remove_files(person, items, sounds)
        with self._database.begin() as connection:
            self._count(connection, erasure_id, FILES, count)

    def _rows(self, erasure_id: int, person: Person, what: What, next_viewer: int) -> None:
        self._remove([one for one in PLACES if not one.is_key], (erasure_id, person, what, next_viewer))

    def _keys(self, erasure_id: int, person: Person, what: What, next_viewer: int) -> None:
        self._remove([one for one in PLACES if one.is_key], (erasure_id, person, what, next_viewer))
        gone = person.leaving(what)
        self._keeper.destroy(gone.subjects)
        self._ties.keys_gone(gone)

    def _again(self, receipt: Receipt, person: Person, next_viewer: int) -> None:
        """One more look, once it is time; then what waited, and the end."""
        now = self._clock.now()
        if receipt.gone_at is None or now < receipt.gone_at + AGAIN_AFTER:
            return
        for step in (self._files, self._rows, self._keys):
            step(receipt.id, person, receipt.what, next_viewer)
        kept = self._kept(person, receipt.what)
        with self._database.begin() as connection:
            if kept.claims:
                store.change(connection, receipt.id, state=State.WAITING.value, waits=_waits(kept))
            else:
                ended: dict[str, Any] = {
                    "state": State.DONE.value,
                    "step": "",
                    "person": None,
                    "waits": [],
                    "finished_at": now,
                }
                store.change(connection, receipt.id, **ended)

    def _remove(self, places: list[Place], about: tuple[int, Person, What, int]) -> None:
        erasure_id, person, what, next_viewer = about
        kept = self._kept(person, what)
        wanted = [one for one in places if one.fate is not Fate.STAYS and (what is What.EVERYTHING or one.is_history)]
        for table in store.tables_of(wanted):
            for place in (one for one in wanted if one.table == table):
                with self._database.begin() as connection:
                    if what is What.HISTORY and place.is_choice:
                        store.take_along(connection, place, person.viewer_id, next_viewer)
                    else:
                        self._count(connection, erasure_id, table, store.remove(connection, place, person, kept))

    def _kept(self, person: Person, what: What) -> Contested:
        return self._ties.contested(person) if what is What.EVERYTHING else Contested()

    def _count(self, connection: Connection, erasure_id: int, name: str, more: int) -> None:
        """In the transaction that removed them, so that what is said is what was done."""
        found = store.erasure(connection, erasure_id)
        if found is not None and more > 0:
            counted = dict(found[0].removed)
            counted[name] = counted.get(name, 0) + more
            store.change(connection, erasure_id, removed=counted)


def _waits(kept: Contested) -> list[str]:
    if not kept.claims:
        return []
    until = "" if kept.until is None else f", which is to be decided by {kept.until.date().isoformat()}"
    clips = f"{len(kept.items)} clips that it is about, out of sight, " if kept.items else ""
    return [
        f"Claim {', '.join(kept.claims)} is open{until}. Until it is closed these stay, as the other side's evidence: "
        f"{clips}your name as a creator, your proofs of accounts elsewhere and your words in the claim. Then they go."
    ]
