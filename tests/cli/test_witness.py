"""A witness as its operator runs it: from nothing, through kills at any moment, and never against its own word."""

from __future__ import annotations

import http.server
import os
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from openforyou.ledger.checkpoint import open_checkpoint
from openforyou.ledger.cosigning import Cosigners
from openforyou.ledger.errors import NoQuorum
from openforyou.ledger.keys import Algorithm, SigningKey, VerifyingKey
from openforyou.ledger.policy import Policy
from openforyou.ledger.witness import origin_hash
from tests.ledger.growing import GrowingLog, Tree

WAIT_S = 60
KILLS = 20
LOG = GrowingLog()
CHECKPOINT = f"{origin_hash('log.example')}/checkpoint"


def openforyou(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "openforyou", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=WAIT_S)


class Running:
    """`openforyou witness run` on a free port."""

    def __init__(self, state: Path, *logs: str, name: str = "w.example") -> None:
        arguments = ["--state", str(state), "--name", name, "--port", "0"]
        for log in logs or (LOG.key.vkey(),):
            arguments += ["--log", log]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "openforyou", "witness", "run", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, f"said {said!r}"
        self.url = found.group()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            for pipe in (self.process.stdout, self.process.stderr):
                assert pipe is not None
                pipe.close()
        return self.process.returncode


@contextmanager
def running(state: Path, *logs: str, name: str = "w.example") -> Iterator[Running]:
    one = Running(state, *logs, name=name)
    try:
        yield one
    finally:
        one.stop()


def submit(client: httpx.Client, url: str, body: bytes) -> httpx.Response:
    return client.post(f"{url}add-checkpoint", content=body)


# From nothing ---------------------------------------------------------------------------------------------------------


def test_the_keys_are_made_once_and_are_private(tmp_path: Path) -> None:
    state = tmp_path / "w"
    first = openforyou("witness", "keygen", "--state", str(state), "--name", "w.example")
    assert first.returncode == 0, first.stderr
    keys = [VerifyingKey.from_vkey(line) for line in first.stdout.splitlines()]
    assert [key.algorithm for key in keys] == [Algorithm.ED25519_COSIGNATURE, Algorithm.MLDSA44_COSIGNATURE]
    assert {key.name for key in keys} == {"w.example"}
    for secret in ("ed25519.key", "ml-dsa-44.key"):
        assert stat.S_IMODE((state / secret).stat().st_mode) == 0o600
    assert (state / "vkey").read_text() == first.stdout
    assert openforyou("witness", "keygen", "--state", str(state), "--name", "w.example").stdout == first.stdout
    other = openforyou("witness", "keygen", "--state", str(state), "--name", "other.example")
    assert other.returncode == 1
    assert "holds the key of w.example, not of other.example" in other.stderr


def test_without_ml_dsa_there_is_one_key_until_it_is_asked_for(tmp_path: Path) -> None:
    state = ("--state", str(tmp_path), "--name", "w.example")
    assert len(openforyou("witness", "keygen", *state, "--no-ml-dsa").stdout.splitlines()) == 1
    with running(tmp_path) as one:
        assert httpx.get(one.url).text.count("w.example+") == 1
    assert len(openforyou("witness", "keygen", *state).stdout.splitlines()) == 2


def test_two_witnesses_from_nothing_are_a_quorum_for_a_log(tmp_path: Path) -> None:
    """keygen by the first start, a policy from the public files, cosignatures, a verdict by that policy."""
    names = ("a.example", "b.example")
    with (
        running(tmp_path / "a", name=names[0]) as a,
        running(tmp_path / "b", name=names[1]) as b,
    ):
        witnesses = [f"--witness={tmp_path}/{name}/vkey={one.url}" for name, one in (("a", a), ("b", b))]
        printed = openforyou("witness", "policy", f"--log={LOG.key.vkey()}", *witnesses)
        assert (printed.returncode, printed.stderr) == (0, "")
        policy = Policy.parse(printed.stdout)
        with Cosigners(policy) as cosigners:
            complete = cosigners.gather(LOG.signed(8), 0, lambda old: LOG.tree.proof(old, 8))
            assert len(policy.check(complete).witnesses) == 4  # two keys each
            b.stop()
            with pytest.raises(NoQuorum, match=r"b\.example:ed25519 at http://localhost:[0-9]+/ cannot be reached"):
                cosigners.gather(LOG.signed(9), 8, lambda old: LOG.tree.proof(old, 9))
        with pytest.raises(NoQuorum):
            policy.check(LOG.signed(9))


