"""The acts of staff as detection reads them, and its findings as alarms."""

from __future__ import annotations

from openforyou.privacy.access.desk import Desk
from openforyou.privacy.access.types import Doing, Request, Standing
from openforyou.privacy.detection.types import Asking
from openforyou.privacy.detection.watch import watch

ATTEMPTS_A_DAY = 5
"""So many refused acts of one person within a day are an alarm."""


def look(desk: Desk) -> None:
    """Raise what the newest acts give reason for; each once."""
    book = desk.book
    known = {(one.kind, one.requests) for one in book.alarms.values()}
    for found in watch([asking(one) for one in book.requests.values()]):
        if (found.kind, found.requests) not in known:
            desk.alarm(found.kind, found.words, found.score, (found.staff, found.requests))
    _attempts(desk)


def asking(one: Request) -> Asking:
    """A request as detection reads it."""
    granters = tuple(by for by, _ in one.grants)
    came = bool(one.reads) or one.standing is Standing.WAITING
    return Asking(
        one.id,
        one.at,
        one.by,
        one.duty.value,
        one.subject.id,
        one.case,
        case_fits=one.case_fits,
        is_protected=one.is_protected,
        came_to_something=came and one.case_fits is not False,
        granters=granters,
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
