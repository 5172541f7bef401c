"""The world around the code under test, made of parts that fail when told to: a disk, a database, witnesses, a clock.

Nothing here waits, and nothing is drawn by chance but from the seed, so that a run can be repeated step by step. The
database is the real one: everything runs in savepoints of one transaction, which a crash rolls back as it would roll
back a transaction, and the end of the run takes everything away.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any, cast

import httpx
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from openforyou.events import intake
from openforyou.events.types import Event, Outcome, ServedSlate
from openforyou.ledger.checkpoint import parse_checkpoint
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.disk import Files, LogInUse
from openforyou.ledger.errors import LedgerError, StaleSize
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.source import Source
from openforyou.ledger.submission import SIZE_TYPE, Submission, format_size
from openforyou.ledger.witness import Witness
from openforyou.storage.database import Database
from openforyou.web.witness import STATUS
from tests.events.log.model import require

CHECKPOINT = "checkpoint"
KILL, POWER, ERROR, MEANWHILE = "kill", "power", "error", "meanwhile"


class Crash(BaseException):
    """The process is gone, and with `POWER` also what its disk had not been forced to keep."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


DATABASE_PLACES = ("begin", "commit", "committed", "read rows")
PLACES = dict(zip(DATABASE_PLACES, (4, 3, 3, 4), strict=True)) | {
    "read file": 4,
    "put": 5,
    "synced": 3,
    "shown": 2,
    "remove": 2,
    "lock": 1,
}
"""Where something can go wrong, and how often one round of the sequencer may pass there: in the database as a
transaction begins, before it is committed and behind that, and as rows are read; on the disk as a file is read or
appears, as a stage of them is safe, as the checkpoint is shown, as a folder goes, as the log is taken."""


class Fate:
    """What happens when a place is passed for the n-th time from now on."""

    def __init__(self) -> None:
        self._fault: tuple[str, str] | None = None
        self._left = 0
        self.struck = False
        self.all_struck: set[str] = set()
        self.meanwhile: Callable[[], None] = lambda: None

    def set(self, fault: tuple[str, str, int] | None) -> None:
        """(what, at which place, how often it is passed before)"""
        self._fault, self._left = (fault[:2], fault[2]) if fault else (None, 0)
        self.struck = False

    def at(self, place: str) -> None:
        """The code under test passes there."""
        if self._fault is None or self._fault[1] != place:
            return
        self._left -= 1
        if self._left >= 0:
            return
        kind, self._fault, self.struck = self._fault[0], None, True
        self.all_struck.add(place)
        if kind == MEANWHILE:
            self.meanwhile()
        elif kind != ERROR:
            raise Crash(kind)
        elif place in DATABASE_PLACES:
            raise OperationalError("simulated", None, Exception("server closed the connection unexpectedly"))
        else:
            raise OSError(5, "simulated input/output error")


