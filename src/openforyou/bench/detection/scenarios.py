"""The misuse that is planted: each scenario strong, plain, and slow and low, below the numbers that one would watch.

Whoever misuses their duty knows the rules: they ask in their own shift (except where the hour is the scenario), name
cases that look right, and go on with their normal work, among which the planted requests lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

import numpy as np
from numpy.random import Generator

from openforyou.bench.detection.office import DAYS, Office, Worker, midnight
from openforyou.bench.detection.plans import Fate, Plan
from openforyou.privacy.access.types import Duty


class Strength(StrEnum):
    """How much of it, in how little time."""

    STRONG = "strong"
    PLAIN = "plain"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Episode:
    """One misuse: who of the staff is in it, and what they ask."""

    name: str
    scenario: str
    strength: Strength
    staff: frozenset[str]
    plans: tuple[Plan, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a scenario draws from: the office, chance, how strong, and on which day it begins."""

    office: Office
    rng: Generator
    strength: Strength
    first: int
    protected: dict[int, bool] = field(default_factory=dict)
    """Who of those concerned has asked for protection by then."""

    def pick(self, strong: int, plain: int, low: int) -> int:
        """A number by strength."""
        return {Strength.STRONG: strong, Strength.PLAIN: plain, Strength.LOW: low}[self.strength]

    def some(self, duty: Duty, count: int, days: int) -> list[Worker]:
        """So many who are there all along."""
        able = [one for one in self.office.of(duty) if one.joined < self.first - 60 or one.joined == 0]
        able = [one for one in able if one.left >= self.first + days]
        return [able[int(at)] for at in self.rng.permutation(len(able))[:count]]

    def people(self, count: int, protected: float = 0.0) -> list[int]:
        """Whom it is about; so many of them protected by their own wish."""
        found = [self.office.people.anybody(self.rng) for _ in range(count)]
        for one in found:
            if self.rng.random() < protected:
                self.protected[one] = True
        return found

    def day(self, worker: Worker, days: int) -> int:
        """A day within the scenario on which they work."""
        wanted = self.first + int(self.rng.integers(0, days))
        return next((one for one in range(wanted, wanted + 40) if worker.is_there(one)), wanted)

    def plan(self, worker: Worker, days: int, about: tuple[str, int], fits: bool | None = None) -> Plan:
        """A request that looks like the others: their own duty's, in their shift, granted and read."""
        duty = min(worker.duties & set(PURPOSES), key=str)
        day = self.day(worker, days)
        case, subject = about
        if duty is not Duty.TRUST:
            fits = None
        elif fits is None:
            fits = bool(self.rng.random() < 0.7)
        at = worker.moment(day, self.rng)
        return Plan(at, worker.id, duty, PURPOSES[duty], case, subject, fits, Fate.READ)

    def case(self, worker: Worker) -> str:
        """A new one, as their duty writes it."""
        letter = {Duty.TRUST: "C", Duty.LEGAL: "O", Duty.AUDITOR: "A"}
        duty = min(worker.duties & set(PURPOSES), key=str)
        return f"{letter.get(duty, 'T')}-{int(self.rng.integers(10**6, 10**9))}"


PURPOSES = {
    Duty.SUPPORT: "account_recovery",
    Duty.TRUST: "claim",
    Duty.LEGAL: "court_order",
    Duty.AUDITOR: "audit",
}


def reported(scene: Scene) -> Iterator[Plan]:
    """Several staff of several duties ask about several journalists, in small requests under unlike purposes."""
    days = scene.pick(28, 49, 112)
    staff = scene.some(Duty.SUPPORT, scene.pick(2, 2, 1), days) + scene.some(Duty.TRUST, 1, days)
    staff += scene.some(Duty.AUDITOR, scene.pick(2, 1, 1), days)
    people = scene.people(scene.pick(5, 4, 3), protected=0.5)
    for number in range(scene.pick(36, 22, 11)):
        worker = staff[number % len(staff)]
        yield scene.plan(worker, days, (scene.case(worker), people[int(scene.rng.integers(0, len(people)))]))


def fishing(scene: Scene) -> Iterator[Plan]:
    """Many people under few cases."""
    days, duty = scene.pick(18, 30, 70), Duty.SUPPORT if scene.rng.random() < 0.6 else Duty.TRUST
    (worker,) = scene.some(duty, 1, days)
    cases = [scene.case(worker) for _ in range(scene.pick(3, 4, 5))]
    for number, subject in enumerate(scene.people(scene.pick(60, 32, 15))):
        yield scene.plan(worker, days, (cases[number % len(cases)], subject))


