"""A folder to work in that does not outlive the work, not even after `kill -9`.

Each holds a lock on a file beside it. The kernel drops the lock of a process that was killed, so whoever next asks
for a folder finds the ones that nobody holds any more, and removes them.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from openforyou.core.errors import Unavailable

PREFIX = "openforyou-work"


@contextmanager
def workspace() -> Iterator[Path]:
    """An empty folder under the temporary directory (`TMPDIR`), gone on leaving. Raises `Unavailable`."""
    parent = _parent()
    with _locked(parent / "list.lock"):
        _remove_abandoned(parent)
        folder = parent / uuid4().hex
        held = _lock_file(folder.with_suffix(".lock"))
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".lock").unlink(missing_ok=True)
        os.close(held)


def _parent() -> Path:
    """A folder of this user alone: the temporary directory is everybody's."""
    parent = Path(tempfile.gettempdir()) / f"{PREFIX}-{os.getuid()}"
    parent.mkdir(mode=0o700, exist_ok=True)
    found = parent.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Unavailable(
            f"{parent} belongs to somebody else.", hint="Remove it, or set TMPDIR to a folder of your own."
        )
    return parent


def _remove_abandoned(parent: Path) -> None:
    """Those whose lock is free. The caller holds the list's lock, so none is just being made."""
    for lock in parent.glob("*.lock"):
        if lock.name == "list.lock":
            continue
        held = _lock_file(lock)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
        finally:
            os.close(held)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    held = _lock_file(path)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _lock_file(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
