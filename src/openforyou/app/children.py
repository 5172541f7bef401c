"""Processes that live and die with the one that started them.

A child holds the reading end of a pipe. The parent's death, of whatever cause, closes the pipe; the child sees
the end and leaves. So Ctrl-C stops everything, and so does `kill -9`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from time import sleep
from types import TracebackType
from typing import IO, Self

LEAVE_WITHIN_S = 8.0
STANDARD_ERROR = 2


class Child:
    """A process of our own command line, `openforyou ARGUMENTS…`; a context manager that stops it.

    What it says goes to the parent's standard error, or to the file `said`; `environment` None is the parent's.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        said: IO[bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "openforyou", *arguments],
            stdin=subprocess.PIPE,
            stdout=said or STANDARD_ERROR,  # the parent's own output may be read by a program
            stderr=said,
            env=environment,
            start_new_session=True,  # Ctrl-C in a terminal goes to the parent alone, which then tells the child.
        )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def failed(self) -> bool:
        """Whether it ended with an error."""
        return self._process.poll() not in (None, 0)

    def close(self) -> None:
        """Tell it to leave, wait, and insist."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        for insist in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(LEAVE_WITHIN_S)
            except subprocess.TimeoutExpired:
                insist()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def when_parent_leaves(leave: Callable[[], None], within_s: float = LEAVE_WITHIN_S / 2) -> threading.Event:
    """An event that is set when standard input ends; `leave` is called, and the process exits, if it is still there
    after `within_s`. `leave` must wait for a closing that another thread began, as `SharedStack` does: the process
    ends when it returns."""
    gone = threading.Event()

    def watch() -> None:
        while os.read(0, 1024):
            continue
        gone.set()
        sleep(within_s)
        leave()
        os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
    return gone
