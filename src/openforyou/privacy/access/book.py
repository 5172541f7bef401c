"""What the entries add up to: who is of the staff, what was asked, what stands. Pure: the same entries, the same book.

Nothing of this is kept for itself, so there is no second place that could disagree with the entries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from openforyou.core.ids import decode_id
from openforyou.privacy.access.errors import NoSuch, NotAsked
from openforyou.privacy.access.types import Alarm, Doing, Duty, Entry, Later, Request, Staff, Standing, Traced
from openforyou.privacy.vault.types import Field, Kind, Subject

FIRST, ALARM, TOLD, CHOSEN, CLOSED = "first", "alarm", "told", "chosen", "closed"
"""What the broker enters by itself: a first administrator, an alarm, the end of a delay, a person's own wish about
being protected, and that access was closed."""


class Attempt(NamedTuple):
    """An act that was refused."""

    at: datetime
    by: str
    doing: str
    code: str
    subject: str = ""
    """As the act named them, where it named one."""


class Granted(NamedTuple):
    """One word given: an edge of the circles that must not close."""

    by: str
    to: str
    at: datetime
    request: str


@dataclass(slots=True)
class Book:
    """The fold, entry by entry."""

    staff: dict[str, Staff] = field(default_factory=dict)
    enrolled_at: dict[str, datetime] = field(default_factory=dict)
    proposals: dict[str, tuple[Staff, str]] = field(default_factory=dict)
    """By id: how somebody is to stand, and who proposed it."""
    requests: dict[str, Request] = field(default_factory=dict)
    opened_by: dict[str, int] = field(default_factory=dict)
    """By request the number of the entry whose public record must be durable before anything opens."""
    alarms: dict[str, Alarm] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    """Marks of those whom staff protect."""
    wishes: set[str] = field(default_factory=set)
    """Marks of those who wish it themselves. Either suffices."""
    close: dict[str, set[str]] = field(default_factory=dict)
    """By member of the staff the marks of those whom they named as close to them."""
    words: list[Granted] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    traces: list[Traced] = field(default_factory=list)
    settling: str = ""
    """The administrator who said the first of the two words that settle."""
    closed: str = ""
    seq: int = 0

    def take(self, entry: Entry) -> None:
        """One more entry."""
        assert entry.seq == self.seq + 1, "entries are taken in order"
        self.seq = entry.seq
        told: Mapping[str, Any] = entry.outcome
        if "refused" in told:
            self.attempts.append(Attempt(entry.at, entry.by, entry.doing, told["refused"], told["subject"]))
            return
        body: Mapping[str, Any] = json.loads(entry.text)["body"] if entry.text else {}
        _TAKES[entry.doing](self, entry, body, told)

    def request(self, id_: str) -> Request:
        """Raises `NoSuch`."""
        if id_ not in self.requests:
            raise NoSuch("There is no such request.", hint="`openforyou access list` names those that concern you.")
        return self.requests[id_]

    def administrators(self) -> list[Staff]:
        """Those who hold that duty now."""
        return [one for one in self.staff.values() if Duty.ADMINISTRATOR in one.duties]

    def of(self, staff_id: str) -> list[Request]:
        """What somebody asked, oldest first."""
        return [one for one in self.requests.values() if one.by == staff_id]

    def _change(self, id_: str, **values: Any) -> None:
        self.requests[id_] = replace(self.requests[id_], **values)


def subject_from(text: object) -> Subject:
    """`account:ID` or `viewer:ID`. Raises `NotAsked`."""
    kind, _, id_ = text.partition(":") if isinstance(text, str) else ("", "", "")
    if kind not in tuple(Kind) or "," in id_ or " " in id_:
        raise NotAsked(
            "A request names one person, as account:ID or viewer:ID.",
            hint="No request takes two people, a place, an address or a time.",
            field="subject",
        )
    return Subject(Kind(kind), decode_id(id_, "subject"))


def staff_of(told: Mapping[str, Any]) -> Staff:
    """From an entry."""
    return Staff(
        told["id"],
        told["name"],
        frozenset(map(Duty, told["duties"])),
        tuple(told["keys"]),
        int(told["account"]),
    )


def staff_told(staff: Staff) -> dict[str, Any]:
    """Into an entry."""
    return {
        "id": staff.id,
        "name": staff.name,
        "duties": sorted(staff.duties),
        "keys": list(staff.keys),
        "account": str(staff.account),
    }


def _asked(book: Book, entry: Entry, body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    later = Later(body["delay_days"], body["order"]) if body.get("delay_days") else None
    is_emergency = entry.doing == Doing.EMERGENCY
    book.requests[told["id"]] = Request(
        id=told["id"],
        by=entry.by,
        duty=Duty(told["duty"]),
        subject=subject_from(body["subject"]),
        purpose=body["purpose"],
        case=body.get("case", ""),
        fields=tuple(Field(one) for one in body["fields"]),
        minutes=body["minutes"],
        at=entry.at,
        words=body["words"],
        is_protected=told["protected"],
        is_emergency=is_emergency,
        case_fits=told["case_fits"],
        later=later,
    )
    if is_emergency:
        until = datetime.fromisoformat(told["until"])
        book._change(told["id"], standing=Standing.GRANTED, granted_at=entry.at, until=until)
        book.opened_by[told["id"]] = entry.seq


def _granted(book: Book, entry: Entry, body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    request = book.requests[body["request"]]
    book.words.append(Granted(entry.by, request.by, entry.at, request.id))
    book._change(request.id, grants=(*request.grants, (entry.by, entry.at)))
    if told["until"]:
        until = datetime.fromisoformat(told["until"])
        book._change(request.id, standing=Standing.GRANTED, granted_at=entry.at, until=until)
        book.opened_by[request.id] = entry.seq


def _ended(book: Book, entry: Entry, body: Mapping[str, Any], _told: Mapping[str, Any]) -> None:
    standing = Standing.REFUSED if entry.doing == Doing.REFUSE else Standing.REVOKED
    book._change(body["request"], standing=standing)


def _read(book: Book, entry: Entry, body: Mapping[str, Any], _told: Mapping[str, Any]) -> None:
    request = book.requests[body["request"]]
    book._change(request.id, reads=(*request.reads, entry.at))


def _reviewed(book: Book, entry: Entry, body: Mapping[str, Any], _told: Mapping[str, Any]) -> None:
    if body["of"] in book.requests:
        book._change(body["of"], reviewed=body["right"])
    else:
        book.alarms[body["of"]] = replace(book.alarms[body["of"]], reviewed_by=entry.by)


def _delayed(book: Book, entry: Entry, body: Mapping[str, Any], _told: Mapping[str, Any]) -> None:
    later = book.requests[body["request"]].later
    assert later is not None, "a delay that nobody asked for"
    book._change(body["request"], later=replace(later, agreed=body["agree"], by=entry.by))


def _protected(book: Book, entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    marks = book.close.setdefault(entry.by, set()) if told.get("close") else book.protected
    (marks.add if told["on"] else marks.discard)(told["mark"])


def _wished(book: Book, _entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    (book.wishes.add if told["on"] else book.wishes.discard)(told["mark"])


def _proposed(book: Book, entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    book.proposals[told["proposal"]] = (staff_of(told["staff"]), entry.by)


def _agreed(book: Book, entry: Entry, body: Mapping[str, Any], _told: Mapping[str, Any]) -> None:
    staff, _ = book.proposals.pop(body["proposal"])
    book.staff[staff.id] = staff
    if not staff.is_active:
        book.close.pop(staff.id, None)
    book.enrolled_at[staff.id] = entry.at


def _first(book: Book, entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    staff = staff_of(told["staff"])
    book.staff[staff.id] = staff
    book.enrolled_at[staff.id] = entry.at


def _settled(book: Book, entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    book.settling = "" if told["settled"] else entry.by
    if told["settled"]:
        book.closed = ""
        for request in list(book.requests.values()):
            if request.standing in (Standing.WAITING, Standing.GRANTED):
                book._change(request.id, standing=Standing.REVOKED)


def _alarmed(book: Book, entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    staff, requests = tuple(told["staff"]), tuple(told["requests"])
    score = told["score_milli"] / 1_000
    book.alarms[told["id"]] = Alarm(told["id"], told["kind"], entry.at, told["words"], score, staff, requests)


def _traced(book: Book, entry: Entry, body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    book.traces.append(Traced(entry.by, entry.at, body["words"], tuple(told["found"])))


def _was_told(book: Book, _entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    book.told.add(told["request"])


def _closed(book: Book, _entry: Entry, _body: Mapping[str, Any], told: Mapping[str, Any]) -> None:
    book.closed = told["why"]


_TAKES = {
    Doing.REQUEST: _asked,
    Doing.EMERGENCY: _asked,
    Doing.GRANT: _granted,
    Doing.REFUSE: _ended,
    Doing.REVOKE: _ended,
    Doing.READ: _read,
    Doing.REVIEW: _reviewed,
    Doing.DELAY: _delayed,
    Doing.PROTECT: _protected,
    Doing.ENROL: _proposed,
    Doing.AGREE: _agreed,
    Doing.SETTLE: _settled,
    Doing.TRACE: _traced,
    FIRST: _first,
    ALARM: _alarmed,
    TOLD: _was_told,
    CHOSEN: _wished,
    CLOSED: _closed,
}
