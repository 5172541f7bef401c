"""The one writer: takes events and slates from many threads, commits them in groups, answers when durable.

A commit costs a disk flush, however many events it holds. So callers queue what they have and wait; one thread
takes everything that waits, folds it, and commits once. Under load the groups grow by themselves; when idle an
event waits for nobody, and takes along the slates that wait. Two writers with unordered locks were measured at a
tenth of one writer's speed, so writers of several processes take turns by an advisory lock.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from uuid import UUID

from sqlalchemy import Connection

from openforyou.core.clock import Clock
from openforyou.core.errors import Unavailable
from openforyou.events import rules, store
from openforyou.events.leaf import Action, Deed, encode_deed, nullifier
from openforyou.events.log.store import add_refusals, enqueue, lock_writer, secrets_of
from openforyou.events.types import Event, EventType, Outcome, ServedSlate
from openforyou.storage.database import Database

GROUP_EVENTS_MAX = 4_000
QUEUE_MAX = 2_000
"""Waiting submissions; past this, callers are told to come back rather than fill the memory."""
SLATES_WAIT_S = 0.4
"""How long slates wait for company when nothing else does: nobody waits for them, and what a slate costs to record is
mostly the transaction's. Alone it is 8 ms of processor time, of four together 3 ms each, of sixteen 1 ms."""
ANSWER_TIMEOUT_S = 30.0
_log = logging.getLogger(__name__)


Beside = Callable[[Connection, Sequence[ServedSlate]], None]


@dataclass(frozen=True, slots=True)
class _Submission:
    events: Sequence[Event]
    slates: Sequence[ServedSlate]
    refused: Mapping[str, int]
    at_once: bool
    done: Future[list[Outcome]]


