"""Who may ask, grant, read, review; what cannot be asked; when two words are not two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openforyou.privacy.access.book import Book, Granted, subject_from
from openforyou.privacy.access.errors import (
    Blocked,
    NoSuch,
    NotAsked,
    NotNow,
    NotOpen,
    SameHand,
    WrongDuty,
)
from openforyou.privacy.access.purposes import BY_NAME, purpose_named
from openforyou.privacy.access.types import Alarm, Duty, Later, Purpose, Request, Staff, Standing
from openforyou.privacy.vault.types import Field, Subject

WORDS_MIN, WORDS_MAX = 20, 1_000
CASE_MAX = 80
CIRCLE_DAYS = 30
"""So long a grant binds whoever got it: they do not grant in return."""
PROTECTED_GRANTS = 2
PROTECTED_LONGEST = timedelta(hours=1)
ASKS_A_DAY_MAX = 20
READS_MAX = 20
"""Looks under one grant."""
REVIEW_DAYS = 3
"""Within them an emergency is reviewed."""
EMERGENCIES_OPEN_MAX = 2
DELAY_DAYS_MAX = 90
APART = frozenset({Duty.ADMINISTRATOR, Duty.AUDITOR})
"""Duties that nobody holds beside another: who appoints does not grant, who audits is audited by others."""
NAME_MAX = 100
CLOSE_MAX = 50
"""So many people somebody may name as close to them."""
FIRST_ADMINISTRATORS = 2
_TAKEN = frozenset({"subject", "purpose", "case", "fields", "minutes", "words", "delay_days", "order"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says, held against its purpose."""

    subject: Subject
    purpose: Purpose
    fields: tuple[Field, ...]
    minutes: int
    case: str
    words: str
    later: Later | None


# Asking


def asked(body: Mapping[str, Any], *, is_emergency: bool) -> Asked:
    """Raises `NotAsked` for whatever no request takes."""
    foreign = sorted(set(body) - _TAKEN)
    if foreign:
        raise NotAsked(
            f"A request has no {foreign[0][:40]!r}.",
            hint="It takes one person and a purpose: never two people, a place, an address or a time.",
            field=foreign[0][:40],
        )
    subject = subject_from(body.get("subject"))
    purpose = purpose_named(str(body.get("purpose", "")))
    if purpose.is_emergency != is_emergency:
        raise NotAsked(
            f"{purpose.name} is {'an emergency' if purpose.is_emergency else 'no emergency'}.",
            hint="Danger to life, and it alone, opens before somebody else grants.",
            field="purpose",
        )
    words = text_of(body.get("words"), "words")
    case = body.get("case", "")
    if not isinstance(case, str) or len(case) > CASE_MAX or (purpose.case and not case.strip()):
        raise NotAsked(
            f"{purpose.name} needs a case.", hint=f"Name the {purpose.case} that this is about.", field="case"
        )
    return Asked(
        subject, purpose, _fields(body, purpose), _minutes(body, purpose), case, words, _later(body, purpose, case)
    )


