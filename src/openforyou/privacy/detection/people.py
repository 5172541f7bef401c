"""Signs about whom they ask about: one person again and again, one person by many, several people by the same several.

Each request about somebody has to be answered by somebody of the duty who is there at that time. What surprises is that
it was, time after time, the same one, or the same few for the same few people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from math import log

from openforyou.privacy.detection.past import Past
from openforyou.privacy.detection.signs import Sign, sign
from openforyou.privacy.detection.surprise import of_count, of_share
from openforyou.privacy.detection.types import Asking

WATCHED, JOINT, PERSON = timedelta(days=365), timedelta(days=120), timedelta(days=45)
PROTECTED_NATS, MISFIT_NATS, UNLIKE_NATS = 1.5, 1.0, 1.5
"""What it adds that one of the people is protected, that a case does not fit, that the purposes are unlike."""
GROUP_MAX = 12
"""More people than that are no group but a crowd."""


def people(past: Past, subject: int, now: datetime) -> Iterator[Sign]:
    """Each that there is about somebody."""
    about = list(past.recent(past.by_subject[subject], now, WATCHED))
    if len(about) < 2:
        return
    yield from _watched(past, about)
    lately = [one for one in about if now - one.at <= JOINT]
    yield from _joint(past, lately, now)
    yield from _person(past, about, now)


def _cases(asks: list[Asking]) -> list[Asking]:
    """One for each of the staff and case: a case that comes back is one reason, not many."""
    return list({(one.staff, one.case or one.id): one for one in asks}.values())


def _watched(past: Past, about: list[Asking]) -> Iterator[Sign]:
    """One of the staff, one person, under ever new cases."""
    cases = _cases(about)
    for staff in {one.staff for one in cases}:
        mine = [one for one in cases if one.staff == staff]
        if len(mine) < 3:
            continue
        same = [one for one in cases if one.duty == mine[0].duty]
        usual = sum(past.asker_share(one, staff) for one in same) / len(same)
        nats = of_share(len(mine), len(same), usual) + _grave(mine)
        days = (mine[0].at - mine[-1].at).days if mine[0].at > mine[-1].at else (mine[-1].at - mine[0].at).days
        words = f"One of the staff asked about one person under {len(mine)} cases over {days} days; of all"
        words += f" {len(same)} cases about them {len(mine)} came to this one."
        yield sign("watched", words, nats, [one for one in about if one.staff == staff], f"{staff} {mine[0].subject}")


def _person(past: Past, about: list[Asking], now: datetime) -> Iterator[Sign]:
    """One person, by several of the staff, for unlike reasons, more often than about them before."""
    lately = _cases([one for one in about if now - one.at <= PERSON])
    before = _cases([one for one in about if now - one.at > PERSON])
    staff = {one.staff for one in lately}
    if len(lately) < 3 or len(staff) < 2 or past.first is None:
        return
    seen_days = min(max((now - past.first - PERSON).days, 1), WATCHED.days)
    usual = max(0.3, len(before) * PERSON.days / seen_days if seen_days > PERSON.days else 0.3)
    purposes = {one.purpose for one in lately}
    nats = of_count(len(lately), usual) + UNLIKE_NATS * (len(purposes) - 1) + _grave(lately)
    words = f"{len(staff)} of the staff asked about one person under {len(lately)} cases and {len(purposes)} purposes"
    yield sign("person", f"{words} within {PERSON.days} days.", nats, lately, str(lately[0].subject))


def _grave(asks: list[Asking]) -> float:
    return PROTECTED_NATS * any(one.is_protected for one in asks) + MISFIT_NATS * sum(
        a.case_fits is False for a in asks
    )


def _joint(past: Past, about: list[Asking], now: datetime) -> Iterator[Sign]:
    """The same several of the staff about the same several people, under cases that do not connect these people."""
    first = {one.staff for one in about}
    if len(first) < 2:
        return
    cases = {one.case for one in about if one.case}
    others = _met(past, first, about[0].subject, now)
    best: tuple[float, frozenset[str], list[Asking]] | None = None
    tried = {frozenset(first & staff) for staff in others.values() if len(first & staff) > 1}
    tried |= {frozenset().union(*(first & staff for staff in others.values() if len(first & staff) > 1))}
    for group in tried:
        if len(group) < 2:
            continue
        nats, asks = 0.0, [one for one in about if one.staff in group]
        for subject, staff in others.items():
            if len(staff & group) < 2:
                continue
            theirs = list(past.recent(past.by_subject[subject], now, JOINT))
            if cases & {one.case for one in theirs}:
                continue
            added = _concentrated(past, theirs, group) - log(10 + len(past.by_subject) / 50)
            if added > 0:
                nats += added
                asks += [one for one in theirs if one.staff in group]
        crowd = len({one.subject for one in asks})
        if 1 < crowd <= GROUP_MAX and (best is None or nats > best[0]):
            best = nats, group, asks
    if best is not None:
        nats, _, asks = best
        nats += UNLIKE_NATS * (len({one.purpose for one in asks}) - 1)
        yield sign("joint", _joint_words(asks), nats, asks, str(min(one.subject for one in asks)))


def _met(past: Past, staff: set[str], subject: int, now: datetime) -> Mapping[int, set[str]]:
    """Other people about whom at least two of these asked, and who of them."""
    found: dict[int, set[str]] = defaultdict(set)
    for who in staff:
        for one in past.recent(past.by_staff[who], now, JOINT):
            if one.subject != subject:
                found[one.subject].add(who)
    return {other: who for other, who in found.items() if len(who) > 1}


def _concentrated(past: Past, asks: list[Asking], group: frozenset[str]) -> float:
    """How surprising it is that requests about somebody came to just this group."""
    cases = _cases(asks)
    mine = [one for one in cases if one.staff in group]
    usual = sum(min(sum(past.asker_share(one, who) for who in group), 0.95) for one in cases) / len(cases)
    return of_share(len(mine), len(cases), usual) + _grave(mine)


def _joint_words(asks: list[Asking]) -> str:
    staff, subjects = {one.staff for one in asks}, {one.subject for one in asks}
    protected = {one.subject for one in asks if one.is_protected}
    days = (max(one.at for one in asks) - min(one.at for one in asks)).days
    words = f"The same {len(staff)} of the staff asked {len(asks)} times about the same {len(subjects)} people within"
    words += f" {days} days, for {len({one.purpose for one in asks})} purposes and under"
    words += f" {len({one.case for one in asks})} cases, none of which connects them."
    return f"{words} Of these people {len(protected)} are protected." if protected else words
