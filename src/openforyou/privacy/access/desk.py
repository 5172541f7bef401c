"""What every act stands on: the entries and their book, the time that never goes back, the public log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from openforyou.core.clock import Clock
from openforyou.core.ids import encode_id, new_id
from openforyou.ledger.errors import LedgerError
from openforyou.privacy.access import acts, integrity, records
from openforyou.privacy.access.book import ALARM, CLOSED, Book
from openforyou.privacy.access.errors import Closed, NotDurable, SameHand
from openforyou.privacy.access.published import LogTurned, Published
from openforyou.privacy.access.store import LONG_AGO, Store
from openforyou.privacy.access.types import Act, Alarm, Doing, Entry, Logged, Seen, Staff, Vault
from openforyou.privacy.vault.types import Subject

NOTED_EVERY = timedelta(minutes=1)
"""So long the latest moment may be seen without a note of it that outlives the process."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An entry to be made, and its public record, if it has one: the type, and what it says."""

    doing: str
    outcome: Mapping[str, Any]
    record: str = ""
    told: Mapping[str, Any] | None = None


class Desk:
    """Its lock is taken by whoever calls; `durable` is called without it."""

    def __init__(self, store: Store, published: Published, vault: Vault, clock: Clock) -> None:
        self.store = store
        self.published = published
        self.vault = vault
        self.book = Book()
        self.lock = threading.RLock()
        self._clock = clock
        self._is_checked = False
        self._latest = LONG_AGO
        self._settled = 0
        """The entry from which time counts anew."""
        self.refresh()

    @property
    def name(self) -> str:
        """The broker that acts must name."""
        return self.store.home.name

    def clock_now(self) -> datetime:
        """What the machine's clock says."""
        return self._clock.now()

    def now(self) -> datetime:
        """The time that counts, the latest that was ever seen: a clock that went back prolongs nothing, and what ended
        while it had run ahead does not come back when it is set right."""
        self._latest = max(self._clock.now(), self._latest)
        return self._latest

    def refresh(self) -> None:
        """Take in what another process entered, as the operator's own command does, and note how late it is."""
        for entry in self.store.entries(self.book.seq):
            self._take(entry)
        since, noted = self.store.latest()
        if since >= self._settled:
            self._latest = max(noted, self._latest)
        if since < self._settled or self.now() - noted >= NOTED_EVERY:
            self.store.keep_latest(self.book.seq, self.now())

    def _take(self, entry: Entry) -> None:
        self.book.take(entry)
        if entry.doing == Doing.SETTLE and entry.outcome.get("settled"):
            self._settled, self._latest = entry.seq, entry.at
        self._latest = max(entry.at, self._latest)

    # Entries

    def enter(self, wish: Wish, act: Act | None = None, at: datetime | None = None) -> Entry:
        """Make it durable, with its record, which waits in the outbox for whoever carries it to the log."""
        with self.store.writing():
            self.refresh()
            entry = self.store.add(wish.doing, at or self.now(), wish.outcome, act)
            if wish.record:
                leaf = records.leaf(wish.record, self.name, entry, wish.told or {})
                seen = self.store.seen()
                self.store.add_logged(entry.seq, leaf, seen.size if seen else 0)
        self.store.raise_high(entry)
        self._take(entry)
        return entry

    def outbox(self) -> list[Logged]:
        """Records that nobody put on their way yet. They stay here until they are seen in the published log."""
        return [one for one in self.store.logged(unplaced=True) if one.queued is None]

    def alarm(self, kind: str, words: str, score: float, about: tuple[tuple[str, ...], tuple[str, ...]]) -> Alarm:
        """For the reviewers, and in the open without names. `about` is staff and requests."""
        staff, requests = about
        told = {
            "id": encode_id(new_id()),
            "kind": kind,
            "words": words,
            "score_milli": round(1_000 * score),
            "staff": list(staff),
            "requests": list(requests),
        }
        self.enter(Wish(ALARM, told, records.ALARM, {"kind": kind}))
        return self.book.alarms[str(told["id"])]

    def protection_mark(self, subject: Subject) -> str:
        """How the list of protected persons names one."""
        return records.kept_mark(self.store.home.key, subject)

    def check_close(self, staff: Staff, subject: Subject) -> None:
        """Raises `SameHand` where that is somebody whom they named as close to them."""
        if self.protection_mark(subject) in self.book.close.get(staff.id, ()):
            raise SameHand("This is about somebody close to you.", hint="A colleague asks and decides about them.")

    # The log

    def check(self) -> None:
        """Hold entries and log against each other, once a start. Raises `Closed`, or `NotDurable` where it cannot."""
        if self.book.closed:
            raise Closed.because(self.book.closed)
        if self._is_checked:
            return
        try:
            wrong = integrity.problem(self.store, self.published)
        except LedgerError as error:
            raise NotDurable.because(error.message) from error
        if wrong:
            self.shut(wrong)
        self._is_checked = True

    def shut(self, why: str) -> None:
        """Close access by staff, and say so. Raises `Closed`."""
        self._is_checked = False
        if not self.book.closed:  # said once: whoever asks meanwhile adds nothing to it
            self.enter(Wish(CLOSED, {"why": why}, records.ALARM, {"kind": "closed"}))
        raise Closed.because(self.book.closed)

    def settled(self, seq: int) -> None:
        """Two administrators said so. Raises `NotDurable` where the log cannot be read."""
        try:
            integrity.settle(self.store, self.published, seq)
        except LedgerError as error:
            raise NotDurable.because(error.message) from error
        self._is_checked = True

    def durable(self, seq: int, wait_s: float | None = None) -> None:
        """Until the published log is seen to hold the record of that entry. Raises `NotDurable`, `Closed`.

        Seen once is not enough: the log must hold it each time, so that nothing opens beside a log that was cut.
        """
        with self.lock:
            (logged,), seen = self.store.logged(seq), self.store.seen()
        try:
            if logged.index is None:
                index, head = self.published.until_found(logged, seen, wait_s)
                with self.lock, self.store.writing():
                    self.store.set_place(seq, index)
                    newest = self.store.seen()
                    if newest is None or head.size >= newest.size:
                        self._saw(head)
                return
            found = self.published.checkpoint(seen)
            if found is not None and self.published.holds(logged.index, logged.leaf, found):
                with self.lock, self.store.writing():
                    self._saw(Seen(found.size, found.root))
                return
            why = f"the public log does not hold the record of entry {seq} any more"
        except LogTurned as error:
            why = error.message
        except LedgerError as error:
            raise NotDurable.because(error.message) from error
        with self.lock:
            self.shut(why)

    def _saw(self, head: Seen) -> None:
        """From here on the log goes on, and under the key that it was first met under."""
        self.store.keep_seen(head)
        if not self.store.fact(integrity.VKEY):
            self.store.keep(integrity.VKEY, self.published.key.vkey().encode())

    def has_gone_back(self) -> bool:
        """Whether the machine's clock stands clearly before a moment that was seen already."""
        return self._clock.now() < self._latest - acts.DRIFT