def watched(scene: Scene) -> Iterator[Plan]:
    """One person asks about one person again and again, each time under another case."""
    days, duty = scene.pick(80, 130, 230), Duty.SUPPORT if scene.rng.random() < 0.7 else Duty.TRUST
    (worker,), (subject,) = scene.some(duty, 1, days), scene.people(1)
    for _ in range(scene.pick(16, 10, 6)):
        yield scene.plan(worker, days, (scene.case(worker), subject))


def pair(scene: Scene) -> Iterator[Plan]:
    """One asks about whom they like, the other grants it at once."""
    days = scene.pick(30, 56, 112)
    (worker,) = scene.some(Duty.SUPPORT if scene.rng.random() < 0.6 else Duty.TRUST, 1, days)
    (granter,) = [one for one in scene.some(Duty.GRANTER, 2, days) if one.id != worker.id][:1]
    people = scene.people(scene.pick(25, 16, 8))
    for _ in range(scene.pick(40, 24, 10)):
        subject = people[int(scene.rng.integers(0, len(people)))]
        yield replace(scene.plan(worker, days, (scene.case(worker), subject)), granter=granter.id)


def misfits(scene: Scene) -> Iterator[Plan]:
    """Real cases that are about somebody else, or closed."""
    days = scene.pick(25, 42, 90)
    (worker,) = scene.some(Duty.TRUST, 1, days)
    for subject in scene.people(scene.pick(14, 8, 4)):
        yield scene.plan(worker, days, (scene.case(worker), subject), fits=False)


def hours(scene: Scene) -> Iterator[Plan]:
    """In the middle of their night, when nobody looks over their shoulder."""
    days = scene.pick(10, 20, 45)
    (worker,) = scene.some(Duty.SUPPORT if scene.rng.random() < 0.5 else Duty.TRUST, 1, days)
    for subject in scene.people(scene.pick(16, 9, 4)):
        plan = scene.plan(worker, days, (scene.case(worker), subject))
        day = scene.first + int(scene.rng.integers(0, days))
        yield replace(plan, at=midnight(day) + timedelta(hours=float(scene.rng.uniform(23, 28)) - worker.zone))


def volume(scene: Scene) -> Iterator[Plan]:
    """Many times what they ask otherwise, for some days."""
    days = scene.pick(4, 6, 10)
    (worker,) = scene.some(Duty.SUPPORT if scene.rng.random() < 0.5 else Duty.TRUST, 1, days)
    for subject in scene.people(scene.pick(50, 36, 24)):
        yield scene.plan(worker, days, (scene.case(worker), subject))


def joint(scene: Scene) -> Iterator[Plan]:
    """Two people whom several of the staff ask about, the one and the other, to find whether they met."""
    days = scene.pick(28, 49, 100)
    staff = scene.some(Duty.SUPPORT, scene.pick(3, 2, 2), days) + scene.some(Duty.TRUST, scene.pick(1, 1, 0), days)
    both = scene.people(2)
    for number in range(scene.pick(16, 10, 6)):
        worker = staff[number // 2 % len(staff)]
        yield scene.plan(worker, days, (scene.case(worker), both[number % 2]))


SCENARIOS: Mapping[str, Callable[[Scene], Iterator[Plan]]] = {
    one.__name__: one for one in (reported, fishing, watched, pair, misfits, hours, volume, joint)
}


def planted(office: Office) -> tuple[list[Episode], dict[int, bool]]:
    """Every scenario at every strength, on days of the year drawn at random; and who is protected for it.

    None begins in the first six weeks, in which there is no habit yet to differ from.
    """
    rng = np.random.default_rng([office.seed, 22])
    found: list[Episode] = []
    protected: dict[int, bool] = {}
    for name, scenario in SCENARIOS.items():
        for strength in Strength:
            latest = DAYS - 240 if (name, strength) == ("watched", Strength.LOW) else DAYS - 140
            scene = Scene(office, rng, strength, int(rng.integers(42, latest)))
            label = f"{name}/{strength}"
            plans = [replace(one, episode=label) for one in scenario(scene)]
            staff = {one.staff for one in plans} | {one.granter for one in plans if one.granter}
            found.append(Episode(label, name, strength, frozenset(staff), tuple(plans)))
            protected |= scene.protected
    return found, protected
