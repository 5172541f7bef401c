"""Receipts: proof that one's own event stands in the public log, good without us."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from openforyou.core.ids import ViewerId
from openforyou.events import store as events_store
from openforyou.events.log import store
from openforyou.events.log.errors import NoReceipt, NotInLog, NotYetPublished
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.proof import Proof
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource
from openforyou.storage.database import Database


class Receipts:
    """Of one log and its database."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._log = Log(FolderSource(folder))

    def receipt(self, viewer_id: ViewerId, event_id: UUID) -> tuple[bytes, Proof]:
        """The leaf of a viewer's own event, and the proof that it stands in the newest published log.

        Raises `NoReceipt` where there is none, or not theirs; `NotYetPublished` in the first second or two.
        """
        with self._database.connect() as connection:
            held = events_store.leaf_of(connection, event_id, viewer_id)
        if held is None:
            raise NoReceipt(
                "You have no such event in the log.",
                hint="An event that was answered `repeated` counted before: ask for that one.",
            )
        return held[0], self.proof(held[1], held[0])

    def proof(self, seq: int, leaf: bytes) -> Proof:
        """That a leaf which `enqueue` numbered `seq` stands in the newest published log. Raises `NotYetPublished`."""
        index = self.place(seq, leaf)
        if index is None:
            raise NotYetPublished("It waits for the log.", hint="Ask again in two seconds.")
        signed = self._log.checkpoint_bytes()
        checkpoint, _ = parse_checkpoint(signed)
        return Proof(index, tuple(self._log.inclusion_proof(index, checkpoint.size, checkpoint.root)), signed)

    def place(self, seq: int, leaf: bytes) -> int | None:
        """Where a leaf that `enqueue` numbered `seq` stands in the published log; None where it does not yet.

        Raises `NotInLog` where its batch is published without it.
        """
        with self._database.connect() as connection:
            batch = store.batch_of(connection, seq)
            folded = store.state(connection).folded
        if batch is None or batch[1] > folded:
            return None
        start, stop = batch
        at = start
        for part in self._log.entries(start, stop, folded):
            for entry in part:
                if entry == leaf:
                    return at
                at += 1
        raise NotInLog(
            f"The log does not hold the leaf {leaf.hex()} that was accepted; it should lie from {start} to {stop - 1}.",
            hint="Keep this answer and the checkpoint: together they show that the log was tampered with.",
        )
