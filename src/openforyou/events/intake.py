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
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from openforyou.events.log.store import add_refusals, enqueue, lock_writer
from openforyou.events.secrets import KnownSecrets, Secrets
from openforyou.events.types import Event, EventType, Outcome, ServedSlate
from openforyou.events.waiting import Waiter, WaitingSlates
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
    secrets: Mapping[int, bytes]
    """Of every viewer in it: nobody is asked while the writer's lock is held."""


class Intake:
    """Starts its thread on creation; `close` writes what waits and stops it.

    `secrets` keeps the viewers' secrets; `beside` writes what else follows from slates, in the transaction that keeps
    them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secrets: Secrets,
        beside: Beside | None = None,
        *,
        slates_wait_s: float = SLATES_WAIT_S,
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
        self._secrets = KnownSecrets(secrets)
        self._slates = WaitingSlates(self._secrets, self._hand_on)

    def accept(self, events: Sequence[Event]) -> list[Outcome]:
        """One outcome an event, in order, once all are durable. Raises `Unavailable`: then none was taken in, and what
        the keeper of secrets raises for a viewer who was forgotten."""
        if not events:
            return []
        secrets = self._secrets.of({event.viewer_id for event in events})
        try:
            return self._submit(events, secrets=secrets).result(ANSWER_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable("The event writer does not answer.", hint="Send the same events again.") from None

    def record(self, slate: ServedSlate) -> Future[list[Outcome]]:
        """Record a slate as served, soon; the answer may be waited for, and is not by a feed."""
        waiter = Waiter(slate, Future())
        secrets = self._secrets.at_hand((slate.viewer_id,))
        with self._closing:
            self._require_open()
            if secrets is not None:
                self._hand_on(waiter, secrets)
            else:
                self._slates.add(waiter)
        return waiter.done

    def forget(self, viewers: Iterable[int]) -> None:
        """Their secrets leave the memory: they were destroyed."""
        self._secrets.forget(viewers)

    def settle(self) -> None:
        """Have what waits written now, and return when it is. Raises `Unavailable` where that takes too long."""
        self._slates.settle()
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
        self._slates.close()
        self._queue.put(None)
        self._thread.join()

    def _submit(
        self,
        events: Sequence[Event] = (),
        refused: Mapping[str, int] | None = None,
        *,
        at_once: bool = False,
        secrets: Mapping[int, bytes] | None = None,
    ) -> Future[list[Outcome]]:
        at_once = at_once or bool(events or refused)
        submission = _Submission(events, (), refused or {}, at_once, Future(), secrets or {})
        with self._closing:
            self._require_open()
            self._put(submission)
        return submission.done

    def _hand_on(self, waiter: Waiter, secrets: Mapping[int, bytes]) -> None:
        """A slate whose viewer's secret is here; also those that waited until the closing."""
        self._put(_Submission((), (waiter.slate,), {}, False, waiter.done, secrets))

    def _put(self, submission: _Submission) -> None:
        try:
            self._queue.put_nowait(submission)
        except queue.Full:
            raise Unavailable("Too many events wait.", hint="Send the same events again in a second.") from None

    def _require_open(self) -> None:
        if self._closed:
            raise Unavailable("The platform is shutting down.", hint="Send the same events again.")

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
                secrets = {one: secret for submission in group for one, secret in submission.secrets.items()}
                new = write(connection, events, slates, secrets, self._clock.now())
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


def write(
    connection: Connection,
    events: Sequence[Event],
    slates: Sequence[ServedSlate],
    secrets: Mapping[int, bytes],
    now: datetime,
) -> set[UUID]:
    """Everything that follows from a group, in the caller's transaction. Answers which events moved a number.

    `secrets` has every viewer in it.

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
