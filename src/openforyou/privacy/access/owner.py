"""What is opened for people themselves: each time is noted before it opens, for them to see, and counted.

Nobody grants it, for nobody else is to see it; so whoever has the platform's process in their hands could ask in
people's names. Then the people see openings that were not theirs, and many at once are an alarm in the public log.

A pseudonym's mark opens nothing, and yet it stands in its account's row: whoever has both joins them. Which were asked
for is not kept, for that would be a list of who was here; how many within each hour is, and far more than ever are an
alarm.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from openforyou.privacy.access.desk import Desk
from openforyou.privacy.vault.types import Field, Subject

SHOWN_MAX = 200
KEPT = timedelta(days=90)
HOUR = timedelta(hours=1)
COMPARED_HOURS = 24 * 14
AT_LEAST = 200
"""Fewer people in an hour are no alarm, however quiet it was before."""
TIMES = 4
"""So many times the busiest hour of the two weeks before."""
BULK = "bulk"
MARKED_AT_LEAST = 2_000
"""Fewer pseudonyms' marks in an hour are no alarm: each browser that a process has not met asks for one."""
COUNTED_EVERY = 50
"""So few may be lost when the broker is killed; a write that is made durable for each would cost every new browser."""
_SEALS, _MARKS = "Seals", "Marks"


def note(desk: Desk, subject: Subject, fields: Collection[Field]) -> None:
    """Before it opens."""
    with desk.lock:
        desk.store.note_own(subject, desk.clock_now(), fields)


def shown(desk: Desk, subject: Subject) -> list[tuple[datetime, list[str]]]:
    """For the person: when, and which fields, newest first."""
    with desk.lock:
        return desk.store.own(subject, SHOWN_MAX)


def watch(desk: Desk) -> None:
    """Raise an alarm where far more people's seals than ever were opened within the hour; once an hour."""
    now = desk.clock_now()
    with desk.store.writing():
        desk.store.drop_own(now - KEPT)
    people = desk.store.people_opened(now - HOUR, now + timedelta(seconds=1))
    if people < AT_LEAST or _was_told(desk, now, _SEALS):
        return
    hours = range(1, COMPARED_HOURS + 1)
    busiest = max(desk.store.people_opened(now - (n + 1) * HOUR, now - n * HOUR) for n in hours)
    if people >= TIMES * max(busiest, 1):
        words = (
            f"{_SEALS} of {people} people were opened in their own names within an hour; before, of {busiest} at most."
        )
        desk.alarm(BULK, words, people / max(busiest, 1), ((), ()))


class Marks:
    """How many pseudonyms' marks were told, hour by hour."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._uncounted = 0

    def note(self, count: int) -> None:
        """Before so many are told. It raises the alarm by itself, so that nobody who asks can put it off."""
        desk = self._desk
        with desk.lock:
            self._uncounted += count
            if self._uncounted < COUNTED_EVERY:
                return
            now = desk.clock_now()
            hour = now.replace(minute=0, second=0, microsecond=0)
            since = hour - COMPARED_HOURS * HOUR
            with desk.store.writing():
                desk.store.note_marked(hour, self._uncounted, since)
            self._uncounted = 0
            marked, busiest = desk.store.marked(hour, hour + HOUR), desk.store.marked(since, hour)
            if marked < max(MARKED_AT_LEAST, TIMES * busiest):
                return
            desk.refresh()
            if not _was_told(desk, now, _MARKS):
                words = f"{_MARKS} of {marked} pseudonyms were told within an hour; before, of {busiest} at most."
                desk.alarm(BULK, words, marked / max(busiest, 1), ((), ()))


def _was_told(desk: Desk, now: datetime, of: str) -> bool:
    """Whether there was such an alarm within the hour."""
    alarms = desk.book.alarms.values()
    return any(one.kind == BULK and one.words.startswith(of) and now - one.at < HOUR for one in alarms)
