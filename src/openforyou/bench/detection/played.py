"""Plans played out: who was there to grant, what was read, and all of it as entries of the broker's own form.

The entries go through the fold that the broker itself uses (`privacy.access.book`), so that detection reads here what
it reads there. Only signatures and hashes are left empty: who could forge an entry is another question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.random import Generator

from openforyou.bench.detection.office import Office, Worker, day_of
from openforyou.bench.detection.plans import Fate, Plan
from openforyou.core.ids import encode_id
from openforyou.privacy.access.purposes import BY_NAME
from openforyou.privacy.access.rules import ASKS_A_DAY_MAX, CIRCLE_DAYS
from openforyou.privacy.access.types import Doing, Duty, Entry

REFUSED, REFUSED_NEW, UNREAD = 0.04, 0.1, 0.06
WAIT_MIN, WAIT_SPREAD, AT_ONCE = 15.0, 1.1, 0.08
HASTE = 0.6
"""Minutes from asking to the grant, log-normal where somebody is there; the share that is granted within two. Some
granters are hastier than others."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What becomes an entry."""

    at: datetime
    doing: Doing
    by: str
    body: Mapping[str, Any]
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Year:
    """Everything that was done, in order of time, and which requests belong to which episode."""

    deeds: tuple[Deed, ...]
    episodes: Mapping[str, frozenset[str]]
    """By name, the ids of its requests."""


def played(office: Office, plans: Iterable[Plan], protected: Mapping[int, bool]) -> Year:
    """All of it. What the broker would refuse, the 21st request of one person within a day, is not asked."""
    rng = np.random.default_rng([office.seed, 23])
    deeds: list[Deed] = []
    episodes: dict[str, set[str]] = {}
    desk = _Granters(office)
    for number, plan in enumerate(_within_the_rules(plans), 1):
        id_ = encode_id(number)
        if plan.episode:
            episodes.setdefault(plan.episode, set()).add(id_)
        is_protected = protected.get(plan.subject, office.people.protected.get(plan.subject, False))
        deeds += _deeds(plan, (id_, is_protected), desk, rng)
    ordered = tuple(sorted(deeds, key=lambda one: one.at))
    return Year(ordered, {name: frozenset(ids) for name, ids in episodes.items()})


def entry(seq: int, deed: Deed) -> Entry:
    """As the broker's fold takes it."""
    text = json.dumps({"body": dict(deed.body)}) if deed.body else ""
    return Entry(seq, deed.at, deed.doing, deed.by, text, b"", "", deed.outcome, b"", b"")


def _within_the_rules(plans: Iterable[Plan]) -> Iterator[Plan]:
    asked: dict[str, list[datetime]] = {}
    for plan in sorted(plans, key=lambda one: one.at):
        mine = asked.setdefault(plan.staff, [])
        if len(mine) < ASKS_A_DAY_MAX or plan.at - mine[-ASKS_A_DAY_MAX] >= timedelta(days=1):
            mine.append(plan.at)
            yield plan


class _Granters:
    """Who grants: one of those who are there at that time, of the same place before others."""

    def __init__(self, office: Office) -> None:
        self._granters = office.of(Duty.GRANTER)
        self._reviewers = office.of(Duty.REVIEWER)
        rng = np.random.default_rng([office.seed, 24])
        self._haste = {one.id: float(rng.lognormal(0, HASTE)) for one in self._granters}
        self._given: dict[tuple[str, str], datetime] = {}
        self._zones = {one.id: one.zone for one in office.workers}
        self._hours: dict[tuple[str, int], tuple[datetime, datetime] | None] = {}

    def one(self, plan: Plan, rng: Generator) -> tuple[str, datetime]:
        """Who grants, and when. Nobody does to whom the asker granted within the time that binds them."""
        granter, at = self._chosen(plan, rng)
        self._given[granter, plan.staff] = at
        return granter, at

    def _chosen(self, plan: Plan, rng: Generator) -> tuple[str, datetime]:
        if plan.granter:
            return plan.granter, plan.at + timedelta(seconds=float(rng.uniform(20, 150)))
        free = [one for one in self._granters if self._may(one, plan)]
        there = [one for one in free if self._is_on(one, plan.at)]
        near = [one for one in there if one.zone == self._zones[plan.staff]]
        pool = near if near and rng.random() < 0.8 else there
        if not pool:
            return free[int(rng.integers(0, len(free)))].id, plan.at + timedelta(hours=float(rng.uniform(0.3, 9)))
        granter = pool[int(rng.integers(0, len(pool)))].id
        minutes = float(rng.lognormal(np.log(WAIT_MIN * self._haste[granter]), WAIT_SPREAD))
        if rng.random() < AT_ONCE:
            minutes = float(rng.uniform(0.4, 2))
        return granter, plan.at + timedelta(minutes=min(minutes, 900))

    def _may(self, granter: Worker, plan: Plan) -> bool:
        last = self._given.get((plan.staff, granter.id))
        bound = last is not None and plan.at - last <= timedelta(days=CIRCLE_DAYS)
        return granter.id != plan.staff and not bound

    def reviewer(self, rng: Generator) -> str:
        """The second who grants for a protected person."""
        return self._reviewers[int(rng.integers(0, len(self._reviewers)))].id

    def _is_on(self, worker: Worker, at: datetime) -> bool:
        day = day_of(at + timedelta(hours=worker.zone))
        key = (worker.id, day)
        if key not in self._hours:
            start, end = worker.shift(day)
            hours = (start - timedelta(hours=0.5), end + timedelta(hours=1))
            self._hours[key] = hours if worker.is_there(day) else None
        found = self._hours[key]
        return found is not None and found[0] <= at < found[1]


def _deeds(plan: Plan, known: tuple[str, bool], desk: _Granters, rng: Generator) -> Iterator[Deed]:
    """One request, and what became of it."""
    id_, is_protected = known
    purpose = BY_NAME[plan.purpose]
    body = {
        "subject": f"account:{encode_id(plan.subject)}",
        "purpose": plan.purpose,
        "case": plan.case,
        "fields": [min(purpose.fields)],
        "minutes": 30,
        "words": "As the case says.",
    }
    told = {"id": id_, "duty": plan.duty.value, "protected": is_protected, "case_fits": plan.fits}
    if purpose.is_emergency:
        until = (plan.at + timedelta(hours=1)).isoformat()
        yield Deed(plan.at, Doing.EMERGENCY, plan.staff, body, told | {"until": until})
        yield Deed(plan.at + timedelta(minutes=2), Doing.READ, plan.staff, {"request": id_}, {})
        return
    yield Deed(plan.at, Doing.REQUEST, plan.staff, body, told)
    granter, at = desk.one(plan, rng)
    refused = rng.random() < (REFUSED_NEW if plan.is_new else REFUSED)
    if plan.fate is Fate.REFUSED or (plan.fate is Fate.ANY and refused):
        yield Deed(at, Doing.REFUSE, granter, {"request": id_}, {})
        return
    if is_protected:
        yield Deed(at, Doing.GRANT, granter, {"request": id_}, {"until": ""})
        granter, at = desk.reviewer(rng), at + timedelta(minutes=float(rng.uniform(5, 240)))
    yield Deed(at, Doing.GRANT, granter, {"request": id_}, {"until": (at + timedelta(minutes=30)).isoformat()})
    if plan.fate is Fate.UNREAD or (plan.fate is Fate.ANY and rng.random() < UNREAD):
        return
    yield Deed(at + timedelta(minutes=float(rng.uniform(1, 25))), Doing.READ, plan.staff, {"request": id_}, {})
