"""Who is looked at more closely: the signs of all rules on one scale, and of them five a week, the strongest first.

One request is plausible by itself; what gives misuse away is the sequence, across staff, people and months. No rule
says from what number on it speaks. Each says how surprising what it saw is, `marks` says how often normal work
surprises as much, and reviewers get as many alarms as they can look into: what is rare at once, and at the end of the
week whatever was rarest in it. A reviewer who got fifty would read none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from openforyou.privacy.detection.habits import habits
from openforyou.privacy.detection.marks import MARKS, Mark
from openforyou.privacy.detection.pairs import pairs
from openforyou.privacy.detection.past import Past
from openforyou.privacy.detection.people import people
from openforyou.privacy.detection.signs import Sign
from openforyou.privacy.detection.types import Asking, Finding, Told

BUDGET = 5
"""Alarms a week, Monday to Sunday by UTC."""
AT_ONCE = 3.0
"""So rare a finding, about once in twenty weeks of normal work, does not wait for the end of the week."""
GROWN = 2.0
"""An alarm is repeated once it is so much rarer than it was."""
SAME, BROADER = 0.5, 3
"""A finding was told already if so much of it stood in an alarm that was not so many times as broad."""
LAST_DAY = 6
"""The week's rest is told on Sunday."""
SEVERAL_FROM = -1.0
"""Signs that are no alarm by themselves count together from here on."""
LONE = 0.6
"""Where so much of it is one sign, that one speaks for itself."""


class Watcher:
    """Of one broker: feed it what is asked and what becomes of it, and look now and then."""

    def __init__(self, budget: int = BUDGET, marks: Mapping[str, Mark] = MARKS) -> None:
        self._budget, self._marks = budget, marks
        self._past = Past()
        self._staff: set[str] = set()
        self._subjects: set[int] = set()
        self._found: dict[tuple[str, str], Finding] = {}
        self._filled = ""
        """The week whose rest was told."""

    def put(self, one: Asking) -> None:
        """A request, or what became of it. In the order in which they were asked."""
        self._past.put(one)
        self._staff.add(one.staff)
        self._subjects.add(one.subject)

    def look(self, now: datetime, told: Sequence[Told]) -> list[Finding]:
        """What becomes an alarm now, strongest first. `told`: the alarms so far; five in a week are enough."""
        self._found |= {key: finding(one, self._marks) for key, one in self.signs(now)}
        week = _week(now)
        is_end = now.weekday() == LAST_DAY and self._filled != week
        left = self._budget - sum(_week(one.at) == week for one in told)
        chosen: list[Finding] = []
        for one in sorted(self._found.values(), key=lambda found: (-found.score, found.kind, found.requests)):
            if len(chosen) >= left or one.score < (0 if is_end else AT_ONCE):
                break
            if not _is_told(one, (*told, *(_as_told(now, other) for other in chosen))):
                chosen.append(one)
        if is_end:
            self._filled = week
            self._found.clear()
        return chosen

    def signs(self, now: datetime) -> Iterator[tuple[tuple[str, str], Sign]]:
        """The strongest of each kind about each staff, pair, person or group that something was heard of since."""
        best: dict[tuple[str, str], Sign] = {}
        for one in self._all(now):
            key = (one.kind, one.key)
            if key not in best or one.nats > best[key].nats:
                best[key] = one
        for staff in self._staff:
            together = self._several(staff, [one for one in best.values() if staff in one.staff and len(one.staff) < 3])
            if together is not None:
                best["several", staff] = together
        self._staff.clear()
        self._subjects.clear()
        self._past.lately_granted.clear()
        yield from best.items()

    def _all(self, now: datetime) -> Iterator[Sign]:
        for staff in sorted(self._staff):
            yield from habits(self._past, staff, now)
            yield from pairs(self._past, staff, now)
        for subject in sorted(self._subjects):
            yield from people(self._past, subject, now)

    def _several(self, staff: str, signs: list[Sign]) -> Sign | None:
        """Weak signs of different kinds about one of the staff."""
        kinds: dict[str, Sign] = {}
        for one in signs:
            if one.kind not in kinds or one.nats > kinds[one.kind].nats:
                kinds[one.kind] = one
        counted = {kind: self._marks[kind].score(one.nats) - SEVERAL_FROM for kind, one in kinds.items()}
        strong = [kinds[kind] for kind, steps in counted.items() if steps > 0]
        nats = sum(steps for steps in counted.values() if steps > 0)
        if len(strong) < 2 or max(counted.values()) > LONE * nats:
            return None
        words = "Several signs about one of the staff. " + " ".join(one.words for one in strong)
        requests = tuple(sorted({id_ for one in strong for id_ in one.requests}))
        return Sign("several", staff, words, nats, (staff,), requests)


def watch(asks: Iterable[Asking]) -> list[Finding]:
    """What all of them together would be alarms for, as of the last; for whoever has no week to wait."""
    watcher, last = Watcher(), None
    for last in asks:
        watcher.put(last)
    if last is None:
        return []
    found = [finding(one) for _, one in watcher.signs(last.at)]
    return sorted((one for one in found if one.score >= AT_ONCE), key=lambda one: -one.score)


def finding(one: Sign, marks: Mapping[str, Mark] = MARKS) -> Finding:
    """On the scale of its kind."""
    return Finding(one.kind, one.words, round(marks[one.kind].score(one.nats), 3), one.staff, one.requests)


def _is_told(one: Finding, told: Iterable[Told]) -> bool:
    """Whether an alarm said it already, and it has not grown since."""
    mine = set(one.requests)
    for other in told:
        if one.score >= other.score + GROWN or len(other.requests) > BROADER * len(mine):
            continue
        if len(mine & other.requests) >= SAME * len(mine):
            return True
    return False


def _as_told(now: datetime, one: Finding) -> Told:
    return Told(now, one.score, frozenset(one.requests), one.staff)


def _week(at: datetime) -> str:
    year, week, _ = at.isocalendar()
    return f"{year} {week}"