def test_a_policy_takes_keys_as_they_are_and_warns_of_less_than_a_majority() -> None:
    keys = [SigningKey(f"w{n}.example", Algorithm.ED25519_COSIGNATURE, bytes([n]) * 32).vkey() for n in range(4)]
    witnesses = [f"--witness={key}" for key in keys]
    printed = openforyou("witness", "policy", f"--log={LOG.key.vkey()}", *witnesses, "--quorum=2")
    assert "2 of 4 is no majority" in printed.stderr
    policy = Policy.parse(printed.stdout)
    assert not policy.is_met_by(["w0.example"])
    assert policy.is_met_by(["w0.example", "w3.example"])
    assert Policy.parse(openforyou("witness", "policy", f"--log={LOG.key.vkey()}", witnesses[0]).stdout).quorum
    default = Policy.parse(openforyou("witness", "policy", f"--log={LOG.key.vkey()}", *witnesses).stdout)
    assert default.groups[0].threshold == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--log=nothing"], "holds no keys, and none can be made without a name"),
        (["run", "--log=nothing", "--name=w.example"], "'nothing' is neither a vkey nor a file that can be read"),
        (["run", f"--log={LOG.key.vkey()[:-4]}AAAA", "--name=w.example"], "but is"),
        (["run", f"--log={LOG.key.vkey()}", "--name=a name"], "'a name' is not a key name"),
        (["run", "--log=http://127.0.0.1:9/", "--name=w.example"], "cannot be fetched"),
        (["keygen", "--name=a+b"], "'a+b' is not a key name"),
        (["keygen", f"--name={'x' * 256}"], "255 bytes at most"),
    ],
)
def test_an_error_is_one_line_that_says_what_to_do(tmp_path: Path, arguments: list[str], said: str) -> None:
    command, *rest = arguments
    port = ["--port=0"] if command == "run" else []
    done = openforyou("witness", command, f"--state={tmp_path / 'w'}", *port, *rest)
    assert done.returncode == 1
    assert done.stdout == ""
    *before, last = done.stderr.splitlines()
    assert said in last
    assert all(line.startswith("Asking http://127.0.0.1:9 for its key") for line in before)


