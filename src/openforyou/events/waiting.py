"""Slates that cannot be recorded yet, because their viewer's secret is not at hand: a feed does not wait for it.

One thread asks for the secrets of all that wait, together, and hands the slates on. While nobody answers they stay, up
to `SLATES_MAX`; past that the oldest is given up: it was served, and is neither counted as served nor explained.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import NamedTuple

from openforyou.core.errors import OpenForYouError, Unavailable
from openforyou.events.secrets import KnownSecrets
from openforyou.events.types import Outcome, ServedSlate

SLATES_MAX = 10_000
TOGETHER_MAX = 1_000
ASK_AGAIN_S = 1.0
SETTLES_WITHIN_S = 2.0
_log = logging.getLogger(__name__)


class Waiter(NamedTuple):
    """A slate, and what is filled once it is recorded."""

    slate: ServedSlate
    done: Future[list[Outcome]]


HandOn = Callable[[Waiter, Mapping[int, bytes]], None]
"""Takes a slate with the secret of its viewer. Raises `Unavailable` where it cannot now."""


class WaitingSlates:
    """Starts its thread on creation; `close` tries once more, and gives up what still waits."""

    def __init__(self, secrets: KnownSecrets, hand_on: HandOn, *, slates_max: int = SLATES_MAX) -> None:
        self._secrets = secrets
        self._hand_on = hand_on
        self._slates_max = slates_max
        self._waiting: deque[Waiter] = deque()
        self._lock = threading.Lock()
        self._going_through = threading.Lock()
        self._some = threading.Event()
        self._closed = threading.Event()
        self._lost = 0
        self._thread = threading.Thread(target=self._run, name="intake-slates", daemon=True)
        self._thread.start()

    def add(self, waiter: Waiter) -> None:
        """Have it handed on as soon as that can be."""
        lost = None
        with self._lock:
            self._waiting.append(waiter)
            if len(self._waiting) > self._slates_max:
                lost = self._waiting.popleft()
        self._some.set()
        if lost is not None:
            self._give_up(lost)

    def settle(self) -> None:
        """Hand on now what can be; what cannot stays. Waits `SETTLES_WITHIN_S` at the most for another who does it."""
        if self._going_through.acquire(timeout=SETTLES_WITHIN_S):
            try:
                while self._take_some():
                    pass
            finally:
                self._going_through.release()

    def close(self) -> None:
        """No more may be added. May be called twice."""
        self._closed.set()
        self._some.set()
        self._thread.join()
        self.settle()
        with self._lock:
            rest, self._waiting = list(self._waiting), deque()
        for waiter in rest:
            self._give_up(waiter)

    def _run(self) -> None:
        while not self._closed.is_set():
            self._some.wait()
            self._some.clear()
            self.settle()
            with self._lock:
                stay = bool(self._waiting)
            if stay:
                self._closed.wait(ASK_AGAIN_S)
                self._some.set()

    def _take_some(self) -> bool:
        """Hand on the oldest; whether to go on."""
        with self._lock:
            some = [self._waiting.popleft() for _ in range(min(TOGETHER_MAX, len(self._waiting)))]
        if not some:
            return False
        left = self._handed_on(some)
        if left:
            with self._lock:
                self._waiting.extendleft(reversed(left))
        return not left

    def _handed_on(self, some: list[Waiter]) -> list[Waiter]:
        """Those that must wait on."""
        try:
            secrets = self._secrets.of({one.slate.viewer_id for one in some})
        except Unavailable:
            return some
        except OpenForYouError as error:
            if len(some) > 1:  # so that a viewer who is gone takes no other with them
                return [left for one in some for left in self._handed_on([one])]
            some[0].done.set_exception(error)
            return []
        except Exception as error:  # whatever it was, the others go on
            _log.exception("a slate was not recorded")
            for one in some:
                one.done.set_exception(error)
            return []
        for place, one in enumerate(some):
            try:
                self._hand_on(one, {one.slate.viewer_id: secrets[one.slate.viewer_id]})
            except Unavailable:
                return some[place:]
        return []

    def _give_up(self, waiter: Waiter) -> None:
        self._lost += 1
        if self._lost & (self._lost - 1) == 0:  # 1, 2, 4, 8 …
            _log.warning(
                "%d slates were served and not recorded: the secrets of their viewers cannot be had", self._lost
            )
        waiter.done.set_exception(
            Unavailable("The slate was not recorded: its viewer's secret cannot be had.", hint="Ask for a new feed.")
        )
