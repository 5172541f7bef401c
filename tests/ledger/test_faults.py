"""A real writer on a real disk, broken from outside: system calls that fail (strace injects them), and SIGKILL.

Afterwards what it had said is published is there and whole, and the log goes on as if nothing had been.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from openforyou.ledger import fsck
from openforyou.ledger.source import FolderSource
from openforyou.ledger.writer import LogWriter
from tests.ledger.logs import KEY, POLICY, entries, write_log

ROOT = Path(__file__).parents[2]
BEFORE = 300
BATCHES = "10,300,1,700,245,40,256,9"
CALLS = {
    "openat": "openat",
    "write": "write",
    "fsync": "fsync",
    "rename": "?rename,?renameat,?renameat2",
    "mkdir": "?mkdir,?mkdirat",
    "close": "close",
}
PLACES = (1, 2, 3, 5, 8, 13)
KILLS = 20
WAIT_S = 60


@contextmanager
def writing(folder: Path, batches: str) -> Iterator[subprocess.Popen[str]]:
    """The program, ready to begin."""
    command = [sys.executable, "-m", "tests.ledger.writing", str(folder), batches]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as program:
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            yield program
        finally:
            program.kill()


@contextmanager
def failing(program: subprocess.Popen[str], fault: str, log: Path) -> Iterator[None]:
    """Under strace, which makes system calls of the program fail as `fault` says."""
    command = ["strace", "-f", "-o", str(log), "-e", f"trace={fault.split(':')[0]}", "-e", f"inject={fault}"]
    with subprocess.Popen([*command, "-p", str(program.pid)], stderr=subprocess.PIPE, text=True) as strace:
        assert strace.stderr is not None
        said = strace.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not attach here: {said}")
        yield
        strace.stderr.read()


def check_and_go_on(folder: Path, acknowledged: int) -> int:
    """The log's size, after proof that everything acknowledged is in it and that it can be continued."""
    with LogWriter.open(folder, KEY) as writer:
        size = writer.published_size
        assert size >= acknowledged, "what was acknowledged is lost"
    found: list[bytes] = []
    fsck.check(FolderSource(folder), POLICY, on_entries=lambda start, part: found.extend(part))
    assert found == entries(size)
    write_log(folder, size + 500)
    fsck.check(FolderSource(folder), POLICY)
    return size


@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
@pytest.mark.parametrize("call", CALLS)
def test_a_system_call_that_fails_costs_nothing_that_was_published(tmp_path: Path, call: str, error: str) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace: apt-get install strace")
    injected = stopped = 0
    for place in PLACES[(error == "EIO") :: 2]:
        folder, log = tmp_path / f"log-{place}", tmp_path / f"trace-{place}"
        write_log(folder, BEFORE)
        with writing(folder, BATCHES) as program, failing(program, f"{CALLS[call]}:error={error}:when={place}", log):
            said, complaint = program.communicate("go\n", timeout=WAIT_S)
        acknowledged = [int(line) for line in said.split()]
        faults = log.read_text().count("(INJECTED)")
        assert program.returncode in (0, 3, 4), complaint
        assert acknowledged == sorted(acknowledged)
        if program.returncode == 0:
            assert len(acknowledged) == len(BATCHES.split(",")), "all of it, as if nothing had happened"
        else:
            assert faults, complaint
            assert os.strerror({"EIO": 5, "ENOSPC": 28}[error]) in complaint
        injected += bool(faults)
        stopped += program.returncode != 0
        check_and_go_on(folder, max(acknowledged, default=BEFORE))
    assert injected, "the fault was never met"
    # A folder that is there already need not be made, and what was synced need not be closed.
    assert stopped or call in ("mkdir", "close"), "a failure was passed over in silence"


def test_a_writer_that_is_killed_again_and_again_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    random = Random(20)
    sizes = [0]
    for _ in range(KILLS):
        with writing(tmp_path, "for-ever") as program:
            assert program.stdout is not None
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
            acknowledged = [int(program.stdout.readline()) for _ in range(random.randint(1, 8))]
            try:
                program.wait(random.random() * 0.02)
            except subprocess.TimeoutExpired:
                program.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in program.stdout.read().split("\n")[:-1]]
            assert program.wait(WAIT_S) == -signal.SIGKILL
        assert acknowledged[0] > sizes[-1], "it went on from what there was"
        check_and_go_on(tmp_path, acknowledged[-1])
        sizes.append(acknowledged[-1])
    assert sizes == sorted(set(sizes))
