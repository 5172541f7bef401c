"""What was asked so far, indexed for the rules: by whom, about whom, under which case, and what is usual of each.

It is fed each request as often as something becomes of it, and keeps its newest state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from openforyou.privacy.detection.types import Asking

HISTORY_MIN = 20
"""So many requests make a habit, from which an hour can differ."""
RARE = 0.02
"""An hour is unusual for somebody with so small a share of what they asked before within an hour of it."""
SHARED_BY = 3
"""A case that so many of the staff name is known to all, as an outage's is."""
QUICK = timedelta(minutes=3)
"""A grant within it was hardly thought about."""
REMEMBERED_MAX = 300_000
ASKER_SHARE, GRANTER_SHARE = 0.05, 0.1
"""Of one of the staff, before anything was seen."""


class Tally:
    """How many of what somebody did were so, by group; and how usual it is among the others of the group.

    `usual` and `weight` are what is assumed before anything was seen, and how many requests that is worth.
    """

    def __init__(self, usual: float, weight: float) -> None:
        self._usual, self._weight = usual, weight
        self._all: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self._own: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def add(self, group: str, who: str, is_so: bool, sign: int = 1) -> None:
        """One more, or with `sign` -1 one less."""
        for kept in (self._all[group], self._own[group, who]):
            kept[0] += sign * is_so
            kept[1] += sign

    def others(self, group: str, who: str) -> float:
        """The share among everybody else."""
        hits, count = self._all[group]
        own_hits, own_count = self._own[group, who]
        return (hits - own_hits + self._usual * self._weight) / (count - own_count + self._weight)

    def own(self, group: str, who: str) -> tuple[float, float]:
        """How many of theirs were so, and how many there were."""
        hits, count = self._own[group, who]
        return hits, count


class Shares:
    """Who does how much of it, by slot of the week."""

    def __init__(self) -> None:
        self._all: dict[str, float] = defaultdict(float)
        self._own: dict[tuple[str, str], float] = defaultdict(float)

    def add(self, slot: str, who: str) -> None:
        """One more."""
        self._all[slot] += 1
        self._own[slot, who] += 1

    def counted(self, slot: str, who: str) -> tuple[float, float]:
        """How often they, and how often anybody."""
        return self._own.get((slot, who), 0.0), self._all.get(slot, 0.0)


