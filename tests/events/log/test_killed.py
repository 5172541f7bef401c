"""Killed with SIGKILL again and again, under load with repeats: what was answered is in the log once, nothing twice.

Two oracles, of which neither knows the code: `model` says which leaves must be there from what was sent, and counts the
numbers again from the leaves as sets.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import orjson
import pytest

from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.storage.database import Database
from tests.events.log import victim
from tests.events.log.killing import (
    CLIENTS,
    KEY,
    ROOT,
    WITHIN_S,
    Client,
    Nursery,
    Scene,
    until,
)

PLAN = [("now", 2), ("starting", 8), ("writing", 18), ("publishing", 18), ("folding", 10), ("any", 8)]


@pytest.fixture
def scene(database: Database, database_url: str) -> Iterator[Scene]:
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
            answers = scene.load.tally["answers"] + random.randint(0, 20)
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


def test_killed_sixty_times_under_load(
    scene: Scene, nursery: Nursery, clients: list[Client], tell: Callable[[str], None]
) -> None:
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
    tell(f"no loss, no double: {scene.told(len(moments) + 1, len(leaves))}")


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_killed_with_its_witnesses(
    scene: Scene, nursery: Nursery, clients: list[Client], tell: Callable[[str], None]
) -> None:
    """Two of three witnesses must cosign; one of them dies now and then, and so does the platform."""
    random = Random(8)
    keys = [SigningKey(f"w{n}.test", Algorithm.ED25519_COSIGNATURE, bytes([n]) * 32) for n in (1, 2, 3)]
    ports = [free_port() for _ in keys]
    lines = [f"witness w{n} {keys[n].verifying.vkey()} http://127.0.0.1:{ports[n]}" for n in range(3)]
    scene.policy = "\n".join([f"log {KEY.vkey()}", *lines, "group two 2 w0 w1 w2", "quorum two", ""])
    orders = [
        {
            "role": "witness",
            "folder": str(scene.folder / f"w{n}"),
            "key": keys[n].text(),
            "port": ports[n],
            "log": KEY.vkey(),
        }
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
    tell(f"with witnesses: {scene.told(len(moments) * 2 + 4, len(leaves))}")


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
@pytest.mark.parametrize(
    "fault", ["fsync:error=EIO:when=3+7", "rename:error=ENOSPC:when=2+5", "mkdir:error=EROFS:when=2+3"]
)
def test_a_disk_that_fails_under_the_running_process(
    scene: Scene, clients: list[Client], tell: Callable[[str], None], fault: str
) -> None:
    """System calls fail again and again while it serves. It tries again, and loses and doubles nothing."""
    order = scene.order()
    call = fault.partition(":")[0]
    told = scene.folder / "trace"
    process = subprocess.Popen(
        [
            *("strace", "-f", "--seccomp-bpf", "-qq", "-o", str(told), "-e", f"trace={call}", "-e", f"inject={fault}"),
            *(sys.executable, "-m", "tests.events.log.victim", orjson.dumps(order).decode()),
        ],
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
        until(lambda: told.read_text().count("INJECTED") >= 8 or bool(scene.load.failed), "no call ever failed")
        finish(scene, clients)
    finally:
        for traced in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            Nursery.kill(int(traced))  # the tracer ends with it
        process.kill()
        process.wait(10)
    leaves = scene.check_all()
    failures = told.read_text().count("INJECTED")
    tell(f"{call} failed {failures} times: {scene.told(0, len(leaves))}")
