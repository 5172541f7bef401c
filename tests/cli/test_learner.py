"""The learner beside a worker: it updates the model in service, one on a database, and leaves with its parent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.learn.types import Options
from tests.learn.watched import Watched

WAIT_S = 180


@pytest.fixture
def environment(platform: Platform, database_url: str) -> dict[str, str]:
    """A look each second, on the database of the test."""
    data = str(platform.settings.data)
    return {**os.environ, "DATABASE_URL": database_url, "OPENFORYOU_DATA": data, "OPENFORYOU_UPDATE_S": "1"}


@contextmanager
def working(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-m", "openforyou", "worker"], stdin=subprocess.PIPE, env=environment
    ) as one:
        try:
            yield one
        finally:
            one.kill()


def wait_for(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def is_claimed(platform: Platform) -> bool:
    with platform.models.learning_alone() as ours:
        return not ours


def learners_of(worker: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children = psutil.Process(worker.pid).children(recursive=True)
    return [child for child in children if "learner" in child.cmdline()]


def test_a_learner_runs_beside_a_worker_and_is_gone_when_that_is_killed(
    platform: Platform, environment: dict[str, str]
) -> None:
    with working(environment) as worker:
        wait_for(lambda: learners_of(worker))
        wait_for(lambda: is_claimed(platform))
        (learner,) = learners_of(worker)
        worker.send_signal(signal.SIGKILL)
        worker.wait(WAIT_S)
        psutil.wait_procs([learner], WAIT_S)
        assert not learner.is_running() or learner.status() == psutil.STATUS_ZOMBIE
    wait_for(lambda: not is_claimed(platform))


@pytest.mark.parametrize(("update_s", "is_started"), [("0", False), ("1", True)])
def test_it_is_started_unless_the_settings_say_no(environment: dict[str, str], update_s: str, is_started: bool) -> None:
    command = [sys.executable, "-m", "openforyou", "worker"]
    environment = environment | {"OPENFORYOU_UPDATE_S": update_s}
    seen = False
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment) as worker:
        while worker.poll() is None:
            seen = seen or bool(learners_of(worker))
            time.sleep(0.02)
    assert worker.returncode == 0
    assert seen is is_started


def test_one_learns_at_a_time_and_who_waits_takes_over(
    platform: Platform, clock: ManualClock, environment: dict[str, str], tmp_path: Path
) -> None:
    watched = Watched(platform, clock)
    base = watched.models.train_from_events(Options(epochs=2))
    held = ExitStack()
    assert held.enter_context(watched.models.learning_alone())
    with (
        held,
        (tmp_path / "said").open("wb") as said,
        Child(["--verbose", "learner"], said=said, environment=environment) as learner,
    ):
        wait_for(lambda: b"waits" in (tmp_path / "said").read_bytes())
        assert not watched.models.versions.of(base.id)
        with watched.models.learning_alone() as again:
            assert not again
        assert learner.is_running
        held.close()
        wait_for(lambda: watched.models.versions.of(base.id))
    command = [sys.executable, "-m", "openforyou", "models", "--json"]
    (listed,) = json.loads(subprocess.check_output(command, env=environment))
    assert (listed["id"], listed["state"]) == (encode_id(base.id), "serves")
    assert listed["updates"]["newest"]["manifest"]["base"] == listed["id"]
