"""A year of normal work, which gives every reason to be mistaken for misuse.

Outages bring bursts of tickets, some filed under one case; orders of courts name a dozen people at once; claims come
back for months, about two people who are asked about together; some lose their account again and again and reach
whoever helped them before; auditors sample; newcomers name wrong cases; one person does three times as much as others;
those on call are woken at night.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from numpy.random import Generator

from openforyou.bench.detection.office import DAYS, ZONES, Office, Worker, midnight
from openforyou.bench.detection.plans import Plan
from openforyou.privacy.access.types import Duty

SUPPORT_A_DAY = 3.0
"""Requests of one of support on a usual day, at a pace of 1."""
CLAIMS_A_DAY, INCIDENTS_A_DAY, ORDERS_A_WEEK, EMERGENCIES_A_YEAR = 0.42, 0.17, 1.5, 40
"""Claims and incidents: for each of trust."""
AGAIN, OFTEN, SAME_HANDS = 0.08, 0.03, 0.3
"""Tickets that are asked about again as the grant ran out; by people who come often; who then reach the same person."""
UNDER_THE_OUTAGE = 0.15
"""Share of the tickets of an outage that are filed under the outage."""
WRONG_CASE, WRONG_CASE_NEW = 0.025, 0.08


@dataclass(slots=True)
class _Year:
    """What is drawn once, and remembered on the way."""

    office: Office
    rng: Generator
    outages: dict[int, str] = field(default_factory=dict)
    helped: dict[int, str] = field(default_factory=dict)
    tickets: int = 0

    def ticket(self, letter: str) -> str:
        """The next case of a kind."""
        self.tickets += 1
        return f"{letter}-{self.tickets}"


def normal(office: Office) -> list[Plan]:
    """All of it, in order of time."""
    year = _Year(office, np.random.default_rng([office.seed, 21]))
    for _ in range(4):
        first = int(year.rng.integers(0, DAYS))
        year.outages |= dict.fromkeys(range(first, first + int(year.rng.integers(2, 5))), f"OUTAGE-{first}")
    plans = [*_support(year), *_trust(year), *_legal(year), *_audits(year), *_nights(year)]
    return sorted((one for one in plans if 0 <= (one.at - midnight(0)).days < DAYS), key=lambda one: one.at)


def _plan(worker: Worker, day: int, about: tuple[Duty, str, str, int], rng: Generator) -> Plan:
    duty, purpose, case, subject = about
    fits = None
    if purpose in ("claim", "child_safety"):
        fits = bool(rng.random() >= (WRONG_CASE_NEW if worker.is_new(day) else WRONG_CASE))
    at = worker.moment(day, rng)
    return Plan(at, worker.id, duty, purpose, case, subject, fits, is_new=worker.is_new(day))


def _support(year: _Year) -> Iterator[Plan]:
    rng = year.rng
    workers = year.office.of(Duty.SUPPORT)
    for day in range(DAYS):
        load = (4.0 if day in year.outages else 1.0) * (0.6 if day > 350 else 1.0) * float(rng.gamma(30, 1 / 30))
        for worker in workers:
            if not worker.is_there(day):
                continue
            learning = min(1.0, 0.3 + (day - worker.joined) / 60) if worker.joined else 1.0
            for _ in range(rng.poisson(SUPPORT_A_DAY * worker.pace * load * learning)):
                yield from _ticket(year, worker, day)


def _ticket(year: _Year, worker: Worker, day: int) -> Iterator[Plan]:
    """One, and its return days later, where it has one."""
    rng, case = year.rng, year.ticket("T")
    subject = year.office.people.anybody(rng)
    if rng.random() < OFTEN:
        people = year.office.people.often[worker.zone]
        mine = [one for one in people if year.helped.get(one) == worker.id]
        subject = int(rng.choice(mine if mine and rng.random() < SAME_HANDS else people))
        year.helped[subject] = worker.id
    elif day in year.outages and rng.random() < UNDER_THE_OUTAGE:
        case = year.outages[day]
    about = (Duty.SUPPORT, "account_recovery", case, subject)
    yield _plan(worker, day, about, rng)
    if rng.random() < AGAIN:
        later = _next_day(worker, day + int(rng.integers(1, 6)))
        if later is not None:
            yield _plan(worker, later, about, rng)


def _next_day(worker: Worker, day: int) -> int | None:
    return next((one for one in range(day, min(day + 21, DAYS)) if worker.is_there(one)), None)


def _trust(year: _Year) -> Iterator[Plan]:
    rng, people, staff = year.rng, year.office.people, year.office.of(Duty.TRUST)
    for day in range(DAYS):
        for _ in range(rng.poisson(CLAIMS_A_DAY * len(staff) * (0.3 if day % 7 > 4 else 1.0))):
            claimed = int(rng.choice(people.known)) if rng.random() < 0.12 else people.anybody(rng)
            parties = (people.anybody(rng), claimed)
            is_long = rng.random() < 0.1
            steps = int(rng.integers(5, 10)) if is_long else int(rng.geometric(0.6))
            case = (Duty.TRUST, "claim", year.ticket("C"))
            yield from _steps(year, case, parties, (day, steps, 22 if is_long else 6))
        for _ in range(rng.poisson(INCIDENTS_A_DAY * len(staff))):
            parties = (int(rng.choice(people.minors)), people.anybody(rng))
            duty = Duty.TRUST if rng.random() < 0.85 else Duty.LEGAL
            case = (duty, "child_safety", year.ticket("I"))
            yield from _steps(year, case, parties, (day, int(rng.geometric(0.5)), 4))


def _steps(
    year: _Year, case: tuple[Duty, str, str], parties: tuple[int, int], when: tuple[int, int, int]
) -> Iterator[Plan]:
    """A case that its owner takes on, or a colleague while they are away, step by step."""
    rng, (day, steps, gap) = year.rng, when
    staff = [one for one in year.office.of(case[0]) if one.is_there(day)]
    if not staff:
        return
    owner = staff[int(rng.choice(len(staff), p=np.array([s.pace for s in staff]) / sum(s.pace for s in staff)))]
    for _ in range(steps):
        there = [one for one in year.office.of(case[0]) if one.is_there(day)]
        if day >= DAYS or not there:
            return
        worker = owner if owner.is_there(day) and rng.random() < 0.92 else there[int(rng.integers(0, len(there)))]
        yield _plan(worker, day, (*case, parties[int(rng.random() < 0.6)]), rng)
        day += 1 + int(rng.exponential(gap))


def _legal(year: _Year) -> Iterator[Plan]:
    """Orders, some of which name many; some are followed by another about the same people."""
    rng, staff = year.rng, year.office.of(Duty.LEGAL)
    for day in range(DAYS):
        for _ in range(rng.poisson(ORDERS_A_WEEK / 7)):
            named = [year.office.people.anybody(rng) for _ in range(min(int(rng.geometric(0.15)), 25))]
            again = [day + int(rng.integers(20, 60))] if rng.random() < 0.1 else []
            for first in [day, *again]:
                there = [one for one in staff if one.is_there(first)]
                if not there:
                    continue
                case, hands = year.ticket("O"), rng.permutation(len(there))[: 1 + int(rng.random() < 0.25)]
                for at, subject in enumerate(named):
                    worker = there[int(hands[at % len(hands)])]
                    on = _next_day(worker, first + at // 12)
                    if on is not None:
                        yield _plan(worker, on, (Duty.LEGAL, "court_order", case, subject), rng)


def _audits(year: _Year) -> Iterator[Plan]:
    """A sample each quarter, and a small one each month; of those who are asked about often, too."""
    rng, people = year.rng, year.office.people
    often = [one for zone in ZONES for one in people.often[zone]] + list(people.known)
    for worker in year.office.of(Duty.AUDITOR):
        for month in range(12):
            case, count = year.ticket("A"), 30 if month % 3 == 1 else 6
            for _ in range(count):
                subject = int(rng.choice(often)) if rng.random() < 0.25 else people.anybody(rng)
                day = _next_day(worker, 30 * month + int(rng.integers(3, 24)))
                if day is not None:
                    yield _plan(worker, day, (Duty.AUDITOR, "audit", case, subject), rng)


def _nights(year: _Year) -> Iterator[Plan]:
    """One of support is on call each week, by turns; emergencies come at any hour."""
    rng, people = year.rng, year.office.people
    rota = [one for one in year.office.of(Duty.SUPPORT) if one.joined == 0][:8]
    for day in range(DAYS):
        worker = rota[day // 7 % len(rota)]
        if day in worker.away or day >= worker.left:
            continue
        for _ in range(rng.poisson(0.8)):
            at = midnight(day) + timedelta(hours=float(rng.uniform(22, 30)) - worker.zone)
            subject = people.anybody(rng)
            yield Plan(at, worker.id, Duty.SUPPORT, "account_recovery", year.ticket("T"), subject)
        for _ in range(rng.poisson(EMERGENCIES_A_YEAR / DAYS)):
            at = midnight(day) + timedelta(hours=float(rng.uniform(0, 24)))
            subject = int(rng.choice(people.minors)) if rng.random() < 0.5 else people.anybody(rng)
            yield Plan(at, worker.id, Duty.SUPPORT, "danger_to_life", "", subject)
