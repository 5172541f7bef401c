"""Killed with SIGKILL again and again, under load with repeats: what was answered is in the log once, and nothing twice.

Two oracles, of which neither knows the code: `model` says which leaves must be there from what was sent, and counts the
numbers again from the leaves as sets.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

import orjson
import pytest
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
PLAN = [("now", 2), ("starting", 8), ("writing", 18), ("publishing", 18), ("folding", 10), ("any", 8)]


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
        tally = self.load.tally
        answered = tally["accepted"] + tally["repeated"]
        return (
            f"{kills} kills; {tally['sent']} events sent of which {tally['distinct']} distinct, in {tally['requests']} "
            f"requests of which {tally['answers']} were answered; {answered} acknowledged ({tally['accepted']} accepted, {tally['repeated']} repeated); "
            f"{len(self.load.model.slates_answered)} of {len(self.load.model.slates)} slates; {leaves} leaves in the log"
        )


@pytest.fixture
def scene(database: Database, database_url: str) -> Iterator[Scene]:
    with database.begin() as connection:
        for viewer in range(1, VIEWERS + 1):
            values = {"viewer": viewer, "secret": secret_of(viewer)}
            connection.execute(text("INSERT INTO viewer_secrets VALUES (:viewer, :secret)"), values)
    with TemporaryDirectory(prefix="ofy-") as folder:  # short: the path of a socket has a limit
        yield Scene(database, database_url, Path(folder))


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def clients(scene: Scene) -> Iterator[list[Client]]:
    started = [Client(scene.load, seed) for seed in range(CLIENTS)]
    yield started
    scene.load.over.set()


def await_moment(scene: Scene, moment: str, random: Random) -> None:
    """Return when the victim is at it, or shortly after."""
    marks = victim.open_marks(str(scene.folder / "marks"))
    wanted = {
        "starting": (0, victim.STARTING, 0.030),
        "writing": (0, victim.WRITING, 0.006),
        "publishing": (1, victim.PUBLISHING, 0.008),
        "folding": (1, victim.FOLDING, 0.004),
    }
    if moment == "any":
        until(lambda: marks[0] >= victim.SERVING, "the victim does not start")
        time.sleep(random.uniform(0.02, 0.3))
    elif moment != "now":
        place, value, spread_s = wanted[moment]
        if moment != "starting":
            answers = scene.load.tally["answers"] + random.randint(0, 12)
            until(lambda: scene.load.tally["answers"] > answers or bool(scene.load.failed), "nobody is answered")
        until(lambda: marks[place] == value or bool(scene.load.failed), f"never {moment}")
        time.sleep(random.uniform(0.0, spread_s))
    marks.close()


def finish(scene: Scene, clients: list[Client]) -> None:
    """Let everybody be answered."""
    scene.load.over.set()
    for client in clients:
        client.join(WITHIN_S)
        assert not client.is_alive()
    assert scene.load.failed == []


def test_killed_sixty_times_under_load(scene: Scene, nursery: Nursery, clients: list[Client]) -> None:
    random = Random(7)
    moments = [moment for moment, times in PLAN for _ in range(times)]
    random.shuffle(moments)
    for client in clients:
        client.start()
    for number, moment in enumerate(moments):
        order = scene.order()
        pid = nursery.start(order)
        scene.load.place = str(order["socket"])
        await_moment(scene, moment, random)
        nursery.kill(pid)
        if number % 8 == 0:
            scene.check_log()
        assert scene.load.failed == []
    order = scene.order()
    pid = nursery.start(order)
    scene.load.place = str(order["socket"])
    finish(scene, clients)
    nursery.kill(pid)
    leaves = scene.check_all()
    tally = scene.load.tally
    assert tally["sent"] - tally["distinct"] > 0.15 * tally["sent"]
    assert len(leaves) > 500
    print(f"\nno loss, no double: {scene.told(len(moments) + 1, len(leaves))}")


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_killed_with_its_witnesses(scene: Scene, nursery: Nursery, clients: list[Client]) -> None:
    """Two of three witnesses must cosign; one of them dies now and then, and so does the platform."""
    random = Random(8)
    keys = [SigningKey(f"w{n}.test", Algorithm.ED25519_COSIGNATURE, bytes([n]) * 32) for n in (1, 2, 3)]
    ports = [free_port() for _ in keys]
    lines = [f"witness w{n} {keys[n].verifying.vkey()} http://127.0.0.1:{ports[n]}" for n in range(3)]
    scene.policy = "\n".join([f"log {KEY.vkey()}", *lines, "group two 2 w0 w1 w2", "quorum two", ""])
    orders = [
        {"role": "witness", "folder": str(scene.folder / f"w{n}"), "key": keys[n].text(), "port": ports[n], "log": KEY.vkey()}
        for n in range(3)
    ]
    witnesses = [nursery.start(order) for order in orders]
    for client in clients:
        client.start()
    moments = ["now", "starting", *["publishing"] * 6, *["any"] * 3, "folding"]
    random.shuffle(moments)
    for moment in moments:
        order = scene.order()
        pid = nursery.start(order)
        scene.load.place = str(order["socket"])
        killed = random.randrange(3)
        nursery.kill(witnesses[killed])
        await_moment(scene, moment, random)
        nursery.kill(pid)
        witnesses[killed] = nursery.start(orders[killed])
        assert scene.load.failed == []
    order = scene.order()
    pid = nursery.start(order)
    scene.load.place = str(order["socket"])
    finish(scene, clients)
    nursery.kill(pid)
    leaves = scene.check_all()
    for witness in witnesses:
        nursery.kill(witness)
    print(f"\nwith witnesses: {scene.told(len(moments) * 2 + 4, len(leaves))}")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize("fault", ["fsync:error=EIO:when=3+7", "rename:error=ENOSPC:when=2+5", "mkdir:error=EROFS:when=2+3"])
def test_a_disk_that_fails_under_the_running_process(scene: Scene, clients: list[Client], fault: str) -> None:
    """System calls fail again and again while it serves. It tries again, and loses and doubles nothing."""
    order = scene.order()
    call = fault.partition(":")[0]
    told = scene.folder / "trace"
    process = subprocess.Popen(
        ["strace", "-f", "--seccomp-bpf", "-qq", "-o", str(told), "-e", f"trace={call}", "-e", f"inject={fault}"]
        + [sys.executable, "-m", "tests.events.log.victim", orjson.dumps(order).decode()],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: Path(str(order["socket"])).exists() or process.poll() is not None, "it does not start")
        if process.poll() is not None:
            pytest.skip("strace may not trace here")
        scene.load.place = str(order["socket"])
        for client in clients:
            client.start()
        until(lambda: told.read_text().count("INJECTED") >= 3 or bool(scene.load.failed), "no call ever failed")
        finish(scene, clients)
    finally:
        process.kill()
        process.wait(10)
    leaves = scene.check_all()
    failures = told.read_text().count("INJECTED")
    print(f"\n{call} failed {failures} times: {scene.told(0, len(leaves))}")
