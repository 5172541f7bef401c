"""From a value that turned up elsewhere to the look that it came from, by the mark that it bears.

Whoever traces sends the mark and not the value, which is personal: the broker needs no more to compare. Each tracing is
an entry and a public record, and is answered once that stands in the log.
"""

from __future__ import annotations

import re
from typing import Any

from openforyou.privacy.access import records, rules, watermark
from openforyou.privacy.access.asking import Answer, Then
from openforyou.privacy.access.book import Book
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import NotAsked, WrongDuty
from openforyou.privacy.access.lists import subject_told
from openforyou.privacy.access.types import Act, Beside, Duty, Request, Staff

MAY_TRACE = frozenset({Duty.REVIEWER, Duty.AUDITOR})
_BITS = re.compile(rf"[01]{{1,{watermark.TAG_BITS}}}")


def trace(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Which looks a mark fits. With few bits it fits others by chance; how many is said."""
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
    read = [one for one in desk.book.requests.values() if one.reads]
    fits = watermark.candidates(bits, desk.store.home.key, [(one.by, one.id) for one in read])
    found = [request for _, request in fits]
    public = {"by": staff.id, "bits": len(bits), "found": len(found)}
    entry = desk.enter(Wish(act.doing.value, {"found": found}, records.TRACE, public), act)
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
