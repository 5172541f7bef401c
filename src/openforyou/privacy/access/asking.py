"""The steps of a request: asked, granted or refused, delayed, ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from openforyou.core.ids import encode_id, new_id
from openforyou.privacy.access import records, rules
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import ElsewhereAtHome, NotAsked
from openforyou.privacy.access.purposes import BY_NAME
from openforyou.privacy.access.types import Act, Beside, Doing, Request, Staff
from openforyou.privacy.vault.types import Field, Subject

Answer = dict[str, Any]
Then = Callable[[], Answer]
"""What is left of an act once its entry stands: waiting for the log, opening. Called without the desk's lock."""


def ask(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:
    """A request, or an emergency, which is granted with it."""
    is_emergency = act.doing is Doing.EMERGENCY
    wanted = rules.asked(act.body, is_emergency=is_emergency)
    if not desk.vault.holds(wanted.subject):
        raise ElsewhereAtHome.there()
    mark = desk.protection_mark(wanted.subject)
    desk.check_close(staff, wanted.subject)
    is_minor = _is_minor(desk, wanted.subject, beside)
    is_protected = rules.protects(desk.book, mark, wanted.subject, is_minor=is_minor)
    now = desk.now()
    duty = rules.check_ask(staff, wanted, desk.book, now, is_protected=is_protected)
    fits = beside.case_fits if wanted.purpose.case else None
    id_ = encode_id(new_id())
    told: dict[str, Any] = {"id": id_, "duty": duty.value, "protected": is_protected, "case_fits": fits}
    if not is_emergency:
        desk.enter(Wish(act.doing.value, told), act)
        return lambda: {"request": id_, "standing": "waiting"}
    until = now + timedelta(minutes=wanted.minutes)
    salt = desk.store.salt_for(id_, wanted.subject)
    public = _public(staff, duty.value, act.body, until) | {"granted_by": [], "emergency": True}
    public["person"] = records.person_mark(salt, wanted.subject)
    entry = desk.enter(Wish(act.doing.value, told | {"until": until.isoformat()}, records.ACCESS, public), act)
    desk.alarm("emergency", told_of(desk.book.request(id_)), 1.0, ((staff.id,), (id_,)))
    return lambda: _opened(desk, id_, entry.seq, until)


def grant(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """A word for a request; with the last that is needed its record goes into the log."""
    request = _named(desk, act)
    desk.check_close(staff, request.subject)
    now = desk.now()
    is_last = rules.check_grant(staff, request, desk.book, now)
    if not is_last:
        desk.enter(Wish(act.doing.value, {"until": ""}), act)
        return lambda: {"request": request.id, "standing": "waiting", "waits_for": "another grant, by a second person"}
    until = now + timedelta(minutes=request.minutes)
    salt = desk.store.salt_for(request.id, request.subject)
    body = {"purpose": request.purpose, "fields": list(request.fields)}
    asker = desk.book.staff[request.by]
    public = _public(asker, request.duty.value, body, until) | {"emergency": False}
    public["granted_by"] = [*(by for by, _ in request.grants), staff.id]
    public["person"] = records.person_mark(salt, request.subject)
    entry = desk.enter(Wish(act.doing.value, {"until": until.isoformat()}, records.ACCESS, public), act)
    return lambda: _opened(desk, request.id, entry.seq, until)


def refuse(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """No, with the reason, by somebody who could have granted it."""
    request = _named(desk, act, words=True)
    rules.check_waiting(request)
    desk.check_close(staff, request.subject)
    rules.check_second(staff, request, desk.book, desk.now())
    desk.enter(Wish(act.doing.value, {}), act)
    return lambda: {"request": request.id, "standing": "refused"}


def delay(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Whether the person is told later. A delay that is agreed to is counted in the open."""
    _only(act, "request", "agree")
    request = desk.book.request(str(act.body.get("request")))
    desk.check_close(staff, request.subject)
    rules.check_delay(staff, request, desk.book, desk.now())
    agree = act.body.get("agree")
    if type(agree) is not bool:
        raise NotAsked("A delay is agreed to or not.", hint="agree is true or false.", field="agree")
    assert request.later is not None
    public = {"days": request.later.days, "by": request.by, "agreed_by": staff.id}
    record = (records.DELAY, public) if agree else ("", None)
    desk.enter(Wish(act.doing.value, {}, *record), act)
    return lambda: {"request": request.id, "delay": request.later.days if agree and request.later else 0}


def revoke(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """End it, now."""
    request = _named(desk, act, words=True)
    rules.check_revoke(staff, request)
    opened = desk.book.opened_by.get(request.id)
    public: Mapping[str, Any] | None = None
    if opened is not None:
        public = {"of": desk.store.hash_at(opened), "why": "taken_back" if staff.id == request.by else "revoked"}
    desk.enter(Wish(act.doing.value, {}, records.END if public else "", public), act)
    return lambda: {"request": request.id, "standing": "revoked"}


def told_of(emergency: Request) -> str:
    """An emergency as the reviewers read of it."""
    return f"The glass was broken for {emergency.purpose}: {emergency.words}"


def _is_minor(desk: Desk, subject: Subject, beside: Beside) -> bool:
    """As they said themselves, under their own seal; where that was not handed in, they count as one."""
    sealed = beside.sealed.get(Field.MINOR)
    return sealed is None or desk.vault.open_sealed(subject, {Field.MINOR: sealed})[Field.MINOR] != b"0"


def _opened(desk: Desk, id_: str, seq: int, until: datetime) -> Answer:
    desk.durable(seq)
    return {"request": id_, "standing": "granted", "until": until.isoformat()}


def _public(asker: Staff, duty: str, body: Mapping[str, Any], until: datetime) -> dict[str, Any]:
    return {
        "by": asker.id,
        "duty": duty,
        "purpose": body["purpose"],
        "case_kind": BY_NAME[body["purpose"]].case,
        "fields": sorted(body["fields"]),
        "until": until.isoformat(timespec="seconds"),
    }


def _named(desk: Desk, act: Act, *, words: bool = False) -> Request:
    """The request that an act is about; with the reason, where one is due."""
    _only(act, "request", *(("words",) if words else ()))
    if words:
        rules.text_of(act.body.get("words"), "words")
    return desk.book.request(str(act.body.get("request")))


def _only(act: Act, *names: str) -> None:
    foreign = sorted(set(act.body) - set(names))
    if foreign:
        raise NotAsked(
            f"That act has no {foreign[0][:40]!r}.", hint=f"It has {', '.join(names)}.", field=foreign[0][:40]
        )
