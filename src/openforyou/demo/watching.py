"""A day of watching: every simulated viewer asks the feed for slates and tells it what they did, as a page would.

The day ends now and is lived in order of time, so that what is liked in the morning trends by noon. It can be
interrupted: whoever has seen what they wanted to see is done, and the others go on where they were.
"""

from __future__ import annotations

import hashlib
import heapq
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.random import Generator

from openforyou.app.platform import Platform
from openforyou.catalog.types import Item, Right
from openforyou.core.progress import Progress
from openforyou.demo.errors import Stopped
from openforyou.demo.viewers import Deed, Person, clip_quality, reaction
from openforyou.events.types import Context, Event
from openforyou.recommend.types import Entry, Served

DAY = timedelta(hours=22)
ENDED = timedelta(minutes=20)
"""How long before now the last sitting begins; nothing may lie in the future."""
SLATE_ITEMS = 10
PAGE_ITEMS = 5
"""How many clips of a creator's page somebody watches who came by a link."""
EVENTS_A_BATCH = 400
REFRESH_SLATES = 60
EVIDENCE = "demo world"


@dataclass(slots=True)
class _Seat:
    """Where one person is in their day: clips seen so far, and when the next comes on."""

    person: Person
    seen: int
    at: datetime

    def sitting(self) -> tuple[int, int, float]:
        """The current sitting's number, the place in it, and its start as a share of the day."""
        before = 0
        for number, (start, count) in enumerate(self.person.sittings):
            if self.seen < before + count:
                return number, self.seen - before, start
            before += count
        raise AssertionError("nobody watches on after their last sitting")


class Audience:
    """`looks`: of each title, the number of its look. `items`: all that the demo world published."""

    def __init__(self, platform: Platform, looks: Mapping[str, int], items: Iterable[Item], seed: int) -> None:
        self._platform, self._looks, self._seed = platform, looks, seed
        self._items = sorted(items, key=lambda item: item.title)
        self._item_ids = [item.id for item in self._items]
        self._waiting: list[Event] = []
        self._waiting_people: set[int] = set()
        now = platform.clock.now()
        self._dawn, self._day = now - DAY, DAY - ENDED

    def watch(self, people: Sequence[Person], stop: threading.Event, progress: Progress) -> None:
        """Live the day of everybody who is not done with it. Raises `Stopped`."""
        total = sum(self._wanted(person) for person in people)
        seats = [self._seat(person) for person in people]
        progress(sum(seat.seen for seat in seats), total, "Simulating viewers")
        day = [(seat.at, seat.person.number, seat) for seat in seats if seat.seen < self._wanted(seat.person)]
        heapq.heapify(day)
        slates = 0
        while day:
            if stop.is_set():
                self._send()
                raise Stopped
            if slates % REFRESH_SLATES == 0:
                self._send()
                self._platform.feed.refresh()
            slates += 1
            _, _, seat = heapq.heappop(day)
            if self._watch_more(seat):
                heapq.heappush(day, (seat.at, seat.person.number, seat))
            progress(sum(each.seen for each in seats), total, "Simulating viewers")
        self._send()

    def _wanted(self, person: Person) -> int:
        """How many clips they will have seen by the end of the day."""
        return min(person.appetite, len(self._item_ids))

    def _seat(self, person: Person) -> _Seat:
        seen = len(self._platform.events.states(person.viewer_id, self._item_ids))
        seat = _Seat(person, min(seen, self._wanted(person)), self._dawn)
        if seat.seen < self._wanted(person):
            seat.at = self._moment(seat.sitting()[2])
        return seat

    def _moment(self, day_share: float) -> datetime:
        return self._dawn + day_share * self._day

    def _watch_more(self, seat: _Seat) -> bool:
        """What is next for them: a page at the very first, then slates; whether they will want more."""
        person = seat.person
        if person.number in self._waiting_people:
            self._send()
        rng = np.random.default_rng([self._seed, 4, person.number, seat.seen])
        if seat.seen == 0:
            self._platform.catalog.set_viewer_rights(person.viewer_id, {Right.LEARN}, EVIDENCE)
            served = self._arrive(person, rng)
        else:
            served = self._platform.feed.for_you(person.viewer_id, region=person.region, size=SLATE_ITEMS)
        sitting, place, _ = seat.sitting()
        self._watch(seat, served.entries[: person.sittings[sitting][1] - place], rng)
        if len(self._waiting) >= EVENTS_A_BATCH:
            self._send()
        if not served.entries or seat.seen >= self._wanted(person):
            seat.seen = self._wanted(person)
            return False
        if seat.sitting()[0] != sitting:
            seat.at = max(seat.at, self._moment(seat.sitting()[2]))
        return True

    def _arrive(self, person: Person, rng: Generator) -> Served:
        """People come by a link to a clip that is to their taste, and look at what else its creator has.

        So each look is found by those who love it from the first hour on, whatever the feed happens to show.
        """
        taste = np.array([person.interest(self._looks.get(item.title), 0.0) for item in self._items]) ** 2
        linked = self._items[int(rng.choice(len(self._items), p=taste / taste.sum()))]
        others = [item for item in self._platform.catalog.items_of(linked.creator_id) if item.id != linked.id]
        return self._platform.feed.present(person.viewer_id, "creator", [linked, *others][:PAGE_ITEMS])

    def _watch(self, seat: _Seat, entries: Sequence[Entry], rng: Generator) -> None:
        """Watch these one after the other; the seat and the clock move on."""
        person = seat.person
        _, place, start = seat.sitting()
        for entry in entries:
            interest = person.interest(self._looks.get(entry.item.title), start) + clip_quality(entry.item.title)
            deeds = reaction(person, interest, entry.item.duration_ms, place, rng)
            self._waiting += self._events(person, entry, deeds, seat.at)
            seat.at += timedelta(milliseconds=max(deed.after_ms for deed in deeds) + int(rng.integers(150, 900)))
            seat.seen += 1
            place += 1
        self._waiting_people.add(person.number)

    def _events(self, person: Person, entry: Entry, deeds: Sequence[Deed], at: datetime) -> Iterator[Event]:
        context = self._platform.events.context(entry.feed_context, person.viewer_id)
        for number, deed in enumerate(deeds):
            event = Event(
                id=_event_id(context, number),
                type=deed.type,
                viewer_id=person.viewer_id,
                item_id=context.item_id,
                creator_id=context.creator_id,
                request_id=context.request_id,
                occurred_at=at + timedelta(milliseconds=deed.after_ms),
                watch_ms=deed.watch_ms,
                region=person.region,
            )
            self._platform.events.check(event)
            yield event

    def _send(self) -> None:
        if self._waiting:
            self._platform.events.accept(self._waiting)
        self._waiting, self._waiting_people = [], set()


def _event_id(context: Context, number: int) -> UUID:
    """As random as the request that it belongs to, and the same when told twice."""
    name = f"{context.request_id}:{context.item_id}:{number}"
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4)