def check_ask(staff: Staff, wanted: Asked, book: Book, now: datetime, *, is_protected: bool) -> Duty:
    """Under which duty they ask. Raises `WrongDuty`, `Blocked`, `NotAsked`, `NotNow`."""
    duties = sorted(wanted.purpose.may_ask & staff.duties)
    if not duties:
        able = ", ".join(sorted(wanted.purpose.may_ask))
        raise WrongDuty(f"Your duties do not include asking for {wanted.purpose.name}.", hint=f"This is for: {able}.")
    if staff.account and wanted.subject.id == staff.account:
        raise NotAsked("That is your own account.", hint="What is kept of you: Settings, Your data.", field="subject")
    check_blocked(staff, book, now, is_emergency=wanted.purpose.is_emergency)
    longest = longest_for(wanted.purpose, is_protected=is_protected)
    if timedelta(minutes=wanted.minutes) > longest:
        most = int(longest.total_seconds() // 60)
        raise NotAsked(f"{wanted.minutes} minutes are too long here.", hint=f"At most {most}.", field="minutes")
    mine = [one for one in book.of(staff.id) if now - one.at < timedelta(days=1)]
    if len(mine) >= ASKS_A_DAY_MAX:
        raise NotAsked(
            f"You have asked {len(mine)} times within a day.",
            hint="There is no asking in bulk. Tomorrow you can ask again; colleagues can now.",
        )
    same = [one for one in mine if one.subject == wanted.subject and one.standing is Standing.WAITING]
    if same:
        raise NotNow("You have asked about that person already.", hint=f"Request {same[0].id} waits for its grant.")
    return duties[0]


def check_blocked(staff: Staff, book: Book, now: datetime, *, is_emergency: bool) -> None:
    """Raises `Blocked` where an emergency of theirs was not reviewed in time, or was found wrong."""
    mine = [one for one in book.of(staff.id) if one.is_emergency]
    unreviewed = [one for one in mine if one.reviewed is None]
    if any(now - one.at > timedelta(days=REVIEW_DAYS) for one in unreviewed):
        raise Blocked(
            f"An emergency of yours was not reviewed within {REVIEW_DAYS} days.",
            hint="Ask a reviewer to look at it; then you can ask again.",
        )
    if is_emergency and len(unreviewed) >= EMERGENCIES_OPEN_MAX:
        raise Blocked(
            f"{len(unreviewed)} emergencies of yours wait for their review.", hint="Ask a reviewer, or a colleague."
        )
    since = book.enrolled_at.get(staff.id)
    if is_emergency and any(one.reviewed is False and (since is None or one.at >= since) for one in mine):
        raise Blocked(
            "A reviewer found that an emergency of yours was none.",
            hint="Ask in the usual way. Two administrators can enrol you anew.",
        )


def longest_for(purpose: Purpose, *, is_protected: bool) -> timedelta:
    """How long the time box may be."""
    return min(purpose.longest, PROTECTED_LONGEST) if is_protected else purpose.longest


# Granting


def check_grant(staff: Staff, request: Request, book: Book, now: datetime) -> bool:
    """Whether this grant is the last that is needed. Raises `WrongDuty`, `SameHand`, `NotNow`."""
    check_waiting(request)
    check_second(staff, request, book, now)
    if request.later is not None and request.later.agreed is None:
        raise NotNow(
            "It is not decided yet when the person is told.", hint="A reviewer agrees to the delay or refuses it first."
        )
    if not request.is_protected:
        return True
    if any(by == staff.id for by, _ in request.grants):
        raise SameHand("You have granted this already.", hint="A protected person needs two people's grants.")
    if len(request.grants) + 1 < PROTECTED_GRANTS:
        return False
    granters = [book.staff[by] for by, _ in request.grants if by in book.staff] + [staff]
    if not any(Duty.REVIEWER in one.duties for one in granters):
        raise WrongDuty(
            "One of the two grants for a protected person is a reviewer's.", hint="Leave this one to a reviewer."
        )
    return True


def check_second(staff: Staff, request: Request, book: Book, now: datetime) -> None:
    """Raises where somebody may not decide about a request: it is their own, about them, or their asker's debt."""
    may = {Duty.GRANTER, Duty.REVIEWER} if request.is_protected else {Duty.GRANTER}
    if not may & staff.duties:
        raise WrongDuty("Your duties do not include granting this.", hint=f"It is for: {', '.join(sorted(may))}.")
    if request.by == staff.id:
        raise SameHand("This is your own request.", hint="Somebody else grants it.")
    if staff.account and staff.account == request.subject.id:
        raise SameHand("This is about yourself.", hint="Somebody else decides about it.")
    path = circle(book, request, staff.id, now)
    if path:
        raise SameHand(
            f"Within {CIRCLE_DAYS} days {' granted to '.join(path)}: a grant is not given in return.",
            hint="Somebody outside that circle decides about it.",
        )


def circle(book: Book, request: Request, granter: str, now: datetime) -> tuple[str, ...]:
    """The chain of grants that leads from the asker back to the granter, empty where there is none.

    A direct return counts whatever it was about; a longer way only over requests about the same person or case.
    """
    recent = [one for one in book.words if now - one.at <= timedelta(days=CIRCLE_DAYS)]
    if any(one.by == request.by and one.to == granter for one in recent):
        return (request.by, granter)

    def related(word: Granted) -> bool:
        other = book.requests[word.request]
        return other.subject == request.subject or bool(request.case and other.case == request.case)

    edges = [one for one in recent if related(one)]
    ways: list[tuple[str, ...]] = [(request.by,)]
    reached = {request.by}
    for way in ways:
        for edge in edges:
            if edge.by == way[-1] and edge.to not in reached:
                if edge.to == granter:
                    return (*way, granter)
                reached.add(edge.to)
                ways.append((*way, edge.to))
    return ()


def check_delay(staff: Staff, request: Request, book: Book, now: datetime) -> None:
    """Who may agree that a person is told later. Raises `WrongDuty`, `SameHand`, `NotNow`."""
    check_waiting(request)
    if request.later is None or request.later.agreed is not None:
        raise NotNow("No delay waits to be decided there.", hint="A delay is asked for with the request.")
    if Duty.REVIEWER not in staff.duties:
        raise WrongDuty("Your duties do not include agreeing to a delay.", hint="A reviewer does.")
    if request.by == staff.id or circle(book, request, staff.id, now):
        raise SameHand("You asked for it, or are in the asker's debt.", hint="Another reviewer decides.")


def check_waiting(request: Request) -> None:
    """Raises `NotNow`."""
    if request.standing is not Standing.WAITING:
        raise NotNow(f"That request is {request.standing.value} already.", hint="Nothing to do.")


# Reading, revoking, reviewing


def check_read(staff: Staff, request: Request, now: datetime) -> None:
    """Raises `NotOpen`: whoever asked reads, while the grant holds and they have the duty it was given for."""
    again = "Ask anew: a grant is not prolonged."
    if request.by != staff.id:
        raise NotOpen("That grant is somebody else's.", hint="What was granted to one opens for them alone.")
    if request.standing is Standing.WAITING:
        raise NotOpen("Nobody has granted that yet.", hint="It waits for somebody else's word.")
    if request.standing is not Standing.GRANTED:
        raise NotOpen(f"That access was {request.standing.value}.", hint=again)
    if request.until is None or now >= request.until:
        raise NotOpen(f"That access ended at {request.until:%Y-%m-%d %H:%M} UTC.", hint=again)
    if request.duty not in staff.duties:
        raise NotOpen(f"You do not hold the duty {request.duty.value} any more.", hint="Whoever does can ask.")
    if len(request.reads) >= READS_MAX:
        raise NotOpen(f"You have looked {READS_MAX} times.", hint=again)


def check_revoke(staff: Staff, request: Request) -> None:
    """Raises `WrongDuty`, `NotNow`. Whoever asked takes their request back; any granter or reviewer ends any."""
    if request.by != staff.id and not {Duty.GRANTER, Duty.REVIEWER, Duty.ADMINISTRATOR} & staff.duties:
        raise WrongDuty("Your duties do not include ending that.", hint="A granter, reviewer or administrator can.")
    if request.standing not in (Standing.WAITING, Standing.GRANTED):
        raise NotNow(f"That request is {request.standing.value} already.", hint="Nothing to do.")


def check_review(staff: Staff, about: Request | Alarm) -> None:
    """Raises `WrongDuty`, `SameHand`, `NotNow`."""
    if Duty.REVIEWER not in staff.duties:
        raise WrongDuty("Your duties do not include reviewing.", hint="A reviewer looks at it.")
    if isinstance(about, Request):
        if not about.is_emergency or about.reviewed is not None:
            raise NotNow("That waits for no review.", hint="Emergencies and alarms do, once.")
        concerned: tuple[str, ...] = (about.by,)
    else:
        if about.reviewed_by:
            raise NotNow("That alarm was reviewed.", hint="Nothing to do.")
        concerned = about.staff
    if staff.id in concerned:
        raise SameHand("That is about you.", hint="Another reviewer looks at it.")


# The registry


def check_staff(staff: Staff, book: Book) -> None:
    """Whether somebody can stand so in the registry. Raises `NotAsked`."""
    if not staff.name.strip() or len(staff.name) > NAME_MAX:
        raise NotAsked("Somebody of the staff has a name.", hint=f"1 to {NAME_MAX} characters.", field="name")
    if staff.duties & APART and len(staff.duties) > 1:
        raise NotAsked(
            f"{', '.join(sorted(staff.duties & APART))} stands alone.",
            hint="Who appoints does not grant, and who audits is audited by others.",
            field="duties",
        )
    if staff.is_active and not staff.keys:
        raise NotAsked("Without a key nobody can act.", hint="`openforyou access key` makes one.", field="key")
    for other in book.staff.values():
        if other.id != staff.id and other.is_active and set(other.keys) & set(staff.keys):
            raise NotAsked("That key is somebody else's here.", hint="Each has a key of their own.", field="key")
        if other.id != staff.id and other.is_active and staff.account and other.account == staff.account:
            raise NotAsked(
                "That account is somebody else's here.", hint="Each person is enrolled once.", field="account"
            )


def check_administrator(staff: Staff) -> None:
    """Raises `WrongDuty`."""
    if Duty.ADMINISTRATOR not in staff.duties:
        raise WrongDuty("Your duties do not include the registry of staff.", hint="Two administrators change it.")


def check_agree(staff: Staff, proposed: Staff, by: str) -> None:
    """Raises `WrongDuty`, `SameHand`. Two administrators agree; about oneself one may only agree to have no duty."""
    check_administrator(staff)
    if staff.id == by:
        raise SameHand("You proposed it.", hint="A second administrator agrees.")
    if staff.id == proposed.id and proposed.is_active:
        raise SameHand("It is about yourself.", hint="Another administrator agrees.")


# Small checks


def text_of(value: object, name: str) -> str:
    """Words that say why. Raises `NotAsked`."""
    if not isinstance(value, str) or not WORDS_MIN <= len(value.strip()) <= WORDS_MAX:
        raise NotAsked(
            "Say why, so that somebody else can judge it, and the person understands.",
            hint=f"{WORDS_MIN} to {WORDS_MAX:,} characters.",
            field=name,
        )
    return value.strip()


def protects(book: Book, mark: str, subject: Subject, *, is_minor: bool) -> bool:
    """Whether a person is protected: by a wish, as a minor, as one of the staff, or as close to one of them."""
    of_staff = any(one.account == subject.id for one in book.staff.values())
    named = (book.protected, book.wishes, *book.close.values())
    return is_minor or of_staff or any(mark in marks for marks in named)


def alarm_named(book: Book, id_: str) -> Request | Alarm:
    """What a review is about. Raises `NoSuch`."""
    if id_ in book.alarms:
        return book.alarms[id_]
    if id_ in book.requests:
        return book.requests[id_]
    raise NoSuch("There is no such alarm or emergency.", hint="`openforyou access list` names them.")


def _fields(body: Mapping[str, Any], purpose: Purpose) -> tuple[Field, ...]:
    named = body.get("fields")
    if not isinstance(named, list) or not named or len(set(map(str, named))) != len(named):
        raise NotAsked("A request names the fields that it needs, each once.", hint=_offered(purpose), field="fields")
    outside = sorted(str(one) for one in named if one not in purpose.fields)
    if outside:
        raise NotAsked(f"{purpose.name} does not open {outside[0][:40]!r}.", hint=_offered(purpose), field="fields")
    return tuple(sorted(Field(one) for one in named))


def _minutes(body: Mapping[str, Any], purpose: Purpose) -> int:
    minutes, most = body.get("minutes"), int(purpose.longest.total_seconds() // 60)
    if type(minutes) is not int or not 1 <= minutes <= most:
        raise NotAsked(
            f"{purpose.name} is open for 1 to {most} minutes.", hint="Ask for as few as you need.", field="minutes"
        )
    return minutes


def _later(body: Mapping[str, Any], purpose: Purpose, case: str) -> Later | None:
    days, order = body.get("delay_days", 0), body.get("order", "")
    if days == 0 and type(days) is int and not order:
        return None
    if not purpose.may_delay:
        able = ", ".join(one.name for one in BY_NAME.values() if one.may_delay)
        raise NotAsked(f"With {purpose.name} the person is told at once.", hint=f"A delay: {able}.", field="delay_days")
    if type(days) is not int or not 1 <= days <= DELAY_DAYS_MAX:
        raise NotAsked(
            "A delay of telling has an end.",
            hint=f"1 to {DELAY_DAYS_MAX} days; then they are told.",
            field="delay_days",
        )
    if not isinstance(order, str) or not order.strip() or not case:
        raise NotAsked("A delay names the order that demands it.", hint="Court, date and number.", field="order")
    return Later(days, order.strip()[:WORDS_MAX])


def _offered(purpose: Purpose) -> str:
    return f"{purpose.name} opens {', '.join(sorted(purpose.fields))}."