@pytest.mark.parametrize("command", [["keygen"], ["run", f"--log={LOG.key.vkey()}", "--port=0"]])
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "file").touch()
    done = openforyou("witness", *command, f"--state={tmp_path / 'file' / 'w'}", "--name=w.example")
    assert done.returncode == 1
    assert f"{tmp_path / 'file' / 'w'} cannot hold a witness" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("witnesses", "said"),
    [
        (["--witness=nothing=http://w.example"], "'nothing' is neither a vkey nor a file"),
        ([f"--witness={LOG.key.vkey()}"], "is a key for a log, not for a witness"),
    ],
)
def test_a_policy_that_cannot_be_is_not_printed(witnesses: list[str], said: str) -> None:
    done = openforyou("witness", "policy", f"--log={LOG.key.vkey()}", *witnesses)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_witness_starts_without_the_platform() -> None:
    code = (
        "import sys; sys.argv = ['openforyou', 'witness', 'run', '--help']\n"
        "from openforyou.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code\n"
        "sys.exit(', '.join({'torch', 'numpy', 'sqlalchemy', 'fastapi', 'av', 'cv2'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=WAIT_S)
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--state", "--log", "--name", "--host", "--port"):
        assert option in done.stdout


# Its doors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_it_stops_when_told_and_starts_again(tmp_path: Path, number: signal.Signals, code: int) -> None:
    one = Running(tmp_path)
    with httpx.Client() as client:
        assert submit(client, one.url, LOG.submission(0, 8)).status_code == 200
    assert one.stop(number) == code
    with running(tmp_path) as again, httpx.Client() as client:
        assert submit(client, again.url, LOG.submission(8, 9)).status_code == 200


def test_it_listens_on_this_machine_alone_unless_told(tmp_path: Path) -> None:
    with running(tmp_path) as one:
        port = httpx.URL(one.url).port
        assert port is not None
        with socket.socket() as probe:  # any other loopback address would answer if it listened everywhere
            assert probe.connect_ex(("127.0.0.2", port)) != 0


def test_a_second_process_for_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        done = openforyou("witness", "run", f"--state={tmp_path}", f"--log={LOG.key.vkey()}", "--port=0")
        assert done.returncode == 1
        assert "Another process signs as this witness" in done.stderr


def test_a_taken_port_is_said_before_keys_are_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = (f"--state={tmp_path / 'w'}", f"--log={LOG.key.vkey()}", "--name=w.example", f"--port={port}")
        done = openforyou("witness", "run", *arguments)
    assert done.returncode == 1
    assert "Choose another with --port" in done.stderr
    assert not (tmp_path / "w").exists()


def test_a_logs_address_is_asked_once_and_then_pinned(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "vkey").write_text(f"{LOG.key.vkey()}\n")
    handler = partial(QuietFiles, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        with running(tmp_path / "w", address) as one, httpx.Client() as client:
            assert submit(client, one.url, LOG.submission(0, 8)).status_code == 200
        other = SigningKey("log.example", Algorithm.ED25519, bytes(32))
        (served / "vkey").write_text(f"{other.vkey()}\n")  # somebody else has the address now
        with running(tmp_path / "w", address) as one, httpx.Client() as client:
            assert submit(client, one.url, LOG.submission(8, 9)).status_code == 200
        server.shutdown()
        thread.join()
    with running(tmp_path / "w", address) as one:  # and it need not answer at all
        assert "log.example 9\n" in httpx.get(one.url).text


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


# Killed at any moment -------------------------------------------------------------------------------------------------


class Pressure:
    """A log that grows as fast as the witness signs, beside somebody who offers forks and rollbacks of it."""

    def __init__(self, url: str, size: int, seed: int) -> None:
        self.url, self.size = url, size
        self.answered = 0
        self.wrong: list[str] = []
        self._random = random.Random(seed)
        self._threads = [threading.Thread(target=self._grow), threading.Thread(target=self._attack)]
        for thread in self._threads:
            thread.start()

    def wait_for(self, answers: int) -> None:
        """Until the log got so many, or none any more."""
        while self.answered < answers and self._threads[0].is_alive():
            time.sleep(0.002)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _grow(self) -> None:
        with httpx.Client(timeout=WAIT_S) as client:
            try:
                while True:
                    new = self.size + self._random.randint(0, 3)
                    answer = submit(client, self.url, LOG.submission(self.size, new))
                    if answer.status_code != 200:
                        self.wrong.append(f"honest {self.size} to {new}: {answer.status_code} {answer.text}")
                        return
                    self.size = new
                    self.answered += 1
            except httpx.HTTPError:
                return  # it was killed

    def _attack(self) -> None:
        chance = random.Random(self.size)
        with httpx.Client(timeout=WAIT_S) as client:
            try:
                while True:
                    self.wrong += attack(client, self.url, self.size, chance)
            except httpx.HTTPError:
                return


def attack(client: httpx.Client, url: str, size: int, chance: random.Random) -> list[str]:
    """Offer what a witness that has cosigned `size` leaves must never sign; what it signed all the same."""
    fork = Tree("fork", fork_at=chance.randint(0, max(size - 1, 0)))
    old = size + chance.randint(0, 1)
    offers = [
        LOG.submission(old, old, fork),
        LOG.submission(old, old + 5, fork),
        LOG.submission(max(size - 1, 0), old, fork),
    ]
    if size:
        smaller = chance.randint(0, size - 1)
        offers += [LOG.submission(smaller, smaller), LOG.submission(0, smaller)]
    signed = [body for body in offers if submit(client, url, body).status_code == 200]
    return [f"after {size}: {body[:300]!r}" for body in signed]


@pytest.mark.timeout(600)
def test_killed_at_any_moment_it_never_signs_against_its_own_word(tmp_path: Path) -> None:
    chance = random.Random(20)
    first = Running(tmp_path)
    with httpx.Client() as client:
        assert submit(client, first.url, LOG.submission(0, 2)).status_code == 200
    first.stop()
    acknowledged = 2
    for kill in range(KILLS):
        one = Running(tmp_path)
        try:
            with httpx.Client() as client:
                record = open_checkpoint(client.get(one.url + CHECKPOINT).content, LOG.key.verifying)
                assert record.size >= acknowledged  # what was answered was kept
                assert record.root == LOG.tree.root(record.size)
                for _ in range(3):
                    assert attack(client, one.url, record.size, chance) == []
            pressure = Pressure(one.url, record.size, seed=kill)
            pressure.wait_for(chance.randint(0, 15))
            time.sleep(chance.uniform(0.0, 0.02))  # about as long as one answer takes
        finally:
            one.stop(signal.SIGKILL)
        pressure.join()
        assert pressure.wrong == []
        acknowledged = pressure.size
    assert acknowledged > KILLS, "the log has grown between the kills"
