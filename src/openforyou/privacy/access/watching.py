"""The acts of staff as detection reads them, and its findings as alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from openforyou.privacy.access.book import Book
from openforyou.privacy.access.desk import Desk
from openforyou.privacy.access.types import Doing, Request, Standing
from openforyou.privacy.detection.marks import MARKS
from openforyou.privacy.detection.types import Asking, Finding, Told
from openforyou.privacy.detection.watch import BUDGET, Watcher

ATTEMPTS_A_DAY = 5
"""So many refused acts of one person within a day are an alarm."""


class Watching:
    """The watcher beside a book, which it follows."""

    def __init__(self, budget: int = BUDGET) -> None:
        self._watcher = Watcher(budget)
        self._known: dict[str, Request] = {}
        self._told: dict[str, Told] = {}

    def found(self, book: Book, now: datetime) -> list[Finding]:
        """What gives reason for an alarm now, by all that changed since the last time."""
        for one in self._changed(book):
            self._watcher.put(asking(one))
        for id_ in book.alarms.keys() - self._told.keys():
            alarm = book.alarms[id_]
            if alarm.kind in MARKS:
                self._told[id_] = Told(alarm.at, alarm.score, frozenset(alarm.requests), alarm.staff)
        return self._watcher.look(now, list(self._told.values()))

    def _changed(self, book: Book) -> Iterator[Request]:
        for id_, one in book.requests.items():
            if self._known.get(id_) is not one:
                self._known[id_] = one
                yield one


def look(desk: Desk, watching: Watching) -> None:
    """Raise what the newest acts give reason for; each once."""
    for found in watching.found(desk.book, desk.now()):
        desk.alarm(found.kind, found.words, found.score, (found.staff, found.requests))
    _attempts(desk)


def asking(one: Request) -> Asking:
    """A request as detection reads it."""
    came = bool(one.reads) or one.standing is Standing.WAITING
    return Asking(
        one.id,
        one.at,
        one.by,
        one.duty.value,
        one.subject.id,
        one.case,
        purpose=one.purpose,
        case_fits=one.case_fits,
        is_protected=one.is_protected,
        is_emergency=one.is_emergency,
        came_to_something=came and one.case_fits is not False,
        grants=one.grants,
    )


def _attempts(desk: Desk) -> None:
    book = desk.book
    if not book.attempts:
        return
    last = book.attempts[-1]
    day = [one for one in book.attempts if one.by == last.by and (last.at - one.at).days == 0]
    recent = [one for one in book.alarms.values() if one.kind == "attempts" and one.staff == (last.by,)]
    if len(day) >= ATTEMPTS_A_DAY and not any((last.at - one.at).days == 0 for one in recent):
        what = ", ".join(sorted({Doing(one.doing).value for one in day}))
        desk.alarm("attempts", f"{len(day)} acts refused within a day: {what}.", 1.0, ((last.by,), ()))
