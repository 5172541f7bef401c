"""The platform as an operator starts and stops it: nothing is left behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
        assert len(children) >= 1
        return [*children, psutil.Process(postmaster)]

    def ended(self, number: signal.Signals) -> int:
        """Its exit code after a signal, once nothing of it is left."""
        started = self.started()
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        _, alive = psutil.wait_procs(started, timeout=WAIT_S)
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]
        for _ in range(WAIT_S):  # a learner that was just being started leaves as soon as it is up
            if not (self.data / "postgres" / "postmaster.pid").exists():
                break
            time.sleep(1)
        assert not (self.data / "postgres" / "postmaster.pid").exists()
        return code

    def answers(self) -> None:
        """A page at the address that it printed, and an empty feed."""
        page = httpx.get(self.url, timeout=WAIT_S)
        assert page.status_code == 200
        assert "OpenForYou" in page.text
        assert httpx.get(self.url + "v1/feed", timeout=WAIT_S).json()["items"] == []

    def publishes_the_log(self) -> None:
        """Within a minute; the ranking weights are its first leaf."""
        for _ in range(WAIT_S):
            answer = httpx.get(self.url + "log/checkpoint", timeout=WAIT_S)
            if answer.status_code == 200 and int(answer.text.split("\n")[1]):
                return
            time.sleep(1)
        raise AssertionError(answer.text)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts a command over the same empty folder; what still runs at the end is ended."""
    all_of_them: list[Running] = []

    def start(*command: str) -> Running:
        all_of_them.append(Running(tmp_path / "data", *command))
        return all_of_them[-1]

    yield start
    for one in all_of_them:
        if one.process.poll() is None:
            one.process.send_signal(signal.SIGTERM)
            one.process.wait(WAIT_S)
        assert one.process.stdout is not None
        one.process.stdout.close()


def test_it_answers_publishes_the_log_and_leaves_nothing_behind(run: Callable[..., Running]) -> None:
    one = run()
    one.answers()
    one.publishes_the_log()
    one.ended(signal.SIGTERM)


def test_killed_it_leaves_nothing_behind_and_starts_again_whole(run: Callable[..., Running]) -> None:
    run().ended(signal.SIGKILL)
    again = run()
    again.answers()
    assert again.ended(signal.SIGINT) == 130


def test_killed_and_started_again_at_once_it_is_whole(run: Callable[..., Running]) -> None:
    one = run("serve", "--no-worker")
    one.process.send_signal(signal.SIGKILL)
    one.process.wait(WAIT_S)
    time.sleep(0.1)
    run("serve", "--no-worker").answers()


def test_the_demo_publishes_the_log_too(run: Callable[..., Running]) -> None:
    run("demo", "--no-open", "--clips", "1", "--viewers", "0").publishes_the_log()


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