class Past:
    """All requests in the order in which they were asked."""

    def __init__(self) -> None:
        self.asks: dict[str, Asking] = {}
        self.by_staff: dict[str, list[str]] = defaultdict(list)
        self.by_subject: dict[int, list[str]] = defaultdict(list)
        self.by_case: dict[str, list[str]] = defaultdict(list)
        self.by_day: dict[tuple[str, int], int] = defaultdict(int)
        """Requests by duty and by staff, and the number of the day."""
        self.first: datetime | None = None
        self.lately_granted: set[tuple[str, str]] = set()
        """Who was granted something by whom since the last look."""
        self.unusual: set[str] = set()
        """At an hour at which whoever asked hardly ever did before."""
        self.extra: set[str] = set()
        """About one more person under a case that they named for somebody else before."""
        self.misfit = Tally(0.03, 100)
        self.barren = Tally(0.1, 100)
        self.protected = Tally(0.08, 60)
        self.at_unusual = Tally(0.02, 200)
        self.beside = Tally(0.02, 20)
        self.quick = Tally(0.15, 20)
        self._askers = Shares()
        self.granters, self.granters_that_day = Shares(), Shares()
        self.granted: dict[tuple[str, str], float] = defaultdict(float)
        """By slot and asker, and by slot, granter and asker."""
        self._hours: dict[str, list[float]] = defaultdict(lambda: [0.0] * 48)
        self._granted_seen: set[str] = set()
        self._granter_shares: dict[tuple[str, str], float] = {}

    def put(self, one: Asking) -> None:
        """A request, or what became of one that is known."""
        before = self.asks.get(one.id)
        self.asks[one.id] = one
        if before is None:
            self._asked(one)
        else:
            self._count(before, -1)
        self._count(one, 1)
        if one.grants and one.id not in self._granted_seen:
            self._granted_seen.add(one.id)
            self.lately_granted.add((one.staff, one.grants[0][0]))
            self._grant(one)

    def asker_share(self, one: Asking, staff: str) -> float:
        """How likely such a request comes to that one of the staff: their share of the duty, at that time."""
        own, count = self._askers.counted(one.duty, staff)
        share = (own + ASKER_SHARE * 20) / (count + 20)
        own, count = self._askers.counted(slot_of(one.duty, one.at), staff)
        return (own + share * 8) / (count + 8)

    def granter_share(self, one: Asking, granter: str) -> float:
        """How usual a granter was at the time of its grant, by what others were granted then."""
        key = (one.id, granter)
        if key not in self._granter_shares:
            _, at = one.grants[0]
            usual = self._without(self.granters, slot_of("", at), granter, one.staff)
            today = self._without(self.granters_that_day, day_slot(at), granter, one.staff)
            share = (usual[0] + GRANTER_SHARE * 10) / (usual[1] + 10)
            if len(self._granter_shares) >= REMEMBERED_MAX:
                self._granter_shares.clear()
            self._granter_shares[key] = (today[0] + 4 * share) / (today[1] + 4)
        return self._granter_shares[key]

    def _without(self, shares: Shares, slot: str, granter: str, staff: str) -> tuple[float, float]:
        """How often the granter and anybody granted, leaving out what they granted to that one of the staff."""
        own, count = shares.counted(slot, granter)
        to_them, theirs = self.granted.get((f"{slot} {granter}", staff), 0.0), self.granted.get((slot, staff), 0.0)
        return own - to_them, count - theirs

    def recent(self, ids: list[str], now: datetime, window: timedelta) -> Iterator[Asking]:
        """Newest first, back to the start of the window."""
        for id_ in reversed(ids):
            one = self.asks[id_]
            if now - one.at > window:
                return
            yield one

    def is_shared(self, case: str) -> bool:
        """Whether many of the staff name that case."""
        return len({self.asks[id_].staff for id_ in self.by_case[case][:200]}) >= SHARED_BY

    def _asked(self, one: Asking) -> None:
        if self.first is None:
            self.first = one.at
        hours = self._hours[one.staff]
        total, slot = sum(hours), one.at.hour + (24 if one.at.weekday() > 4 else 0)
        near = sum(hours[slot // 24 * 24 + (slot + by) % 24] for by in (-1, 0, 1))
        if total >= HISTORY_MIN and near < RARE * total and not one.is_emergency:
            self.unusual.add(one.id)
        hours[slot] += 1
        mine = {self.asks[id_].subject for id_ in self.by_case[one.case] if self.asks[id_].staff == one.staff}
        if one.case and mine and one.subject not in mine and not self.is_shared(one.case):
            self.extra.add(one.id)
        self.beside.add(one.purpose, one.staff, one.id in self.extra)
        self.at_unusual.add(one.duty, one.staff, one.id in self.unusual)
        self._askers.add(slot_of(one.duty, one.at), one.staff)
        self._askers.add(one.duty, one.staff)
        self.by_staff[one.staff].append(one.id)
        self.by_subject[one.subject].append(one.id)
        if one.case:
            self.by_case[one.case].append(one.id)
        day = one.at.toordinal()
        self.by_day[one.duty, day] += 1
        self.by_day[one.staff, day] += 1

    def _count(self, one: Asking, sign: int) -> None:
        if one.case_fits is not None:
            self.misfit.add(one.purpose, one.staff, one.case_fits is False, sign)
        self.barren.add(one.duty, one.staff, not one.came_to_something, sign)
        self.protected.add(one.purpose, one.staff, one.is_protected, sign)

    def _grant(self, one: Asking) -> None:
        granter, at = one.grants[0]
        for slot in (slot_of("", at), day_slot(at)):
            self.granted[slot, one.staff] += 1
            self.granted[f"{slot} {granter}", one.staff] += 1
        self.granters.add(slot_of("", at), granter)
        self.granters_that_day.add(day_slot(at), granter)
        self.quick.add(granter, one.staff, at - one.at <= QUICK)


def slot_of(duty: str, at: datetime) -> str:
    """A part of the week, of a duty: four hours, on weekdays or the weekend."""
    return f"{duty} {at.hour // 4} {at.weekday() > 4}"


def day_slot(at: datetime) -> str:
    """Eight hours of one day."""
    return f"{at.toordinal()} {at.hour // 8}"
