"""Archives that were sent to the site: looked through, decided about by their owner, taken in a piece at a time.

    received ─► looking ─► found ── the owner ticks ──► waiting ─► … ─► done
                   └─► refused, with the reason            └─► refused

The archive is a blob until it is done. A piece of work is short, so that others' uploads come between, and a process
that is killed leaves one that the next goes on with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

from openforyou.catalog.types import Right
from openforyou.core.errors import BadInput, Conflict, NotAllowed
from openforyou.core.ids import CreatorId, encode_id, new_id
from openforyou.ingest.imports import store
from openforyou.ingest.imports.errors import NoSuchImport
from openforyou.ingest.imports.reading import web_address
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked, Line, Outcome, Report, Run, RunState
from openforyou.ingest.imports.working import Pace
from openforyou.ingest.rules import checked_name
from openforyou.ingest.workspace import workspace
from openforyou.storage.blobs import local_copy

PIECE_S = 20.0
"""How long one piece of work lasts, about: the entry that is begun is brought to its end."""
RUNS_MAX = 3
"""Archives of one creator at once."""
KEPT = timedelta(days=7)
"""An archive that nobody decides about is deleted."""
UNRECORDED_AFTER_S = 3_600
LINES_MAX = 2_000
"""Of a run's entries so many are kept to be shown; all are counted."""
ATTEMPTS_MAX = 3
SHOWN = 20


