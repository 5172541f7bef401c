"""From a value that turned up elsewhere to the look that it came from, by the mark that it bears.

Whoever traces sends the mark and not the value, which is personal: the broker needs no more to compare. Each tracing is
an entry and a public record, and is answered once that stands in the log.

Who may ask whose look begins with these bits learns a mark by asking often, and could weave it into what they made up.
So few bits are no question here, nobody asks often, and whoever comes back again and again is an alarm.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from openforyou.privacy.access import records, rules, watermark
from openforyou.privacy.access.asking import Answer, Then
from openforyou.privacy.access.book import Book
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import NotAsked, TooManyTraced, WrongDuty
from openforyou.privacy.access.lists import subject_told
from openforyou.privacy.access.types import Act, Beside, Duty, Request, Staff

MAY_TRACE = frozenset({Duty.REVIEWER, Duty.AUDITOR})
DAY, MONTH = timedelta(days=1), timedelta(days=30)
A_DAY_MAX = 5
ALARM_A_MONTH = 8
"""So many by one person within a month are an alarm: a forger needs more, a leak or two do not."""
MANY = "traces"
_BITS = re.compile(rf"[01]{{1,{watermark.TAG_BITS}}}")


def trace(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Which looks a mark fits. It may fit others by chance; how many is said."""
    if not MAY_TRACE & staff.duties:
        able = ", ".join(sorted(MAY_TRACE))
        raise WrongDuty("Your duties do not include tracing a leak.", hint=f"This is for: {able}.")
    bits = act.body.get("bits")
    if set(act.body) != {"bits", "words"} or not isinstance(bits, str) or not _BITS.fullmatch(bits):
        raise NotAsked(
            "A leak is traced by the mark that the value bears, and by nothing else.",
            hint="`openforyou access trace` reads the mark out of a value.",
            field="bits",
        )
    rules.text_of(act.body["words"], "words")
    if len(bits) < watermark.TRACED_BITS:
        raise NotAsked(
            f"A mark of {len(bits)} bits tells nobody from another: one access in {2 ** len(bits):,} bears it.",
            hint=f"From {watermark.TRACED_BITS} bits on it is traced; a shorter domain has no more letters than that.",
            field="bits",
        )
    mine = [desk.now() - one.at for one in desk.book.traces if one.by == staff.id]
    today = sum(since < DAY for since in mine)
    if today >= A_DAY_MAX:
        raise TooManyTraced(
            f"You have traced {today} times within a day.",
            hint="Tomorrow you can again; another reviewer or auditor can now. Who traces often could guess a mark.",
        )
    read = [one for one in desk.book.requests.values() if one.reads]
    fits = watermark.candidates(bits, desk.store.home.key, [(one.by, one.id) for one in read])
    found = [request for _, request in fits]
    for one in found:
        desk.check_close(staff, desk.book.request(one).subject)
    public = {"by": staff.id, "bits": len(bits), "found": len(found)}
    entry = desk.enter(Wish(act.doing.value, {"found": found}, records.TRACE, public), act)
    _watch(desk, staff)
    answer: Answer = {
        "bits": len(bits),
        "read": len(read),
        "by_chance_milli": round(1_000 * len(read) / 2 ** len(bits)),
        "found": [_told(desk.book, desk.book.request(one)) for one in found],
    }

    def then() -> Answer:
        desk.durable(entry.seq)
        return answer

    return then


def _watch(desk: Desk, staff: Staff) -> None:
    """Raise an alarm about whoever traces again and again; once a month."""
    now = desk.now()
    count = sum(one.by == staff.id and now - one.at < MONTH for one in desk.book.traces)
    known = any(
        one.kind == MANY and one.staff == (staff.id,) and now - one.at < MONTH for one in desk.book.alarms.values()
    )
    if count >= ALARM_A_MONTH and not known:
        words = f"{count} marks traced within {MONTH.days} days. Look whether something had leaked each time."
        desk.alarm(MANY, words, 1.0, ((staff.id,), ()))


def _told(book: Book, one: Request) -> dict[str, Any]:
    return {
        "request": one.id,
        "by": one.by,
        "name": book.staff[one.by].name,
        "duty": one.duty.value,
        "subject": subject_told(one.subject),
        "purpose": one.purpose,
        "fields": list(one.fields),
        "reads": [at.isoformat() for at in one.reads],
    }
