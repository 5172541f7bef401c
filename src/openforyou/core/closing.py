"""Letting go of things from more than one thread."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from types import TracebackType


class SharedStack(ExitStack):
    """An `ExitStack` that several threads may close: one does it, and the others wait until it is done.

    A process that leaves from a second thread would otherwise end in the midst of the first one's closing, and leave
    behind what comes last.
    """

    def __init__(self) -> None:
        super().__init__()
        self._closing = threading.RLock()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> bool | None:
        with self._closing:
            return super().__exit__(kind, error, trace)
