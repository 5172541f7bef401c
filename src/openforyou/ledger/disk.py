"""The few things a writer asks of a disk, small enough that a simulation can stand in for it and break at any point.

What makes a log survive a crash is one promise: *a file appears only once everything that it stands on is safe*. So
files are committed in stages. `RealDisk` keeps the promise the POSIX way. All data is written under other names and
forced to the disk; then, stage by stage, files are renamed into place and the folders that now name them are forced
to the disk too. Whatever happens, a reader sees an older file, none, or the whole new one.

The cost is the forcing. File systems commit many files at the price of one when asked at the same time, so that is
done from a few threads: twelve files took 3 ms instead of 80 where this was written.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol, TypeVar

from openforyou.ledger.errors import LedgerError

STAGING = ".staging"
LOCK = ".lock"
SYNC_THREADS = 8

T = TypeVar("T")

Files = Mapping[str, bytes]
"""Whole files by their path in the log's folder, with `/` between names."""


class LogInUse(LedgerError):
    """Another process writes to this log."""

    code = "log_in_use"


class Disk(Protocol):
    """A folder's files. Any method may raise `OSError`. One thread at a time.

    After a crash or an `OSError` in `commit`, some first stages are there in full, of the next one any of its files,
    and of those after it none; each file is old, absent or whole. A caller begins anew from what it reads.
    """

    def read(self, path: str, limit_bytes: int) -> bytes:
        """The file's bytes, and of one that is over the limit the first `limit_bytes` + 1. Or `FileNotFoundError`."""
        ...

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        """Put files at their paths, with the folders above them; older files of these paths are replaced.

        No file of a stage appears before all earlier stages survive a crash; when it returns, all of them do. What is
        `shown` comes last: it is whole and can be read, but may be the older file again after a crash.
        """
        ...

    def names(self, folder: str) -> list[str]:
        """What lies directly in a folder ("" is the log's own), files and folders, in no order; nothing if absent."""
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with its files, if it is there. After a crash it may be back, whole or in part."""
        ...

    def lock(self) -> Callable[[], None]:
        """Take the folder for one writer; the result gives it back. Raises `LogInUse`. A lock dies with its process."""
        ...


@dataclass(frozen=True, slots=True)
class _Move:
    staged: Path
    final: Path
    data: bytes


class RealDisk:
    """`Disk` on a POSIX file system. `lock` makes the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._known: set[Path] = {self._folder}  # folders whose own names are known to survive a crash
        self._threads: ThreadPoolExecutor | None = None

    def read(self, path: str, limit_bytes: int) -> bytes:
        with (self._folder / path).open("rb") as file:
            return file.read(limit_bytes + 1)

    def commit(self, *stages: Files, shown: Files | None = None) -> None:
        numbers = count()
        moves = [
            [
                _Move(self._folder / STAGING / str(next(numbers)), self._folder / path, data)
                for path, data in stage.items()
            ]
            for stage in (*stages, shown or {})
        ]
        self._each(_write_through, [move for stage in moves for move in stage])
        for stage in moves[:-1]:
            made = self._make_folders(stage)
            for move in stage:
                move.staged.replace(move.final)
            self._each(_sync_folder, sorted({move.final.parent for move in stage} | {folder.parent for folder in made}))
            self._known |= made
        for move in moves[-1]:
            move.staged.replace(move.final)

    def names(self, folder: str) -> list[str]:
        try:
            return os.listdir(self._folder / folder)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def remove_folder(self, folder: str) -> None:
        self._known.discard(self._folder / folder)
        with suppress(FileNotFoundError):
            shutil.rmtree(self._folder / folder)

    def lock(self) -> Callable[[], None]:
        # A synced file in a folder whose name a crash takes away is lost, so the names above are synced too.
        missing = [folder for folder in (self._folder, *self._folder.parents) if not folder.is_dir()]
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in missing or [self._folder]:
            _sync_folder(folder.parent)
        # A flock goes with the open file, so a killed process holds nothing.
        held = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self._folder / STAGING, ignore_errors=True)
            (self._folder / STAGING).mkdir(exist_ok=True)
        except OSError as error:
            os.close(held)
            if not isinstance(error, BlockingIOError):
                raise
            raise LogInUse(
                f"Another process writes to the log in {self._folder}.",
                hint="A log has one writer. Stop the other process, or wait for it.",
            ) from None
        return lambda: self._release(held)

    def _make_folders(self, stage: Sequence[_Move]) -> set[Path]:
        """Make what is missing above the files; returns the folders whose own names may not survive a crash yet."""
        above = {folder for move in stage for folder in move.final.parents if folder.is_relative_to(self._folder)}
        unsafe = above - self._known
        for folder in sorted(unsafe):
            folder.mkdir(exist_ok=True)
        return unsafe

    def _release(self, held: int) -> None:
        if self._threads is not None:
            self._threads.shutdown()
            self._threads = None
        os.close(held)

    def _each(self, work: Callable[[T], None], subjects: Sequence[T]) -> None:
        """`work` on each, several at a time. All have ended when it returns or raises: staging names are used again."""
        if len(subjects) <= 1:
            for subject in subjects:
                work(subject)
            return
        self._threads = self._threads or ThreadPoolExecutor(SYNC_THREADS, thread_name_prefix="log-sync")
        running = [self._threads.submit(work, subject) for subject in subjects]
        wait(running)
        for ended in running:
            ended.result()


def _write_through(move: _Move) -> None:
    with move.staged.open("wb", buffering=0) as file:
        remaining = memoryview(move.data)
        while remaining:
            remaining = remaining[file.write(remaining) :]
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