class SimDisk:
    """`ledger.disk.Disk` in memory: all that its contract allows to go wrong does, sooner or later."""

    def __init__(self, fate: Fate, random: Random) -> None:
        self._fate, self._random = fate, random
        self.seen: dict[str, bytes] = {}
        self.unsafe: dict[str, list[bytes | None]] = {}
        """What a file may be again after a power cut, oldest first."""
        self.locked = False
        self.on_shown: Callable[[bytes], None] = lambda data: None

    def read(self, path: str, limit_bytes: int) -> bytes:
        self._fate.at("read file")
        if path not in self.seen:
            raise FileNotFoundError(path)
        return self.seen[path][: limit_bytes + 1]

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        for stage in stages:
            for path in self._random.sample(sorted(stage), len(stage)):
                self._fate.at("put")
                self._put(path, stage[path])
            self._fate.at("synced")
            for path in stage:
                self.unsafe.pop(path, None)
        for path, data in (shown or {}).items():
            self._fate.at("put")
            self._put(path, data)
        self._fate.at("shown")

    def names(self, folder: str) -> list[str]:
        self._fate.at("read file")
        above = f"{folder}/" if folder else ""
        return sorted({path[len(above) :].partition("/")[0] for path in self.seen if path.startswith(above)})

    def remove_folder(self, folder: str) -> None:
        for path in [path for path in sorted(self.seen) if path.startswith(f"{folder}/")]:
            self._fate.at("remove")
            self.unsafe.setdefault(path, []).append(self.seen.pop(path))

    def lock(self) -> Callable[[], None]:
        self._fate.at("lock")
        if self.locked:
            raise LogInUse("the log is in use")
        self.locked = True
        return self.killed

    def killed(self) -> None:
        """The process is gone; what it wrote is still there."""
        self.locked = False

    def power_cut(self) -> None:
        """What was not forced to the disk is lost, or is not: each file by itself."""
        for path in sorted(self.unsafe):
            kept = self._random.choice([*self.unsafe[path], self.seen.get(path)])
            self.seen.pop(path, None)
            if kept is not None:
                self.seen[path] = kept
        self.unsafe.clear()
        self.locked = False

    def surely(self) -> dict[str, bytes]:
        """What would be left by a power cut now that takes all that it can, but for the checkpoint."""
        oldest = {path: candidates[0] for path, candidates in self.unsafe.items() if path in self.seen}
        left = self.seen | oldest | {CHECKPOINT: self.seen[CHECKPOINT]}
        return {path: data for path, data in left.items() if data is not None}

    def _put(self, path: str, data: bytes) -> None:
        self.unsafe.setdefault(path, []).append(self.seen.get(path))
        self.seen[path] = data
        if path == CHECKPOINT:
            self.on_shown(data)


class SimClock:
    """A clock that somebody turns, in both directions."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def turn(self, by: timedelta) -> None:
        self._now += by


class SimDatabase(Database):
    """The real database, whose transactions may fail or be cut off, before the commit or just behind it."""

    def __init__(self, engine: Engine, connection: Connection, fate: Fate) -> None:
        self.claims = _Claims(engine, fate)
        super().__init__(cast(Engine, self.claims))
        self._connection, self._fate = connection, fate

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        self._fate.at("begin")
        with self._connection.begin_nested():
            yield self._connection
            self._fate.at("commit")
        self._fate.at("committed")  # done, and nobody learns of it

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        self._fate.at("read rows")
        yield self._connection


class _Claims:
    """Connections of their own, for locks that go with the process."""

    def __init__(self, engine: Engine, fate: Fate) -> None:
        self._engine, self._fate = engine, fate
        self._open: list[Connection] = []

    def connect(self) -> Connection:
        self._fate.at("read rows")
        self._open.append(self._engine.connect())
        return self._open[-1]

    def killed(self) -> None:
        """What a process held goes with it."""
        for claim in self._open:
            if not claim.closed:
                claim.execute(text("SELECT pg_advisory_unlock_all()"))
                claim.close()
        self._open.clear()


class Desk(intake.Intake):
    """The intake without its thread: what is handed in together is committed as one group, in the caller's thread."""

    def __init__(self, database: Database, clock: SimClock, secret_of: Callable[[int], bytes]) -> None:
        self._database, self._clock, self._beside = database, clock, None
        self._secret_of = secret_of

    def hand_in(
        self, groups: Sequence[Sequence[Event]], slates: Sequence[ServedSlate] = ()
    ) -> list[Future[list[Outcome]]]:
        """What each caller waits for; filled by `commit`."""
        self._group = [self._submission(events, ()) for events in groups]
        self._group += [self._submission((), (slate,)) for slate in slates]
        return [one.done for one in self._group]

    def commit(self) -> None:
        self._commit(self._group)

    def _submission(self, events: Sequence[Event], slates: Sequence[ServedSlate]) -> intake._Submission:
        secrets = {one.viewer_id: self._secret_of(one.viewer_id) for one in (*events, *slates)}
        return intake._Submission(events, slates, {}, False, Future(), secrets)


