"""A load of clients, and victims that are killed under it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import orjson
from sqlalchemy import text

from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.log import store
from openforyou.events.log.errors import LogBusy
from openforyou.events.log.sequencer import Sequencer
from openforyou.events.types import COUNT_NAMES, Event, EventType, ServedSlate
from openforyou.ledger import fsck
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.errors import Missing
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import FolderSource
from openforyou.storage.database import Database
from tests.conftest import NOW
from tests.events.log import victim
from tests.events.log.model import Model, recount

ROOT = Path(__file__).parents[3]
KEY = SigningKey("killed.test", Algorithm.ED25519, bytes(32))
VIEWERS, ITEMS, CREATORS = 60, 30, 4
CLIENTS = 3
REPEATED = 0.2
WITHIN_S = 60.0
"""Nothing here takes so long; what does is an error and no hang."""


def secret_of(viewer: int) -> bytes:
    return bytes([viewer]) * 32


def until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.001)


class Nursery:
    """Starts victims and kills them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.events.log.victim"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def start(self, order: dict[str, object]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(orjson.dumps(order) + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    @staticmethod
    def kill(pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}").exists(), "a killed process stays")

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@dataclass
class Load:
    """Everything that clients sent and were told. `place` is the socket at which the present victim listens."""

    model: Model = field(default_factory=lambda: Model(secret_of))
    place: str = "/nowhere/yet"
    lock: threading.Lock = field(default_factory=threading.Lock)
    sent: list[Event] = field(default_factory=list)
    tally: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)
    failed: list[BaseException] = field(default_factory=list)

    def batch(self, random: Random) -> list[Event]:
        """New events, of which every fifth is one that somebody sent before."""
        with self.lock:
            batch = [
                random.choice(self.sent) if self.sent and random.random() < REPEATED else self._new(random)
                for _ in range(random.randint(1, 60))
            ]
            self.tally["sent"] += len(batch)
            self.tally["distinct"] = len(self.sent)
            return batch

    def _new(self, random: Random) -> Event:
        kind = random.choice(list(EventType))
        item = random.randint(1, ITEMS)
        event = Event(
            UUID(int=random.getrandbits(128)),
            kind,
            ViewerId(random.randint(1, VIEWERS)),
            ItemId(item),
            CreatorId(100 + item % CREATORS),
            RequestId(1),
            NOW - timedelta(seconds=random.randint(0, 80_000)),
            watch_ms=random.randint(1, 9_000) if kind is EventType.WATCH else 0,
        )
        self.model.arrived(event, NOW)
        self.sent.append(event)
        return event

    def slate(self, random: Random) -> ServedSlate:
        items = tuple(ItemId(one) for one in random.sample(range(1, ITEMS + 1), 4))
        request = RequestId(random.getrandbits(62))
        slate = ServedSlate(request, ViewerId(random.randint(1, VIEWERS)), NOW, "for_you", items, {})
        with self.lock:
            self.model.slate(slate)
        return slate


