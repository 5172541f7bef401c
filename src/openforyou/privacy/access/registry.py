"""Who is of the staff: the first administrators by the operator's own hand, everything later by two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from openforyou.core.ids import encode_id, new_id
from openforyou.privacy.access import acts, records, rules
from openforyou.privacy.access.asking import Answer, Then
from openforyou.privacy.access.book import FIRST, staff_told, subject_from
from openforyou.privacy.access.desk import Desk, Wish
from openforyou.privacy.access.errors import NoSuch, NotAsked, SameHand, WrongDuty
from openforyou.privacy.access.types import Act, Beside, Duty, Staff

_NAMES = frozenset({"staff", "name", "duties", "key", "account"})


def first(desk: Desk, name: str, key: str) -> Staff:
    """One of the first two administrators; by whoever may run commands on the broker's own machine."""
    if len(desk.book.administrators()) >= rules.FIRST_ADMINISTRATORS:
        raise SameHand(
            "There are administrators already.",
            hint="One of them proposes, a second agrees: `openforyou access enrol`.",
        )
    staff = Staff(encode_id(new_id()), name, frozenset({Duty.ADMINISTRATOR}), (acts.check_public(key),))
    rules.check_staff(staff, desk.book)
    public = {"staff": staff.id, "duties": sorted(staff.duties), "by": []}
    desk.enter(Wish(FIRST, {"staff": staff_told(staff)}, records.STAFF, public))
    return staff


def enrol(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Propose how somebody is to stand. It holds once another administrator agrees."""
    rules.check_administrator(staff)
    proposed = _proposed(desk, act.body)
    rules.check_staff(proposed, desk.book)
    id_ = encode_id(new_id())
    desk.enter(Wish(act.doing.value, {"proposal": id_, "staff": staff_told(proposed)}), act)
    return lambda: {"proposal": id_, "staff": proposed.id, "waits_for": "a second administrator"}


def agree(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """The second word."""
    id_ = str(act.body.get("proposal"))
    if id_ not in desk.book.proposals:
        raise NoSuch("There is no such proposal.", hint="`openforyou access list` names those that wait.")
    proposed, by = desk.book.proposals[id_]
    rules.check_agree(staff, proposed, by)
    rules.check_staff(proposed, desk.book)
    public = {"staff": proposed.id, "duties": sorted(proposed.duties), "by": [by, staff.id]}
    desk.enter(Wish(act.doing.value, {}, records.STAFF, public), act)
    return lambda: {"staff": proposed.id, "duties": sorted(proposed.duties)}


def settle(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Two administrators: access opens again, from what lies there now, and every grant has ended."""
    rules.check_administrator(staff)
    rules.text_of(act.body.get("words"), "words")
    book = desk.book
    if not book.closed and not desk.has_gone_back():
        raise NotAsked("There is nothing to settle.", hint="Entries and log agree, and the clock goes on.")
    if not book.settling:
        desk.enter(Wish(act.doing.value, {"settled": False}), act)
        return lambda: {"settled": False, "waits_for": "a second administrator"}
    if book.settling == staff.id:
        raise SameHand("You said so already.", hint="A second administrator settles it.")
    public = {"by": [book.settling, staff.id]}
    entry = desk.enter(Wish(act.doing.value, {"settled": True}, records.SETTLED, public), act, desk.clock_now())
    desk.settled(entry.seq)
    return lambda: {"settled": True}


def protect(desk: Desk, act: Act, staff: Staff, beside: Beside) -> Then:  # noqa: ARG001 - the form of a step
    """Somebody of trust or legal protects a person; only an administrator's word takes that back. Whoever is close to
    somebody of the staff, that one protects, and from then on neither asks nor decides about them.

    The entry holds a mark instead of the act's words, so that the list can be read by nobody.
    """
    close = act.body.get("close", False)
    if set(act.body) - {"close"} != {"subject", "on"} or type(act.body["on"]) is not bool or type(close) is not bool:
        raise NotAsked("Protection names one person, and whether it begins or ends.", hint="subject, on and close.")
    mark = desk.protection_mark(subject_from(act.body["subject"]))
    if close:
        if act.body["on"] and len(desk.book.close.get(staff.id, ())) >= rules.CLOSE_MAX:
            raise NotAsked(f"You have named {rules.CLOSE_MAX} people.", hint="Take somebody back first.", field="close")
    elif not act.body["on"]:
        rules.check_administrator(staff)
    elif not {Duty.TRUST, Duty.LEGAL, Duty.ADMINISTRATOR} & staff.duties:
        raise WrongDuty("Trust and legal protect people.", hint="Anybody can also ask for it: Settings, Who looked.")
    unread = replace(act, text="")
    desk.enter(Wish(act.doing.value, {"mark": mark, "on": act.body["on"], "close": close}), unread)
    return lambda: {"protected": act.body["on"]}


def _proposed(desk: Desk, body: Mapping[str, Any]) -> Staff:
    """As it would be after the change; what is not named stays as it is."""
    foreign = sorted(set(body) - _NAMES)
    if foreign:
        raise NotAsked(f"Staff have no {foreign[0][:40]!r}.", hint=f"They have {', '.join(sorted(_NAMES))}.")
    id_ = body.get("staff", "")
    known = desk.book.staff.get(str(id_)) if id_ else None
    if id_ and known is None:
        raise NoSuch("There is nobody of the staff with that id.", hint="`openforyou access list` names all.")
    staff = known or Staff(encode_id(new_id()), "", frozenset(), ())
    if "name" in body:
        staff = replace(staff, name=str(body["name"]))
    if "duties" in body:
        named = body["duties"]
        if not isinstance(named, list) or any(one not in tuple(Duty) for one in named):
            raise NotAsked("That is no list of duties.", hint=f"They are {', '.join(Duty)}.", field="duties")
        staff = replace(staff, duties=frozenset(map(Duty, named)))
    if "key" in body:
        staff = replace(staff, keys=(acts.check_public(str(body["key"])),))
    if body.get("account"):
        staff = replace(staff, account=subject_from(body["account"]).id)
    return staff


def by_key(desk: Desk, act: Act) -> Staff | None:
    """Who signed an act that names nobody: each key is somebody's alone."""
    said = acts.signed_bytes(act.text)
    active = [one for one in desk.book.staff.values() if one.is_active]
    return next((one for one in active if any(acts.verifies(key, act.signature, said) for key in one.keys)), None)


def as_answer(staff: Staff) -> Answer:
    """As the operator's command shows it."""
    return {"staff": staff.id, "name": staff.name, "duties": sorted(staff.duties), "keys": list(staff.keys)}
