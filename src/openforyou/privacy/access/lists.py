"""Who reads what of the book: staff by their duties, a person what is about them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import encode_id
from openforyou.privacy.access import acts, rules
from openforyou.privacy.access.book import Attempt, Book
from openforyou.privacy.access.desk import Desk
from openforyou.privacy.access.purposes import BY_NAME
from openforyou.privacy.access.types import Alarm, Doing, Duty, Looked, Purpose, Request, Staff, Standing, Traced
from openforyou.privacy.vault.types import Kind, Subject

LISTED_MAX = 200


def for_staff(desk: Desk, staff: Staff) -> dict[str, Any]:
    """What somebody's duties call for, newest first. Nothing that others do about people close to them is in it."""
    book, now = desk.book, desk.now()
    kept_from = _about_close(desk, staff)
    newest = [one for one in reversed(book.requests.values()) if one.id not in kept_from]
    sees_all = bool(staff.duties & {Duty.REVIEWER, Duty.AUDITOR})
    shown = newest if sees_all else [one for one in newest if one.by == staff.id]
    alarms = [one for one in reversed(book.alarms.values()) if sees_all and kept_from.isdisjoint(one.requests)]
    proposals = [
        {"proposal": id_, "by": by, **proposed_told(one, book.staff.get(one.id))}
        for id_, (one, by) in book.proposals.items()
        if Duty.ADMINISTRATOR in staff.duties
    ]
    traces = [one for one in reversed(book.traces) if sees_all and kept_from.isdisjoint(one.found)]
    everybody = [staff_row(one) for one in book.staff.values() if staff.duties & rules.APART or sees_all]
    return {
        "me": _me(staff, book, now) | {"regions": [desk.store.home.region]},
        "closed": book.closed,
        "waiting": [request_told(one, book, now, decides=True) for one in newest if _waits_for(staff, one, book, now)],
        "requests": [request_told(one, book, now, decides=sees_all) for one in shown[:LISTED_MAX]],
        "alarms": [alarm_told(one) for one in alarms[:LISTED_MAX]],
        "proposals": proposals,
        "traces": [traced_told(one) for one in traces[:LISTED_MAX]],
        "staff": everybody,
    }


def for_person(desk: Desk, subject: Subject) -> list[Looked]:
    """Everything about them, newest first, what was refused included; what is delayed once its delay has ended."""
    book, now, salts = desk.book, desk.now(), desk.store.salts(subject)
    found = []
    for one in book.requests.values():
        told_at = one.told_at()
        if one.subject != subject or told_at is None or now < told_at:
            continue
        opened = book.opened_by.get(one.id)
        delayed = one.later.days if one.later and one.later.agreed and one.granted_at else 0
        found.append(
            Looked(
                role=one.duty,
                staff=one.by,
                purpose=one.purpose,
                case=one.case and purpose_case(one),
                fields=one.fields,
                asked_at=one.at,
                standing=standing(one, now),
                granted_at=one.granted_at,
                until=one.until,
                reads=one.reads,
                is_emergency=one.is_emergency,
                delayed_days=delayed,
                entry=desk.store.hash_at(opened) if opened and salts else "",
                salt=salts[one.id].hex() if one.id in salts else "",
            )
        )
    found += [_tried(one, book) for one in book.attempts if one.subject == subject_told(subject)]
    return sorted(found, key=lambda one: one.asked_at, reverse=True)


def standing(request: Request, now: datetime) -> str:
    """As people read it: a grant whose time is over has `ended`."""
    if request.standing is Standing.GRANTED and request.until is not None and now >= request.until:
        return "ended"
    return request.standing.value


def request_told(one: Request, book: Book, now: datetime, *, decides: bool) -> dict[str, Any]:
    """A request as staff read it. That a person is protected is for those who decide."""
    later = one.later
    told = {
        "request": one.id,
        "by": one.by,
        "name": book.staff[one.by].name if one.by in book.staff else "",
        "duty": one.duty.value,
        "subject": subject_told(one.subject),
        "purpose": one.purpose,
        "case": one.case,
        "case_fits": one.case_fits,
        "fields": list(one.fields),
        "minutes": one.minutes,
        "words": one.words,
        "at": one.at.isoformat(),
        "standing": standing(one, now),
        "until": one.until.isoformat() if one.until else None,
        "reads": len(one.reads),
        "emergency": one.is_emergency,
        "reviewed": one.reviewed,
        "grants": [by for by, _ in one.grants],
        "delay_days": later.days if later else 0,
        "order": later.order if later else "",
        "delay_agreed": later.agreed if later else None,
    }
    return told | {"protected": one.is_protected} if decides else told


