"""A small real platform to be killed: intake and sequencer on a database and a log folder, behind a socket.

    python -m tests.events.log.victim ORDER      one victim, for a tracer around it
    python -m tests.events.log.victim            a nursery: each line of its input is an order, for which it forks a
                                                 victim and says its process id; the import is paid for once

A client writes a line of events and gets a line of outcomes, once they are durable. The victim notes in a shared file
what it is at, so that a killer can choose its moment.
"""

from __future__ import annotations

import mmap
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events import intake
from openforyou.events.log import sequencer
from openforyou.events.types import Event, EventType, ServedSlate
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.disk import RealDisk
from openforyou.ledger.keys import SigningKey, VerifyingKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource
from openforyou.ledger.witness import Witness
from openforyou.storage.database import Database

STARTING, SERVING, WRITING = 1, 2, 3
PUBLISHING, FOLDING = 1, 2


class Given:
    """Secrets known beforehand, as `killing.secret_of` has them."""

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        return {one: bytes([one]) * 32 for one in viewers}


class Noted(intake.Intake):
    """The intake, which says when it writes."""

    marks: mmap.mmap

    def _commit(self, group: list[Any]) -> None:
        self.marks[0] = WRITING
        super()._commit(group)
        self.marks[0] = SERVING


class Followed(sequencer.Sequencer):
    """The sequencer, which says what it is at."""

    marks: mmap.mmap

    def _publish_batch(self, writer: Any) -> bool:
        self.marks[1] = PUBLISHING
        try:
            return super()._publish_batch(writer)
        finally:
            self.marks[1] = 0

    def _fold(self, *batch: Any) -> None:
        self.marks[1] = FOLDING
        super()._fold(*batch)


def open_marks(path: str) -> mmap.mmap:
    with Path(path).open("r+b") as file:
        return mmap.mmap(file.fileno(), 2)


def pack(events: list[Event]) -> bytes:
    """A line that asks for events to be taken in."""
    told = [
        (e.id.hex, e.type.value, e.viewer_id, e.item_id, e.creator_id, e.occurred_at.isoformat(), e.watch_ms)
        for e in events
    ]
    return orjson.dumps({"events": told}) + b"\n"


def pack_slate(slate: ServedSlate) -> bytes:
    told = (slate.request_id, slate.viewer_id, slate.served_at.isoformat(), slate.item_ids)
    return orjson.dumps({"slate": told}) + b"\n"


def _event(told: list[Any]) -> Event:
    id_, kind, viewer, item, creator, at, watch_ms = told
    at = datetime.fromisoformat(at)
    return Event(
        UUID(id_), EventType(kind), ViewerId(viewer), ItemId(item), CreatorId(creator), RequestId(1), at, watch_ms
    )


def _slate(told: list[Any]) -> ServedSlate:
    request, viewer, at, items = told
    return ServedSlate(
        RequestId(request), ViewerId(viewer), datetime.fromisoformat(at), "for_you", tuple(map(ItemId, items)), {}
    )


def live(order: dict[str, Any]) -> None:
    """Until killed."""
    threading.Thread(target=_leave_with_parent, args=(os.getppid(),), daemon=True).start()
    if order["role"] == "witness":
        _witness(order)
    else:
        _platform(order)


def _platform(order: dict[str, Any]) -> None:
    marks = open_marks(order["marks"])
    marks[0] = STARTING
    sequencer.PUBLISH_EVERY_S, sequencer.RETRY_AFTER_S = 0.02, 0.05
    folder, key = Path(order["folder"]), SigningKey.from_text(order["key"])
    database = Database.open(order["url"], pool_size=4)
    taking = Noted(database, ManualClock(datetime.fromisoformat(order["now"])), Given())
    taking.marks = marks
    cosign = Cosigners(Policy.parse(order["policy"])).for_log(FolderSource(folder)) if order["policy"] else None
    log = Followed(database, folder, lambda: key, cosign)
    log.marks = marks
    threading.Thread(target=log.run, args=(threading.Event(),), daemon=True).start()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(order["socket"])
        listener.listen()
        marks[0] = SERVING
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve, args=(connection, taking), daemon=True).start()


def _serve(connection: socket.socket, taking: intake.Intake) -> None:
    with suppress(ConnectionError), connection, connection.makefile("rb") as lines:
        for line in lines:
            asked = orjson.loads(line)
            if "events" in asked:
                outcomes = taking.accept([_event(told) for told in asked["events"]])
            else:
                outcomes = taking.record(_slate(asked["slate"])).result(intake.ANSWER_TIMEOUT_S)
            connection.sendall(orjson.dumps([outcome.value for outcome in outcomes]) + b"\n")


def _witness(order: dict[str, Any]) -> None:
    import uvicorn

    from openforyou.web.witness import create_app

    keys = [SigningKey.from_text(order["key"])]
    witness = Witness(RealDisk(Path(order["folder"])), keys, [VerifyingKey.from_vkey(order["log"])])
    uvicorn.run(create_app(witness), host="127.0.0.1", port=order["port"], log_level="critical")


def _leave_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _nurse() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead leave nothing behind
    for line in sys.stdin.buffer:
        child = os.fork()
        if not child:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                live(orjson.loads(line))
            finally:
                os._exit(1)
        sys.stdout.buffer.write(b"%d\n" % child)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        live(orjson.loads(sys.argv[1]))
    else:
        _nurse()
