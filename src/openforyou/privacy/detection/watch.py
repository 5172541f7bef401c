"""The rules, each over the sequence of requests across staff and time, not over one request by itself.

One request is plausible by itself; that several of the staff, over weeks, asked about several people who are all
protected, was the reported case. Each rule says from what number on it speaks; the numbers are set by judgement, and
none of them was measured on a year of work yet. A rule speaks when the newest request brings it to its number, so the
same pattern is told as it grows, not with each look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from openforyou.privacy.detection.types import Asking, Finding

WINDOW = timedelta(days=60)
JOINT_PEOPLE = 3
"""Protected people about whom so many requests came within the window, by whoever of the staff."""
SAME_PERSON = 3
"""Requests about one person, by at least two of the staff or under at least two cases."""
FISHING_WINDOW = timedelta(days=14)
FISHING_PEOPLE = 6
"""People about whom one of the staff asked and nothing came of it."""
MISFITS = 2
"""Requests of one of the staff whose case is unknown, closed or about somebody else."""
HISTORY_MIN = 20
"""So many requests make a habit, from which an hour can differ."""
NIGHT_HOURS_APART = 5
VOLUME_FACTOR = 4
VOLUME_MIN = 8
RETURNS = 3
"""Grants in each direction between two of the staff."""


def watch(asks: Sequence[Asking]) -> list[Finding]:
    """What the newest of `asks`, which are in order of time, gives reason for."""
    if not asks:
        return []
    last = asks[-1]
    recent = [one for one in asks if last.at - one.at <= WINDOW]
    mine = [one for one in asks if one.staff == last.staff]
    rules = (_joint, _same_person, _circle)
    found = [rule(recent, last) for rule in rules] + [_fishing(recent, last), _misfits(recent, last)]
    found += [_hours(mine, last), _volume(mine, last)]
    return [one for one in found if one is not None]


def _joint(recent: Sequence[Asking], last: Asking) -> Finding | None:
    named = [one for one in recent if one.is_protected]
    people = {one.subject for one in named}
    if not last.is_protected or len(people) < JOINT_PEOPLE or _is_old(named, last):
        return None
    staff = {one.staff for one in named}
    words = f"{len(staff)} of the staff asked about {len(people)} protected people within {WINDOW.days} days."
    return _finding("joint", words, len(people) / JOINT_PEOPLE, named)


def _is_old(named: Sequence[Asking], last: Asking) -> bool:
    """Whether the newest brings neither a new person nor somebody new of the staff."""
    before = [one for one in named if one.id != last.id]
    return last.subject in {one.subject for one in before} and last.staff in {one.staff for one in before}


def _same_person(recent: Sequence[Asking], last: Asking) -> Finding | None:
    about = [one for one in recent if one.subject == last.subject]
    spread = len({one.staff for one in about}) > 1 or len({one.case for one in about}) > 1
    if len(about) < SAME_PERSON or not spread:
        return None
    words = f"{len(about)} requests about one person within {WINDOW.days} days."
    return _finding("same_person", words, len(about) / SAME_PERSON, about)


def _circle(recent: Sequence[Asking], last: Asking) -> Finding | None:
    for granter in last.granters:
        given = [one for one in recent if one.staff == last.staff and granter in one.granters]
        back = [one for one in recent if one.staff == granter and last.staff in one.granters]
        if min(len(given), len(back)) >= RETURNS:
            words = f"Two of the staff granted to each other {len(given)} and {len(back)} times."
            return _finding("circle", words, min(len(given), len(back)) / RETURNS, [*given, *back])
    return None


def _fishing(recent: Sequence[Asking], last: Asking) -> Finding | None:
    barren = [
        one
        for one in recent
        if one.staff == last.staff and not one.came_to_something and last.at - one.at <= FISHING_WINDOW
    ]
    people = {one.subject for one in barren}
    if len(people) < FISHING_PEOPLE:
        return None
    words = f"{len(people)} people asked about within {FISHING_WINDOW.days} days, and nothing came of it."
    return _finding("fishing", words, len(people) / FISHING_PEOPLE, barren)


def _misfits(recent: Sequence[Asking], last: Asking) -> Finding | None:
    misfits = [one for one in recent if one.staff == last.staff and one.case_fits is False]
    if last.case_fits is not False or len(misfits) < MISFITS:
        return None
    words = f"{len(misfits)} requests name a case that is unknown, closed or about somebody else."
    return _finding("cases", words, len(misfits) / MISFITS, misfits)


def _hours(mine: Sequence[Asking], last: Asking) -> Finding | None:
    """An hour of the day far from every hour at which they asked before."""
    habit = {one.at.hour for one in mine[:-1]}
    if len(mine) <= HISTORY_MIN or not habit:
        return None
    apart = min(min((last.at.hour - hour) % 24, (hour - last.at.hour) % 24) for hour in habit)
    if apart < NIGHT_HOURS_APART:
        return None
    return _finding("hours", f"{apart} hours away from every hour at which they asked before.", 1.0, [last])


def _volume(mine: Sequence[Asking], last: Asking) -> Finding | None:
    """Many times what they ask in a day in which they ask at all."""
    days: dict[str, int] = {}
    for one in mine:
        days[one.at.date().isoformat()] = days.get(one.at.date().isoformat(), 0) + 1
    today = days.pop(last.at.date().isoformat())
    usual = sum(days.values()) / len(days) if days else 0.0
    if len(mine) <= HISTORY_MIN or today < VOLUME_MIN or today < VOLUME_FACTOR * usual:
        return None
    asked = [one for one in mine if one.at.date() == last.at.date()]
    return _finding("volume", f"{today} requests in a day, of {usual:.1f} usually.", today / VOLUME_MIN, asked)


def _finding(kind: str, words: str, score: float, about: Sequence[Asking]) -> Finding:
    staff = tuple(sorted({one.staff for one in about}))
    return Finding(kind, words, score, staff, tuple(sorted(one.id for one in about)))
