"""The platform as an operator starts and stops it: nothing is left behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

WAIT_S = 60


class Running:
    """`openforyou serve`, or another command that serves, on a free port over an empty folder."""

    def __init__(self, data: Path, *command: str) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-m", "openforyou", *(command or ("serve",)), "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        found = re.search(r"http://\S+", said)
        assert found, f"said {said!r}"
        self.url = found.group()

    def started(self) -> list[psutil.Process]:
        """Every process that it started, the database among them."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        postmaster = int((self.data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        return [*children, psutil.Process(postmaster)]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path / "data")
    yield one
    if one.process.poll() is None:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(WAIT_S)
    assert one.process.stdout is not None
    one.process.stdout.close()


def gone(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=WAIT_S)
    return not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_it_answers_at_the_printed_address(running: Running) -> None:
    answer = httpx.get(running.url, timeout=WAIT_S)
    assert answer.status_code == 200
    assert "OpenForYou" in answer.text
    assert httpx.get(running.url + "v1/feed", timeout=WAIT_S).json()["items"] == []


@pytest.mark.parametrize(
    "command", [("serve", "--no-worker"), ("demo", "--no-open", "--clips", "1", "--viewers", "0")], ids=lambda c: c[0]
)
def test_whoever_serves_publishes_the_log(tmp_path: Path, command: tuple[str, ...]) -> None:
    one = Running(tmp_path / "data", *command)
    try:
        for _ in range(WAIT_S):
            answer = httpx.get(one.url + "log/checkpoint", timeout=WAIT_S)
            if answer.status_code == 200 and int(answer.text.split("\n")[1]):  # the ranking weights are its first leaf
                break
            time.sleep(1)
        assert answer.status_code == 200, answer.text
        assert int(answer.text.split("\n")[1]) >= 1
    finally:
        one.process.send_signal(signal.SIGTERM)
        one.process.wait(WAIT_S)
        assert one.process.stdout is not None
        one.process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_leaves_nothing_behind_however_it_ends(running: Running, number: signal.Signals) -> None:
    started = running.started()
    assert len(started) >= 2
    running.process.send_signal(number)
    running.process.wait(WAIT_S)
    assert gone(started)
    for _ in range(WAIT_S):  # a learner that was just being started leaves as soon as it is up
        if not (running.data / "postgres" / "postmaster.pid").exists():
            break
        time.sleep(1)
    assert not (running.data / "postgres" / "postmaster.pid").exists()


def test_a_taken_port_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "openforyou", "serve", "--data", str(tmp_path / "data"), "--port", str(port)],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Choose another with --port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_killed_server_starts_again_whole(running: Running) -> None:
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(WAIT_S)
    time.sleep(0.1)
    again = Running(running.data)
    assert httpx.get(again.url + "v1/feed", timeout=WAIT_S).status_code == 200
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(WAIT_S) == 130
    assert again.process.stdout is not None
    again.process.stdout.close()
