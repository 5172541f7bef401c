"""A live OpenForYou to be attacked: started here, with its own database, log, witnesses and some honest traffic.

Everything runs as it does for an operator: `openforyou serve` and its sequencer as processes, on the embedded
PostgreSQL in a folder of its own, and `openforyou witness` twice where a quorum is needed. The attacker's ways in are
those of real attackers: HTTP, a database connection as superuser, the files of the folder, the key of the log. Nothing
here reads the operator's own settings: no drill can reach the platform that is in service.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.audit.types import Report
from openforyou.drills.elsewhere import Elsewhere
from openforyou.drills.errors import Broken
from openforyou.drills.outside import Outside
from openforyou.drills.readers import Verifier, check, environment
from openforyou.drills.stage import Clip, publish, traffic
from openforyou.drills.viewers import Told, Viewer
from openforyou.ledger.checkpoint import Checkpoint, parse_checkpoint
from openforyou.ledger.keys import SigningKey
from openforyou.ledger.witness_keys import read_vkeys
from openforyou.ledger.witness_policy import Asked, write_policy

WITHIN_S = 30.0
LOOK_EVERY_S = 0.1
START_WITHIN_S = 120.0
Heard = dict[str, int]
"""By process: how many bytes it has said."""
_ADDRESS = re.compile(r"http://localhost:(\d+)/")


class World:
    """A context manager. `witnesses` is how many there are, all of whom must cosign; `verifier` is who checks; `hosts`
    are servers elsewhere, on the loopback address, that the platform may ask."""

    def __init__(
        self, folder: Path, *, witnesses: int = 0, verifier: Verifier = check, hosts: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.settings = Settings.model_construct(data=self.data)  # without the operator's environment
        self.witnesses: dict[str, str] = {}
        """Address by name."""
        self.policy: bytes | None = None
        self.clips: list[Clip] = []
        self._wanted_witnesses = witnesses
        self.verifier = verifier
        self._open = ExitStack()
        self._serving: _Process | None = None
        self._sequencing: _Process | None = None
        self._numbers = count(1)
        self.url = ""
        self.people: dict[str, Viewer] = {}
        """Who signed up in the course of a drill, by handle."""
        self._hosts = hosts
        self._outside: Outside | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    # Reading

    @property
    def log_folder(self) -> Path:
        """Where the log lies."""
        return self.settings.log_folder

    def log_key(self) -> SigningKey:
        """The key that signs the log, for whoever sits where it lies."""
        return self.settings.log_key()

    def checkpoint(self) -> Checkpoint:
        """What is published now."""
        return parse_checkpoint((self.log_folder / "checkpoint").read_bytes())[0]

    def verify(self, where: str = "", *, policy: bytes | None = None, remember: Path | None = None) -> Report:
        """What `openforyou verify` reports of the live platform, or of another place."""
        return self.verifier(where or self.url, policy=policy, remember=remember)

    def ask(self, path: str) -> Told:
        """The JSON that anybody gets at an address of the platform, without being a viewer."""
        with closing(Viewer(self.url)) as anybody:
            return anybody.ask(path)

    def shown(self, item: str) -> Told:
        """The numbers of an item at /v1/counts; all zero where it is not listed. Asking moves no number."""
        return next((row for row in self._rows("/v1/counts", "items") if row["id"] == item), _Zero(id=item))

    def followers(self, creator: str) -> int:
        """The followers of a creator as shown."""
        rows = self._rows("/v1/counts/creators", "creators")
        return next((int(row["followers"]) for row in rows if row["id"] == creator), 0)

    def heard(self) -> Heard:
        """How much each process of the platform has said so far."""
        return {path.name: path.stat().st_size for path in self.folder.glob("*.said")}

    @property
    def serving_pid(self) -> int:
        """The process of `openforyou serve`, for whoever sits on its machine."""
        assert self._serving is not None
        return self._serving.pid

    def said(self, since: Heard) -> str:
        """What they have said since."""
        paths = sorted(self.folder.glob("*.said"))
        return "".join(path.read_bytes()[since.get(path.name, 0) :].decode(errors="replace") for path in paths)

    @property
    def elsewhere(self) -> Elsewhere:
        """The servers elsewhere, for a drill that has some."""
        assert self._outside is not None, "the drill names no HOSTS"
        return self._outside.there

    # Acting

    def viewer(self) -> Viewer:
        """Somebody new, who has arrived and was served."""
        return self.stranger().watch()

    def stranger(self) -> Viewer:
        """A browser that has not asked for anything yet."""
        viewer = Viewer(self.url)
        self._open.callback(viewer.close)
        return viewer

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the database's superuser, committed at once; the rows that it returns."""
        address = self.platform.database.engine.url.set(drivername="postgresql")
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def scratch(self, name: str) -> Path:
        """A folder that is not there yet, for what an attacker makes."""
        return self.folder / f"{name}-{next(self._numbers)}"

    def settle(self) -> None:
        """Wait until everything that was accepted stands in the log and in the numbers. Raises `Broken`."""
        self.wait_for(lambda: self.sql("SELECT queued = folded FROM log_state")[0][0], "all is published and folded")

    def wait_for(
        self, what: Callable[[], Any], words: str, within_s: float = WITHIN_S, every_s: float = LOOK_EVERY_S
    ) -> Any:
        """The first answer of `what` that is true. Raises `Broken` where none is in time."""
        if (answer := soon(what, within_s, every_s)) is None:
            raise Broken(f"in {within_s:.0f} s it did not become so that {words}")
        return answer

    @contextmanager
    def paused_sequencer(self) -> Iterator[None]:
        """Stop the sequencer for a while, as a debugger would, so that what was accepted waits."""
        process = self._sequencer()
        process.suspend()
        try:
            yield
        finally:
            process.resume()

    def stop_sequencer(self) -> None:
        """Kill it where it stands."""
        process = self._sequencer()
        process.kill()
        # Its parent may leave it as a zombie, which holds nothing any more.
        self.wait_for(
            lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, "the sequencer is gone"
        )

    def start_sequencer(self) -> None:
        """Start one by itself, as the server does."""
        self._sequencing = self._child("sequencer", ["sequencer", "--data", str(self.data)], self._asking())

    @contextmanager
    def worker(self) -> Iterator[None]:
        """A worker for a while, as `openforyou serve` has one beside it."""
        process = self._child(
            "worker", ["worker", "--data", str(self.data)], {**self._environment(), "OPENFORYOU_UPDATE_S": "0"}
        )
        try:
            yield
        finally:
            process.stop()

    def restart_server(self) -> None:
        """Stop `openforyou serve` and everything with it, and start it again at the same address."""
        assert self._serving is not None
        self._serving.stop()
        if self._sequencing is not None:
            self._sequencing.stop()
            self._sequencing = None
        self._serve(int(self.url.rpartition(":")[2]))

    # Starting

    def _start(self) -> None:
        self.data.mkdir(parents=True)
        self._witness()
        if self._hosts:
            self._outside = self._open.enter_context(Outside(self.folder, self._hosts))
        self.platform = self._open.enter_context(Platform(self.settings))
        if self._outside is not None:
            self.platform.outside = self._outside.fetcher()
        self._serve(0 if self._outside is None else self._outside.port)
        self.maker = self.stranger()
        self.maker_id = self._sign_up(self.maker)
        self.clips = publish(self.platform, self.maker_id)
        self.wait_for(lambda: len(self.viewer().cards) == len(self.clips), "everything published is recommended")
        traffic(self.viewer, self.clips)
        self.settle()
        report = self.verify(policy=self.policy)
        if not report.ok:
            raise Broken("an untouched world does not verify: " + "; ".join(p.says for p in report.findings.problems))

    def _sign_up(self, maker: Viewer) -> str:
        maker.ask("/v1/progress")
        told = {"email": "maker@drill.invalid", "password": "of no worth at all"}
        for path, body in (("/v1/accounts", told), ("/v1/creators", {"handle": "maker"})):
            answer = maker.http.post(path, json=body)
            if answer.status_code != 201:
                raise Broken(f"POST {path} answers {answer.status_code}: {answer.text[:200]}")
        return str(answer.json()["id"])

    def _witness(self) -> None:
        log_key = self.log_key().verifying
        asked = []
        for number in range(1, self._wanted_witnesses + 1):
            name, state = f"drill.invalid/witness-{number}", self.folder / f"witness-{number}"
            arguments = [
                "witness",
                "run",
                "--state",
                str(state),
                "--log",
                log_key.vkey(),
                "--name",
                name,
                "--port",
                "0",
            ]
            self._child(f"witness-{number}", arguments)
            self.witnesses[name] = self._address(f"witness-{number}")
            asked.append(Asked(tuple(read_vkeys(str(state / "vkey"))), self.witnesses[name]))
        if asked:
            self.policy = write_policy([log_key], asked, len(asked)).encode()
            (self.folder / "policy").write_bytes(self.policy)

    def _serve(self, port: int) -> None:
        (self.folder / "serve.said").unlink(missing_ok=True)
        arguments = ["serve", "--child", "--no-worker", "--data", str(self.data), "--port", str(port)]
        self._serving = self._child("serve", arguments, self._environment())
        self.url = self._address("serve")
        self.ask("/v1/progress")

    def _environment(self) -> dict[str, str]:
        return self._asking() | ({} if self._outside is None else self._outside.environment())

    def _asking(self) -> dict[str, str]:
        return {"OPENFORYOU_WITNESS_POLICY": str(self.folder / "policy")} if self.policy else {}

    def _child(self, name: str, arguments: Sequence[str], more: dict[str, str] | None = None) -> _Process:
        with (self.folder / f"{name}.said").open("ab") as said:
            process = _Process(arguments, said=said, environment=environment(more))
        self._open.callback(process.stop)
        return process

    def _address(self, name: str) -> str:
        said = self.folder / f"{name}.said"
        found = self.wait_for(
            lambda: _ADDRESS.search(said.read_text(errors="replace")), f"{name} says its address", START_WITHIN_S
        )
        return f"http://127.0.0.1:{found[1]}"

    def _sequencer(self) -> psutil.Process:
        assert self._serving is not None
        parents = [self._serving.pid] + ([] if self._sequencing is None else [os.getpid()])
        for parent in parents:
            for process in psutil.Process(parent).children():
                with suppress(psutil.Error):
                    if "sequencer" in process.cmdline() and str(self.data) in process.cmdline():
                        return process
        raise Broken("no sequencer runs")

    def _rows(self, path: str, name: str) -> list[Told]:
        rows: list[Told] = self.ask(path)[name]
        return rows


class _Process(Child):
    """A child that is told to stop as an operator tells it: by a signal."""

    def stop(self) -> None:
        """May be called twice."""
        if self.is_running:
            os.kill(self.pid, signal.SIGTERM)
        self.close()


class _Zero(dict[str, Any]):
    """The numbers of what is not listed."""

    def __missing__(self, name: str) -> int:
        return 0


def soon(what: Callable[[], Any], within_s: float = WITHIN_S, every_s: float = LOOK_EVERY_S) -> Any:
    """The first answer of `what` that is true, or None once the time is over."""
    end_s = monotonic() + within_s
    while True:
        if answer := what():
            return answer
        if monotonic() > end_s:
            return None
        sleep(every_s)
