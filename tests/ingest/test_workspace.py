"""A working folder goes with the work, also when the work was killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from openforyou.ingest.workspace import workspace


@pytest.fixture(autouse=True)
def own_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def held(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.glob("openforyou-work-*/*") if found.name != "list.lock")


def test_it_is_empty_private_and_gone_afterwards(own_temporary: Path) -> None:
    with workspace() as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "large").write_bytes(b"x")
    assert held(own_temporary) == []


def test_two_at_once_do_not_touch_each_other(own_temporary: Path) -> None:
    with workspace() as first:
        (first / "mine").write_bytes(b"x")
        with workspace() as second:
            assert second != first
        assert (first / "mine").exists()
    assert held(own_temporary) == []


def test_one_left_by_a_killed_process_is_removed_by_the_next(own_temporary: Path) -> None:
    code = (
        "import os, signal\nfrom openforyou.ingest.workspace import workspace\n"
        "with workspace() as folder:\n (folder / 'large').write_bytes(b'x')\n os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], env={"TMPDIR": str(own_temporary)}, check=False)
    assert len(held(own_temporary)) == 2
    with workspace() as folder:
        assert held(own_temporary) == sorted([folder.name, f"{folder.name}.lock"])
