"""The one that writes the public log: takes what was accepted, appends it, publishes, and folds the numbers.

    accepted (database) ──► batch decided ──► tiles ──► checkpoint ──► numbers folded
                             committed         synced     renamed       one transaction

Killed anywhere, the next start goes on without loss or repeat, because each arrow can be done again with the same
result. Leaves are numbered without a gap in the transaction that accepts them, so the batch that begins at the log's
size is the leaves with those numbers, and none other ever. A batch is a set: it is written in the order of its bytes,
so that nobody can see which deeds came together from one viewer. The numbers move on from `folded` in the transaction
that adds to them, and are read from the log itself where a crash came between.

No clock is asked and no random number drawn: what stands in the log follows from what was accepted alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from sqlalchemy import Connection

from openforyou.core.errors import OpenForYouError
from openforyou.events.counts import gains
from openforyou.events.leaf import encode_record
from openforyou.events.log import store
from openforyou.events.log.errors import LogBehind, LogBusy, LogGap
from openforyou.ledger.disk import Disk, RealDisk
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.reader import Log
from openforyou.ledger.recovery import DiskSource
from openforyou.ledger.writer import LogWriter
from openforyou.storage.database import Database

BATCH_LEAVES_MAX = 50_000
PUBLISH_EVERY_S = 0.5
"""A number on a page is never older than two seconds: this, plus the time to write a batch."""
REFUSALS_EVERY_S = 10.0
RETRY_AFTER_S = 2.0
_log = logging.getLogger(__name__)

Cosign = Callable[[bytes, int], bytes]
"""(signed checkpoint, size of the published one) → the checkpoint with cosignatures; raises `NoQuorum`."""


class Sequencer:
    """The writer of one log. `step` for one round, `run` until told to stop; a second one on the same log stands by.

    `key` is asked for when the log is first opened. `cosign` gathers what witnesses say before anything is published.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        key: Callable[[], SigningKey],
        cosign: Cosign | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._database, self._folder, self._key, self._cosign = database, folder, key, cosign
        self._disk = disk or RealDisk(folder)
        self._writer: LogWriter | None = None
        self._claim: Connection | None = None
        self._stepping = threading.Lock()

    def step(self) -> int:
        """Publish everything that was accepted before the call; the log's size after it.

        Raises `LogBusy` when another process writes this log, `LogBehind` when database and log do not belong together,
        `LogGap` when the queue was changed by hand, `NoQuorum` when too few witnesses answered (what was accepted
        waits), and what a disk or a database raise. After any of these the next call begins anew from what is durable.
        """
        with self._stepping:
            try:
                writer = self._open()
                self._tell_refusals()
                while self._publish_batch(writer):
                    continue
                return writer.published_size
            except BaseException:
                self._let_go()
                raise

    def run(self, stop: threading.Event) -> None:
        """Step twice a second until `stop` is set; what fails is logged and tried again."""
        said = ""
        while not stop.is_set():
            began = monotonic()
            wait_s = PUBLISH_EVERY_S
            try:
                self.step()
                said = ""
            except LogBusy:
                wait_s = RETRY_AFTER_S  # another one writes; this one stands by
            except OpenForYouError as error:
                wait_s = RETRY_AFTER_S
                if str(error) != said:
                    said = str(error)
                    _log.error("nothing is published: %s", said)
            except Exception:
                wait_s = RETRY_AFTER_S
                _log.exception("nothing is published; it is tried again")
            stop.wait(max(0.0, wait_s - (monotonic() - began)))
        self.close()

    def close(self) -> None:
        """Let go of the log. A later `step` takes it again."""
        with self._stepping:
            self._let_go()

    def _open(self) -> LogWriter:
        if self._writer is not None and self._claim is not None:
            return self._writer
        self._let_go()
        self._claim = self._database.engine.connect()
        if not store.lock_sequencer(self._claim):
            raise LogBusy("Another process writes the log.", hint="It publishes what is accepted here as well.")
        self._claim.commit()
        with self._database.connect() as connection:
            state = store.state(connection)
        # Told beforehand: a log that lost its end, or all, must not be begun anew and shown to anybody.
        self._writer = LogWriter.open(self._folder, self._key(), self._disk, at_least=state.folded, cosign=self._cosign)
        self._catch_up(self._writer, state)
        return self._writer

    def _let_go(self) -> None:
        writer, self._writer = self._writer, None
        claim, self._claim = self._claim, None
        if writer is not None:
            writer.close()
        if claim is not None:
            store.unlock_sequencer(claim)
            claim.close()

    def _catch_up(self, writer: LogWriter, state: store.State) -> None:
        """Fold what was published and not folded, from the log itself; refuse to go on where the two do not fit."""
        size = writer.published_size
        if size > state.queued:
            raise LogBehind(
                f"The log in {self._folder} has {size} leaves, and the database has accepted only {state.queued}.",
                hint="The database is older than the log: restore a newer backup of it.",
            )
        log = Log(DiskSource(self._disk))
        start = state.folded
        while start < size:
            with self._database.connect() as connection:
                stop = store.batch_from(connection, start)
            if stop is None or stop > size:
                raise LogBehind(
                    f"The log in {self._folder} has {size} leaves, and the database no batch from {start}.",
                    hint="The database was set back and has gone on since: restore a newer backup of it.",
                )
            self._fold(start, stop, [leaf for part in log.entries(start, stop, size) for leaf in part])
            start = stop

    def _tell_refusals(self) -> None:
        """What was refused goes into the log as a sum by reason, every few seconds."""
        with self._database.begin() as connection:
            told = store.take_refusals(connection, older_than_s=REFUSALS_EVERY_S)
            if told is not None:
                since, until, by_reason = told
                leaf = encode_record("refused", {"since": since, "until": until, "by_reason": by_reason})
                store.enqueue(connection, [leaf])

    def _publish_batch(self, writer: LogWriter) -> bool:
        """One batch, all the way; False when nothing waits."""
        start = writer.published_size
        with self._database.begin() as connection:
            stop = store.batch_from(connection, start)
            if stop is None:
                stop = min(store.state(connection).queued, start + BATCH_LEAVES_MAX)
                if stop > start:
                    store.decide_batch(connection, start, stop)
        if stop <= start:
            return False
        with self._database.connect() as connection:
            leaves = store.pending(connection, start, stop)
        if len(leaves) != stop - start:
            raise LogGap(
                f"Of the leaves {start} to {stop - 1} that were accepted, {stop - start - len(leaves)} are gone.",
                hint="Somebody changed the queue by hand. Restore the database from a backup; see docs/ledger.md.",
            )
        leaves.sort()
        writer.append(leaves)
        writer.publish(self._cosign)
        self._fold(start, stop, leaves)
        return True

    def _fold(self, start: int, stop: int, leaves: Sequence[bytes]) -> None:
        with self._database.begin() as connection:
            folded = store.fold(connection, start, stop, gains(leaves))
        assert folded, "only the holder of the log moves the numbers"