class Intake:
    """Starts its thread on creation; `close` writes what waits and stops it.

    `beside` writes what else follows from slates, in the transaction that keeps them.
    """

    def __init__(
        self, database: Database, clock: Clock, beside: Beside | None = None, *, slates_wait_s: float = SLATES_WAIT_S
    ) -> None:
        self._database = database
        self._clock = clock
        self._beside = beside
        self._slates_wait_s = slates_wait_s
        self._queue: queue.Queue[_Submission | None] = queue.Queue(QUEUE_MAX)
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def accept(self, events: Sequence[Event]) -> list[Outcome]:
        """One outcome an event, in order, once all are durable. Raises `Unavailable`: then none was taken in."""
        if not events:
            return []
        try:
            return self._submit(events).result(ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("The event writer does not answer.", hint="Send the same events again.") from None

    def record(self, slate: ServedSlate) -> Future[list[Outcome]]:
        """Record a slate as served, soon; the answer may be waited for, and is not by a feed."""
        return self._submit(slates=(slate,))

    def settle(self) -> None:
        """Have what waits written now, and return when it is. Raises `Unavailable` where that takes too long."""
        try:
            self._submit(at_once=True).result(ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("The event writer does not answer.", hint="Ask again in a minute.") from None

    def refuse(self, reasons: Mapping[str, int]) -> Future[list[Outcome]]:
        """Count refused events by their reason, soon; nobody waits for it."""
        return self._submit(refused=reasons)

    def close(self) -> None:
        """Write what waits, then stop. May be called twice."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()

    def _submit(
        self,
        events: Sequence[Event] = (),
        slates: Sequence[ServedSlate] = (),
        refused: Mapping[str, int] | None = None,
        *,
        at_once: bool = False,
    ) -> Future[list[Outcome]]:
        at_once = at_once or bool(events or refused)
        submission = _Submission(events, slates, refused or {}, at_once, Future())
        with self._closing:
            if self._closed:
                raise Unavailable("The platform is shutting down.", hint="Send the same events again.")
            try:
                self._queue.put_nowait(submission)
            except queue.Full:
                raise Unavailable("Too many events wait.", hint="Send the same events again in a second.") from None
        return submission.done

    def _run(self) -> None:
        open_ = True
        while open_:
            first = self._queue.get()
            group: list[_Submission] = []
            size = 0
            wait_until = monotonic() + self._slates_wait_s
            while first is not None:
                group.append(first)
                size += max(len(first.events), 1)
                if first.at_once:
                    wait_until = 0.0
                if size >= GROUP_EVENTS_MAX:
                    break
                try:
                    first = self._next(wait_until - monotonic())
                except queue.Empty:
                    break
            open_ = first is not None
            if group:
                self._commit(group)

    def _next(self, wait_s: float) -> _Submission | None:
        """What was submitted next. Raises `queue.Empty` when nothing comes within that time."""
        return self._queue.get(timeout=wait_s) if wait_s > 0 else self._queue.get_nowait()

    def _commit(self, group: list[_Submission]) -> None:
        try:
            with self._database.begin() as connection:
                slates = [slate for submission in group for slate in submission.slates]
                events = [event for submission in group for event in submission.events]
                new = write(connection, events, slates, self._clock.now())
                if self._beside is not None and slates:
                    self._beside(connection, slates)
                refused: Counter[str] = Counter()
                for submission in group:
                    refused.update(submission.refused)
                add_refusals(connection, refused)
        except Exception as error:  # whatever it was, the writer lives on and every caller is answered
            if len(group) > 1:
                for submission in group:  # so that one that cannot be written takes no other with it
                    self._commit([submission])
                return
            _log.exception("a submission was not written")
            failure = Unavailable("The database did not take the events.", hint="Send the same events again.")
            failure.__cause__ = error
            group[0].done.set_exception(failure)
            return
        for submission in group:
            submission.done.set_result([_outcome(event.id, new) for event in submission.events])


def write(connection: Connection, events: Sequence[Event], slates: Sequence[ServedSlate], now: datetime) -> set[UUID]:
    """Everything that follows from a group, in the caller's transaction. Answers which events moved a number.

    State, events and leaves appear together or not at all: what was answered stands in the log once, and never twice.
    """
    lock_writer(connection)
    store.insert_slates(connection, slates)
    once = {event.id: event for event in reversed(events)}
    here = store.known(connection, once.keys())
    fresh = [event for event in reversed(once.values()) if event.id not in here]
    folded = rules.fold(
        store.viewer_states(connection, {(event.viewer_id, event.item_id) for event in fresh if event.item_id}),
        store.follow_states(connection, {(event.viewer_id, event.creator_id) for event in fresh if _follows(event)}),
        fresh,
        now,
    )
    secrets = secrets_of(connection, {event.viewer_id for event in fresh} | {slate.viewer_id for slate in slates})
    served = [leaf for slate in slates for leaf in served_leaves(secrets[slate.viewer_id], slate)]
    leaves = [_leaf(secrets[change.event.viewer_id], change) for change in folded.changes]
    first = enqueue(connection, [*served, *leaves]) + len(served)
    store.insert_events(connection, folded.changes, leaves, first)
    store.put_states(connection, folded.items)
    store.put_follows(connection, folded.follows)
    return {change.event.id for change in folded.changes}


def served_leaves(secret: bytes, slate: ServedSlate) -> list[bytes]:
    """A leaf for each item of a slate; the nullifier covers the slate, for an item stands in it once."""
    day, scope = rules.day_of(slate.served_at), slate.request_id.to_bytes(8, "big")
    return [
        encode_deed(Deed(Action.SERVED, item, day, nullifier(secret, Action.SERVED, item, scope)))
        for item in slate.item_ids
    ]


def _leaf(secret: bytes, change: rules.Change) -> bytes:
    mark = nullifier(secret, change.action, change.subject, change.scope)
    return encode_deed(Deed(change.action, change.subject, change.value, mark))


def _follows(event: Event) -> bool:
    return event.type in (EventType.FOLLOW, EventType.UNFOLLOW)


def _outcome(event_id: UUID, new: set[UUID]) -> Outcome:
    """The first of equal ids in a group is the accepted one; the set remembers which were told already."""
    if event_id in new:
        new.discard(event_id)
        return Outcome.ACCEPTED
    return Outcome.REPEATED
