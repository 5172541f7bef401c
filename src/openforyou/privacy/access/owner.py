"""What is opened for people themselves: each time is noted before it opens, for them to see, and counted.

Nobody grants it, for nobody else is to see it; so whoever has the platform's process in their hands could ask in
people's names. Then the people see openings that were not theirs, and many at once are an alarm in the public log.
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
    if people < AT_LEAST or any(one.kind == BULK and now - one.at < HOUR for one in desk.book.alarms.values()):
        return
    hours = range(1, COMPARED_HOURS + 1)
    busiest = max(desk.store.people_opened(now - (n + 1) * HOUR, now - n * HOUR) for n in hours)
    if people >= TIMES * max(busiest, 1):
        words = f"Seals of {people} people were opened in their own names within an hour; before, of {busiest} at most."
        desk.alarm(BULK, words, people / max(busiest, 1), ((), ()))
