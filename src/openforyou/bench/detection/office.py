"""Who works in the simulated office, when they are there, and the people about whom they are asked.

Hidden from detection: it reads entries alone. Times are UTC in the entries; each works by the clock of their zone. All
numbers here are set by judgement of what such an office is like, and none is from a real one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.random import Generator

from openforyou.core.ids import encode_id
from openforyou.privacy.access.types import Duty

BEGINNING = date(2026, 1, 5)
"""A Monday."""
DAYS = 364
ZONES = (-5, 1, 8)
"""Hours from UTC of the three places of work."""
SHIFT_HOURS = 8
STARTS = {"early": 7, "day": 9, "late": 13}
HOLIDAY_DAYS = (4, 88, 91, 116, 124, 177, 244, 299, 324, 353, 354, 355, 360)
"""Days of the year on which few work; the end of the year is quiet."""
MINORS, WISHERS = 0.06, 0.01
"""Share of people who are protected, as minors and by their own wish."""
FIRST_STAFF, FIRST_PERSON = 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """Of the office. `people` are those who may be asked about."""

    support: int = 26
    trust: int = 12
    legal: int = 4
    auditors: int = 3
    granters: int = 9
    people: int = 40_000


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody of the staff. `pace` multiplies how many requests come their way; `joined`, `left` are days."""

    id: str
    duties: frozenset[Duty]
    zone: int
    start: str
    pace: float
    joined: int
    left: int
    weekends: bool
    away: frozenset[int]

    def is_there(self, day: int) -> bool:
        """Whether they work on that day."""
        if not self.joined <= day < self.left or day in self.away:
            return False
        return self.weekends_on(day) if day % 7 > 4 else not (self.weekends and day % 7 == (day // 7) % 3)

    def weekends_on(self, day: int) -> bool:
        """Every third weekend, where they take turns."""
        return self.weekends and (day // 7 + int(self.pace * 100)) % 3 == 0

    def is_new(self, day: int) -> bool:
        """Within their first eight weeks, where they came during the year."""
        return self.joined > 0 and day - self.joined < 56

    def shift(self, day: int) -> tuple[datetime, datetime]:
        """From when to when, UTC. Who works early and late changes over each other week."""
        start = self.start
        if self.weekends and start != "day" and (day // 14) % 2:
            start = "late" if start == "early" else "early"
        at = midnight(day) + timedelta(hours=STARTS[start] - self.zone)
        return at, at + timedelta(hours=SHIFT_HOURS)

    def moment(self, day: int, rng: Generator) -> datetime:
        """A time of their day: mostly in the shift, now and then up to two hours after it."""
        start, end = self.shift(day)
        if rng.random() < 0.06:
            return end + timedelta(hours=float(rng.uniform(0, 2)))
        return start + (end - start) * float(rng.beta(1.4, 1.3))


@dataclass(frozen=True, slots=True)
class People:
    """Who is asked about. `often`: those who lose their accounts again and again; `known`: claimed about all year."""

    protected: Mapping[int, bool]
    often: Mapping[int, Sequence[int]]
    known: Sequence[int]
    minors: Sequence[int]
    count: int

    def anybody(self, rng: Generator) -> int:
        """One of all, some more likely than others."""
        return FIRST_PERSON + int(self.count * rng.random() ** 1.3)


@dataclass(frozen=True, slots=True)
class Office:
    """All of it, by its seed."""

    seed: int
    size: Size
    workers: tuple[Worker, ...]
    people: People

    def of(self, duty: Duty) -> list[Worker]:
        """Everybody with a duty."""
        return [one for one in self.workers if duty in one.duties]


def midnight(day: int) -> datetime:
    """When a day of the simulated year begins, UTC."""
    return datetime(BEGINNING.year, BEGINNING.month, BEGINNING.day, tzinfo=UTC) + timedelta(days=day)


def day_of(at: datetime) -> int:
    """The inverse."""
    return (at - midnight(0)).days


def founded(seed: int, size: Size | None = None) -> Office:
    """An office by its seed."""
    size = size or Size()
    rng = np.random.default_rng([seed, 20])
    wanted = [
        *[{Duty.SUPPORT}] * size.support,
        *[{Duty.TRUST}] * size.trust,
        *[{Duty.LEGAL}] * size.legal,
        *[{Duty.AUDITOR}] * size.auditors,
        *[{Duty.GRANTER}] * size.granters,
        *[{Duty.REVIEWER}] * 3,
    ]
    for lead in (0, 1, 2, size.support, size.support + 1):
        wanted[lead] = wanted[lead] | {Duty.GRANTER}
    workers = [_worker(number, frozenset(duties), rng) for number, duties in enumerate(wanted)]
    return Office(seed, size, tuple(workers), _people(size, rng))


def _worker(number: int, duties: frozenset[Duty], rng: Generator) -> Worker:
    joined, left = 0, DAYS
    is_support = Duty.SUPPORT in duties
    if duties in ({Duty.SUPPORT}, {Duty.TRUST}) and rng.random() < 0.2:
        joined = int(rng.integers(30, 300)) if rng.random() < 0.6 else 0
        left = DAYS if joined else int(rng.integers(60, 330))
    starts = ("early", "late", "day") if is_support or Duty.GRANTER in duties else ("day", "day", "early")
    pace = 3.0 if number == 5 else float(rng.gamma(12, 1 / 12))
    return Worker(
        encode_id(FIRST_STAFF + number),
        duties,
        ZONES[number % 3] if duties - {Duty.LEGAL, Duty.AUDITOR} else 1,
        starts[int(rng.integers(0, 3))],
        max(pace, 0.3),
        joined,
        left,
        is_support or Duty.GRANTER in duties,
        _away(rng),
    )


def _away(rng: Generator) -> frozenset[int]:
    """Two or three holidays, days of illness, and public holidays for most."""
    days: set[int] = set()
    for _ in range(int(rng.integers(2, 4))):
        first = int(rng.choice([rng.integers(0, DAYS), rng.integers(170, 250)]))
        days.update(range(first, first + int(rng.integers(7, 15))))
    for _ in range(int(rng.poisson(3))):
        first = int(rng.integers(0, DAYS))
        days.update(range(first, first + int(rng.integers(1, 5))))
    days.update(day for day in HOLIDAY_DAYS if rng.random() < 0.75)
    return frozenset(days)


def _people(size: Size, rng: Generator) -> People:
    numbers = np.arange(FIRST_PERSON, FIRST_PERSON + size.people)
    minor, wish = rng.random(size.people) < MINORS, rng.random(size.people) < WISHERS
    shuffled = [int(one) for one in rng.permutation(numbers)]
    known, rest = shuffled[:40], shuffled[40:]
    often = {zone: rest[50 * at : 50 * (at + 1)] for at, zone in enumerate(ZONES)}
    protected = {int(one): bool(is_one) for one, is_one in zip(numbers, minor | wish, strict=True)}
    protected |= {one: bool(rng.random() < 0.25) for one in known}
    minors = [int(one) for one in numbers[minor]]
    return People(protected, often, known, minors, size.people)