class Runs:
    """The archives of everybody."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports
        self._database, self._blobs, self._clock = imports.database, imports.blobs, imports.clock

    # Their owner

    def receive(self, path: Path, name: str, creator_id: CreatorId) -> int:
        """Keep an archive, to be looked through. Raises `Conflict` where too many are here already."""
        name = checked_name(name)
        run_id, now = new_id(), self._clock.now()
        key = f"imports/{encode_id(run_id)}-{int(now.timestamp())}"
        with self._database.connect() as connection:
            if store.unfinished_count(connection, creator_id) >= RUNS_MAX:
                raise Conflict(f"You have {RUNS_MAX} archives here.", hint="Finish one, or cancel it.")
        self._blobs.put(key, path)
        try:
            with self._database.begin() as connection:
                store.insert_run(connection, run_id, creator_id, name, key, now)
        except BaseException:
            self._blobs.delete(key)
            raise
        return run_id

    def receive_address(self, address: str, creator_id: CreatorId) -> int:
        """Note the address of a feed, to be looked through. Raises `BadInput`, `Conflict`."""
        plain = web_address(address)
        if not plain:
            raise BadInput(f"{address[:80]!r} is no web address.", hint="It begins with https://.", field="address")
        run_id = new_id()
        with self._database.begin() as connection:
            if store.unfinished_count(connection, creator_id) >= RUNS_MAX:
                raise Conflict(f"You have {RUNS_MAX} archives here.", hint="Finish one, or cancel it.")
            store.insert_run(connection, run_id, creator_id, plain, "", self._clock.now())
        return run_id

    def of(self, creator_id: CreatorId) -> list[Run]:
        """A creator's, newest first."""
        with self._database.connect() as connection:
            return store.runs_of(connection, creator_id, SHOWN)

    def run(self, run_id: int, creator_id: CreatorId) -> Run:
        """One of a creator's own. Raises `NoSuchImport`, also for somebody else's."""
        with self._database.connect() as connection:
            found = store.find_run(connection, run_id)
        if found is None or found.creator_id != creator_id:
            raise NoSuchImport
        return found

    def start(self, run_id: int, creator_id: CreatorId, rights: Collection[Right], *, show_private: bool) -> None:
        """Take in what was found. Raises `NoSuchImport`, `Conflict`."""
        self.run(run_id, creator_id)
        values = {"rights": sorted(right.value for right in rights), "show_private": show_private, "done": 0}
        with self._database.begin() as connection:
            if not store.move_run(connection, run_id, RunState.FOUND, state=RunState.WAITING.value, **values):
                raise Conflict("This archive does not wait for a decision.", hint="Look at where it stands.")

    def cancel(self, run_id: int, creator_id: CreatorId) -> None:
        """Forget an archive. What it brought in stays. Raises `NoSuchImport`."""
        run = self.run(run_id, creator_id)
        with self._database.begin() as connection:
            store.remove_run(connection, run_id)
        if run.blob_key:
            self._blobs.delete(run.blob_key)

    # The worker

    def work_next(self, piece_s: float = PIECE_S) -> bool:
        """One piece of work on the oldest archive that waits; False when there is none."""
        with self._database.connect() as connection:
            waiting = store.waiting_runs(connection)
            for run_id in waiting:
                if not store.claim(connection, store.RUN_LOCK, run_id):
                    continue
                connection.commit()
                try:
                    run = store.find_run(connection, run_id)
                    connection.commit()
                    is_due = run is not None and run.state in (RunState.LOOKING, RunState.WAITING)
                    if run is not None and is_due and self._work(run, piece_s):
                        return True
                finally:
                    store.release(connection, store.RUN_LOCK, run_id)
                    connection.commit()
        return False

    def sweep(self) -> None:
        """Delete what nobody decided about, and archives that no run needs any more."""
        now = self._clock.now()
        with self._database.begin() as connection:
            for run in store.expired_runs(connection, now - KEPT):
                store.remove_run(connection, run.id)
            needed = store.run_keys(connection)
        for key in self._blobs.keys("imports/"):
            stamp = key.rpartition("-")[2]
            is_old = stamp.isdecimal() and int(stamp) < now.timestamp() - UNRECORDED_AFTER_S
            if key not in needed and is_old:
                self._blobs.delete(key)

    def _work(self, run: Run, piece_s: float) -> bool:
        """False where it cannot be worked on now, because another import of the same creator runs."""
        with self._database.begin() as connection:
            attempts = store.count_attempt(connection, run.id)
        try:
            if attempts > ATTEMPTS_MAX:
                raise BadInput(f"{run.name} could not be taken in: {ATTEMPTS_MAX} attempts broke off.")
            with self._source(run) as source:
                if run.state is RunState.LOOKING:
                    self._look(run, source)
                else:
                    self._bring_in(run, source, piece_s)
        except (BadInput, NotAllowed) as error:
            self._end(run, state=RunState.REFUSED.value, reason=str(error))
        except Conflict:
            with self._database.begin() as connection:
                store.set_run(connection, run.id, attempts=0)
            return False
        return True

    def _look(self, run: Run, source: Source) -> None:
        found = self._imports.look(source)
        report = self._imports.planned(run.creator_id, found, Asked())
        self._tell(run, report, state=RunState.FOUND.value, total=len(report.lines))

    def _bring_in(self, run: Run, source: Source, piece_s: float) -> None:
        until = monotonic() + piece_s

        def progress(done: int, total: int, message: str = "") -> None:  # noqa: ARG001 - the page has the lines
            with self._database.begin() as connection:
                store.set_run(connection, run.id, done=done, total=total)

        asked = Asked(run.rights, run.show_private)
        pace = Pace(progress, finish=False, stops=lambda: monotonic() >= until)
        report = self._imports.bring_in(run.creator_id, source, asked, pace)
        if report.is_whole:
            self._tell(run, report, done=len(report.lines), total=len(report.lines))
            self._end(run, state=RunState.DONE.value)
        else:
            with self._database.begin() as connection:
                store.set_run(connection, run.id, attempts=0)

    def _tell(self, run: Run, report: Report, **values: object) -> None:
        lines = sorted(report.lines, key=_order)[:LINES_MAX]
        owner = {"platform": report.platform, "owner_handle": report.owner.handle, "owner_id": report.owner.id}
        told = {
            "lines": [store.line_dict(line) for line in lines],
            "counts": dict(Counter(line.outcome.value for line in report.lines)),
        }
        with self._database.begin() as connection:
            store.set_run(connection, run.id, attempts=0, **owner, **told, **values)

    def _end(self, run: Run, **values: object) -> None:
        with self._database.begin() as connection:
            store.set_run(connection, run.id, **values)
        if run.blob_key:
            self._blobs.delete(run.blob_key)

    @contextmanager
    def _source(self, run: Run) -> Iterator[Source]:
        """The archive as a file of this machine, copied only where the store is elsewhere; a feed as its address."""
        if not run.blob_key:
            yield Source(run.name, run.name)
            return
        with workspace() as folder:
            yield Source(local_copy(self._blobs, run.blob_key, folder / "archive"), run.name)


def _order(line: Line) -> int:
    """What comes in first."""
    return list(Outcome).index(line.outcome)
