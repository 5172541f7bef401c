"""Signs about one of the staff: against their own habit, and against what is usual of their duty at the same time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from openforyou.privacy.detection.past import Past
from openforyou.privacy.detection.signs import Sign, sign
from openforyou.privacy.detection.surprise import of_count, of_share
from openforyou.privacy.detection.types import Asking

WINDOWS = (timedelta(days=14), timedelta(days=42), timedelta(days=100))
"""What accumulates is looked for in each: much in little time, and little in much."""
VOLUME_DAYS = (1, 4, 10)
HABIT_DAYS = 60
SPREAD = 2.0
"""Variance of a day's requests by their mean: work comes in bursts."""


def habits(past: Past, staff: str, now: datetime) -> Iterator[Sign]:
    """Each that there is, of every window."""
    asks = list(past.recent(past.by_staff[staff], now, WINDOWS[-1]))
    for window in WINDOWS:
        within = [one for one in asks if now - one.at <= window]
        if within:
            for rule in (_fishing, _barren, _cases, _hours, _protected):
                yield from rule(past, within, window.days)
    yield from _volume(past, asks, now)


def _fishing(past: Past, asks: list[Asking], days: int) -> Iterator[Sign]:
    """Many people under few cases, where others of the purpose have one person a case."""
    people: dict[tuple[str, str], dict[int, Asking]] = defaultdict(dict)
    for one in asks:
        people[one.purpose, one.case][one.subject] = one
    for purpose in {one.purpose for one in asks}:
        many = {case: found for (of, case), found in people.items() if of == purpose and case and len(found) > 1}
        many = {case: found for case, found in many.items() if not past.is_shared(case)}
        extra = sum(len(found) - 1 for found in many.values())
        count = sum(one.purpose == purpose for one in asks)
        nats = of_share(extra, count, past.beside.others(purpose, asks[0].staff))
        if nats > 0 and extra > 1:
            about = [one for found in many.values() for one in found.values()]
            words = f"{len({a.subject for a in about})} people under {len(many)} cases within {days} days; others"
            yield sign("fishing", f"{words} of this purpose name hardly more than one person a case.", nats, about)


def _barren(past: Past, asks: list[Asking], days: int) -> Iterator[Sign]:
    barren = [one for one in asks if not one.came_to_something]
    nats = of_share(len(barren), len(asks), past.barren.others(asks[0].duty, asks[0].staff))
    if nats > 0 and len(barren) > 1:
        words = f"Of {len(asks)} requests within {days} days {len(barren)} were refused, never read, or did not fit."
        yield sign("barren", words, nats, barren)


def _cases(past: Past, asks: list[Asking], days: int) -> Iterator[Sign]:
    for purpose in {one.purpose for one in asks}:
        known = [one for one in asks if one.purpose == purpose and one.case_fits is not None]
        misfits = [one for one in known if one.case_fits is False]
        nats = of_share(len(misfits), len(known), past.misfit.others(purpose, asks[0].staff))
        if nats > 0 and len(misfits) > 1:
            words = f"Of {len(known)} requests within {days} days {len(misfits)} name a case that is unknown, closed or"
            yield sign("cases", f"{words} about somebody else.", nats, misfits)


def _hours(past: Past, asks: list[Asking], days: int) -> Iterator[Sign]:
    """At hours at which they hardly ever asked before; who is on call at night has nights among their hours."""
    odd = [one for one in asks if one.id in past.unusual]
    own_odd, own_all = past.at_unusual.own(asks[0].duty, asks[0].staff)
    before = (own_odd - len(odd)) / max(own_all - len(asks), 50)
    nats = of_share(len(odd), len(asks), max(before, past.at_unusual.others(asks[0].duty, asks[0].staff)))
    if nats > 0 and len(odd) > 1:
        words = f"{len(odd)} requests within {days} days at hours at which they hardly ever asked before."
        yield sign("hours", words, nats, odd)


def _protected(past: Past, asks: list[Asking], days: int) -> Iterator[Sign]:
    for purpose in {one.purpose for one in asks}:
        mine = [one for one in asks if one.purpose == purpose]
        people = {one.subject for one in mine if one.is_protected}
        nats = of_share(len(people), len({a.subject for a in mine}), past.protected.others(purpose, asks[0].staff))
        if nats > 0 and len(people) > 1:
            words = f"{len(people)} protected people within {days} days, more than others of this purpose ask about."
            yield sign("protected", words, nats, [one for one in mine if one.is_protected])


def _volume(past: Past, asks: list[Asking], now: datetime) -> Iterator[Sign]:
    """Against their own days, and how busy their duty is just now: after an outage everybody asks more."""
    if not asks:
        return
    staff, duty, today = asks[0].staff, asks[0].duty, now.toordinal()
    for days in VOLUME_DAYS:
        new = range(today - days + 1, today + 1)
        old = range(today - days - HABIT_DAYS, today - days + 1)
        usual_days = [past.by_day.get((staff, day), 0) for day in old]
        worked = [count for count in usual_days if count]
        mine = [past.by_day.get((staff, day), 0) for day in new]
        at_work = sum(1 for count in mine if count)
        others_now = sum(past.by_day.get((duty, day), 0) for day in new) - sum(mine)
        others_then = sum(past.by_day.get((duty, day), 0) for day in old) - sum(usual_days)
        load = (others_now / days + 1) / (others_then / (HABIT_DAYS + 1) + 1)
        if len(worked) < 8:
            continue
        usual = sum(worked) / len(worked) * at_work * max(load, 1.0)
        nats = of_count(sum(mine), usual, SPREAD)
        if nats > 0:
            words = f"{sum(mine)} requests within {days} days, where {usual:.0f} were to be expected by their own habit"
            about = [one for one in asks if today - one.at.toordinal() < days]
            yield sign("volume", f"{words} and how busy their colleagues are.", nats, about)