class _Asking(Cosigners):
    """The real client, whose connections end in this process."""

    transport: httpx.MockTransport

    def _open(self) -> AbstractEventLoop:
        if self._loop is None:
            loop = super()._open()
            assert self._client is not None
            loop.run_until_complete(self._client.aclose())
            self._client = httpx.AsyncClient(transport=self.transport)
        return super()._open()


MOODS = ("well", "down", "lost", "deaf", "broken", "crash", "stale", "forged")
"""How a witness takes a request: as it should; unreachable; the request is lost; the answer is lost; the connection
breaks behind it, so that it is asked again; it loses power behind it; it answers an untrue 409; it signs wrongly."""


class Witnesses:
    """Three real witnesses, of which two must cosign, behind the real client and a network that is told how to fail."""

    NAMES = ("north", "east", "south")
    QUORUM = 2
    AT_S = 1_777_000_000

    def __init__(self, log_key: SigningKey, random: Random) -> None:
        self._log_key, self._random = log_key, random
        self._keys = {
            name: SigningKey(f"{name}.test", Algorithm.ED25519_COSIGNATURE, bytes([place]) * 32)
            for place, name in enumerate(self.NAMES, 1)
        }
        self._disks = {name: SimDisk(Fate(), random) for name in self.NAMES}
        self._open = {name: self._start(name) for name in self.NAMES}
        self.moods: list[str] = []
        self.cosigned: dict[int, bytes] = {}
        lines = [f"witness {name} {key.verifying.vkey()} http://{name}.test" for name, key in self._keys.items()]
        told = "\n".join([f"log {log_key.vkey()}", *lines, f"group two {self.QUORUM} {' '.join(self.NAMES)}"])
        self.policy = Policy.parse(f"{told}\nquorum two\n")
        self._asking = _Asking(self.policy, timeout_s=1.0, now_s=lambda: self.AT_S)
        self._asking.transport = httpx.MockTransport(self._answer)

    def for_log(self, source: Source) -> Callable[[bytes, int], bytes]:
        return self._asking.for_log(source)

    def close(self) -> None:
        self._asking.close()

    def verifying(self) -> list[Any]:
        return [key.verifying for key in self._keys.values()]

    def _start(self, name: str) -> Witness:
        return Witness(self._disks[name], [self._keys[name]], [self._log_key.verifying], now_s=lambda: self.AT_S)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        mood = self.moods.pop(0) if self.moods else "well"
        name = request.url.host.partition(".")[0]
        if mood == "down":
            raise httpx.ConnectError("refused")
        if mood == "lost":
            raise httpx.ReadTimeout("no answer")
        if mood == "stale":
            return _answer(409, format_size(self._random.randrange(4)))
        status, told = self._add_checkpoint(name, request.content)
        if mood == "crash":
            self._disks[name].power_cut()
            self._open[name] = self._start(name)
        if mood in ("broken", "crash"):
            raise httpx.ReadError("reset by peer")
        if mood == "deaf":
            raise httpx.ReadTimeout("no answer")
        return _answer(status, told.replace(b"A", b"B") if mood == "forged" else told)

    def _add_checkpoint(self, name: str, body: bytes) -> tuple[int, bytes]:
        try:
            lines = self._open[name].add_checkpoint(body)
        except StaleSize as error:
            return 409, format_size(error.known_size)
        except LedgerError as error:
            return next((status for kind, status in STATUS if isinstance(error, kind)), 500), str(error).encode()
        head, _ = parse_checkpoint(Submission.parse(body).checkpoint)
        require(self.cosigned.setdefault(head.size, head.root) == head.root, f"two trees of {head.size} were cosigned")
        return 200, lines


def _answer(status: int, told: bytes) -> httpx.Response:
    headers = {"Content-Type": SIZE_TYPE} if status == 409 else {}
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(told))