class Client(threading.Thread):
    """Sends, and sends again with the same ids until it is answered, whoever dies meanwhile."""

    def __init__(self, load: Load, seed: int) -> None:
        super().__init__(daemon=True)
        self._load, self._random = load, Random(seed)
        self._connection: socket.socket | None = None

    def run(self) -> None:
        try:
            while not self._load.over.is_set():
                self._send_events()
                if self._random.random() < 0.1:
                    self._serve()
                time.sleep(0.002)
        except BaseException as error:  # told by the test, in its own thread
            self._load.failed.append(error)
        finally:
            self._hang_up()

    def _send_events(self) -> None:
        batch = self._load.batch(self._random)
        line = victim.pack(batch)
        deadline = time.monotonic() + WITHIN_S
        while True:
            impatient = self._random.random() < 0.03
            answer = self._ask(line, impatient=impatient)
            if answer is not None:
                break
            assert time.monotonic() < deadline, "a client is never answered"
            time.sleep(0.0 if impatient else 0.005)
        self._load.tally["answers"] += 1
        outcomes = orjson.loads(answer)
        assert len(outcomes) == len(batch)
        with self._load.lock:
            self._load.model.answer(batch)
            self._load.tally.update(outcomes)

    def _serve(self) -> None:
        """A slate has no second try: a feed that is asked again gives another one."""
        slate = self._load.slate(self._random)
        if self._ask(victim.pack_slate(slate)) is not None:
            with self._load.lock:
                self._load.model.slates_answered.add(slate.request_id)

    def _ask(self, line: bytes, *, impatient: bool = False) -> bytes | None:
        """The line answered; None where the other side died, or where `impatient` hangs up before it answers."""
        try:
            if self._connection is None:
                self._connection = socket.socket(socket.AF_UNIX)
                self._connection.settimeout(WITHIN_S)
                self._connection.connect(self._load.place)
            self._connection.sendall(line)
            self._load.tally["requests"] += 1
            if impatient:
                self._hang_up()
                return None
            answer = b""
            while not answer.endswith(b"\n"):
                more = self._connection.recv(1 << 16)
                if not more:
                    raise ConnectionError
                answer += more
            return answer
        except (ConnectionError, FileNotFoundError):
            self._hang_up()
            return None

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass
class Scene:
    """A database, a log folder, and whoever writes there at present."""

    database: Database
    url: str
    folder: Path
    policy: str = ""
    load: Load = field(default_factory=Load)
    number: int = 0
    seen: bytes | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def order(self) -> dict[str, object]:
        """For the next victim, at a socket of its own."""
        self.number += 1
        (self.folder / "marks").write_bytes(bytes(2))
        place = str(self.folder / f"socket.{self.number}")
        return {
            "role": "platform",
            "url": self.url,
            "folder": str(self.log),
            "key": KEY.text(),
            "socket": place,
            "marks": str(self.folder / "marks"),
            "now": NOW.isoformat(),
            "policy": self.policy,
        }

    def trusted(self) -> Policy:
        return Policy.parse(self.policy) if self.policy else Policy.single(KEY.vkey())

    def check_log(self) -> list[bytes]:
        """The log as it lies: whole, and grown from what was seen of it before."""
        entries: list[bytes] = []
        with suppress(Missing):
            report = fsck.check(
                FolderSource(self.log),
                self.trusted(),
                remembered=self.seen,
                on_entries=lambda _, more: entries.extend(more),
            )
            self.seen = report.signed
        return entries

    def check_all(self) -> list[bytes]:
        """Everything sent is told, everything told is there, once; and the numbers are those of the log."""
        cosigners = Cosigners(self.trusted()) if self.policy else None
        cosign = cosigners.for_log(FolderSource(self.log)) if cosigners else None
        log = Sequencer(self.database, self.log, lambda: KEY, cosign)

        def published() -> bool:
            with suppress(LogBusy):  # the database may not have noticed yet that the last one is dead
                log.step()
                return True
            return False

        until(published, "the log stays busy")
        log.close()
        if cosigners:
            cosigners.close()
        leaves = self.check_log()
        self.load.model.check(leaves, complete=True)
        assert self.load.model.answered == {event.id for event in self.load.sent}, "clients go on until answered"
        items, followers = recount(leaves)
        with self.database.connect() as connection:
            state = store.state(connection)
            assert state.queued == state.folded == len(leaves)
            rows = connection.execute(text(f"SELECT item_id, {', '.join(COUNT_NAMES)} FROM item_counts")).all()
            shown = {row[0]: {name: n for name, n in zip(COUNT_NAMES, row[1:], strict=True) if n} for row in rows}
            assert {item: told for item, told in shown.items() if told} == items
            rows = connection.execute(text("SELECT creator_id, followers FROM creator_counts")).all()
            assert {row[0]: row[1] for row in rows if row[1]} == followers
            times = Counter(leaves)
            kept = [bytes(leaf) for leaf in connection.scalars(text("SELECT leaf FROM events"))]
            assert {times[leaf] for leaf in kept} == {1}, "each event that was kept has its leaf, once"
        return leaves

    def told(self, kills: int, leaves: int) -> str:
        tally, model = self.load.tally, self.load.model
        return (
            f"{kills} kills; {tally['sent']} events sent, {tally['distinct']} of them distinct, in {tally['requests']} "
            f"requests, {tally['answers']} of them answered; {tally['accepted'] + tally['repeated']} acknowledged "
            f"({tally['accepted']} accepted, {tally['repeated']} repeated); {len(model.slates_answered)} of "
            f"{len(model.slates)} slates; {leaves} leaves in the log"
        )
