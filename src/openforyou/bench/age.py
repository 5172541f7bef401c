"""How old the numbers on a page are, while events come in: from acknowledged to counted."""

from __future__ import annotations

import threading
from collections import deque
from time import perf_counter, sleep
from types import TracebackType
from typing import Self

from openforyou.core.errors import Unavailable
from openforyou.events.log.store import State, state
from openforyou.storage.database import Database

LOOK_EVERY_S = 0.02
DRAIN_WITHIN_S = 60.0


class CountAge:
    """Watches from entering to leaving; nothing but the acknowledged events may come in meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._before = _state(database).queued
        self._waiting: deque[tuple[float, int]] = deque()
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="count-age", daemon=True)
        self.accepted = 0
        self.oldest_s = 0.0
        """The greatest age seen."""

    def acknowledged(self, accepted: int) -> None:
        """So many events were just answered as accepted."""
        with self._lock:
            self.accepted += accepted
            self._waiting.append((perf_counter(), self._before + self.accepted))

    def _watch(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            now, folded = perf_counter(), _state(self._database).folded
            with self._lock:
                while self._waiting and self._waiting[0][1] <= folded:
                    self._waiting.popleft()
                if self._waiting:
                    self.oldest_s = max(self.oldest_s, now - self._waiting[0][0])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()


def drain(database: Database) -> None:
    """Wait until everything accepted is published and counted. Raises `Unavailable` after a minute."""
    end = perf_counter() + DRAIN_WITHIN_S
    while perf_counter() < end:
        now = _state(database)
        if now.folded == now.queued:
            return
        sleep(LOOK_EVERY_S)
    raise Unavailable("What was accepted is not published.", hint="Read what the sequencer says, with --verbose.")


def _state(database: Database) -> State:
    with database.connect() as connection:
        return state(connection)