def alarm_told(one: Alarm) -> dict[str, Any]:
    """An alarm as reviewers read it."""
    return {
        "alarm": one.id,
        "kind": one.kind,
        "at": one.at.isoformat(),
        "words": one.words,
        "score": one.score,
        "staff": list(one.staff),
        "requests": list(one.requests),
        "reviewed_by": one.reviewed_by,
    }


def traced_told(one: Traced) -> dict[str, Any]:
    """A leak that was traced, as reviewers and auditors read it."""
    return {"by": one.by, "at": one.at.isoformat(), "words": one.words, "found": list(one.found)}


def staff_row(one: Staff) -> dict[str, Any]:
    """Somebody of the staff as colleagues read it."""
    return {"staff": one.id, "name": one.name, "duties": sorted(one.duties)}


def proposed_told(one: Staff, now: Staff | None) -> dict[str, Any]:
    """How somebody is to stand, and what of it is a change of how they do: from what, to what. Keys by fingerprint."""
    whole = _whole(one)
    before = _whole(now) if now else {name: type(value)() for name, value in whole.items()}
    changes = {name: [before[name], value] for name, value in whole.items() if before[name] != value}
    return {"staff": staff_row(one), "keys": whole["keys"], "is_new": now is None, "changes": changes}


def purpose_told(one: Purpose) -> dict[str, Any]:
    """A purpose as everybody reads it."""
    return {
        "name": one.name,
        "words": one.words,
        "fields": sorted(one.fields),
        "longest_minutes": int(one.longest.total_seconds() // 60),
        "protected_minutes": int(rules.longest_for(one, is_protected=True).total_seconds() // 60),
        "may_ask": sorted(one.may_ask),
        "case": one.case,
        "may_delay": one.may_delay,
        "emergency": one.is_emergency,
    }


def purpose_case(one: Request) -> str:
    """The kind of case, which a person reads; its number stays with the staff."""
    return BY_NAME[one.purpose].case


def subject_told(subject: Subject) -> str:
    """As acts name a person."""
    return f"{subject.kind.value}:{encode_id(subject.id)}"


def _whole(staff: Staff) -> dict[str, Any]:
    account = subject_told(Subject(Kind.ACCOUNT, staff.account)) if staff.account else ""
    keys = [acts.fingerprint(key) for key in staff.keys]
    return {"name": staff.name, "duties": sorted(staff.duties), "keys": keys, "account": account}


def _me(staff: Staff, book: Book, now: datetime) -> dict[str, Any]:
    """Somebody as they read themselves. `circle`: who granted to them of late, about whose requests they do not decide,
    and to whom they granted, who do not decide about theirs; each with the day on which that ends."""
    bound: dict[str, dict[str, datetime]] = {"granted_to_me": {}, "granted_by_me": {}}
    for word in book.words:
        until = word.at + timedelta(days=rules.CIRCLE_DAYS)
        if until >= now and staff.id in (word.by, word.to):
            way, other = ("granted_to_me", word.by) if word.to == staff.id else ("granted_by_me", word.to)
            bound[way][other] = until
    circle = {
        way: [{**staff_row(book.staff[id_]), "until": until.isoformat()} for id_, until in sorted(others.items())]
        for way, others in bound.items()
    }
    return {"staff": staff.id, **_whole(staff), "circle": circle}


def _about_close(desk: Desk, staff: Staff) -> frozenset[str]:
    """Others' requests about people whom they named as close to them."""
    marks = desk.book.close.get(staff.id)
    others = (one for one in desk.book.requests.values() if one.by != staff.id) if marks else ()
    return frozenset(one.id for one in others if desk.protection_mark(one.subject) in (marks or ()))


def _waits_for(staff: Staff, one: Request, book: Book, now: datetime) -> bool:
    """Whether their word would count now, about somebody who is not close to them."""
    if one.is_emergency and one.reviewed is None:
        return Duty.REVIEWER in staff.duties and one.by != staff.id
    if one.standing is not Standing.WAITING:
        return False
    checks = (rules.check_delay, rules.check_grant)
    for check in checks:
        try:
            check(staff, one, book, now)
        except OpenForYouError:
            continue
        return True
    return False


def _tried(one: Attempt, book: Book) -> Looked:
    duties = sorted(book.staff[one.by].duties) if one.by in book.staff else []
    return Looked(
        role=duties[0] if duties else Duty.SUPPORT,
        staff=one.by,
        purpose="",
        case="",
        fields=(),
        asked_at=one.at,
        standing="not_allowed",
        granted_at=None,
        until=None,
        reads=(),
        is_emergency=one.doing == Doing.EMERGENCY,
        delayed_days=0,
        entry="",
        salt="",
    )
