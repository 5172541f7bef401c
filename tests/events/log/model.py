"""What the log must hold of what was sent, as sets: written from docs/counts.md, without a line of the code under test.

A sum would hide a double beside a loss, and a counter that only grows knows no unlike. So every leaf must be explained
by something that was sent, each at most once; and everything that was answered must have its leaf.
"""

from __future__ import annotations

import hashlib
import struct
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from openforyou.events.types import Event, ServedSlate

SERVED, WATCH, LIKE, FOLLOW = 1, 4, 7, 11
DAILY = {"impression": 2, "view": 3, "complete": 5, "skip": 6, "share": 8}
ONCE = {"not_interested": 9, "report": 10}
WORDS = {"like": (LIKE, True), "unlike": (LIKE, False), "follow": (FOLLOW, True), "unfollow": (FOLLOW, False)}
COLUMNS = {
    SERVED: "served",
    2: "impressions",
    3: "views",
    WATCH: "watch_ms",
    5: "completions",
    6: "skips",
    LIKE: "likes",
    8: "shares",
    9: "not_interested",
    10: "reports",
}

Mark = tuple[int, int, bytes]
"""(action, subject, nullifier)"""


class Wrong(AssertionError):
    """The log, or the numbers, are not what was sent."""


class Leaf(NamedTuple):
    """A deed as thirty bytes tell it."""

    action: int
    subject: int
    value: int
    nullifier: bytes

    @property
    def mark(self) -> Mark:
        return self.action, self.subject, self.nullifier


def read_leaf(data: bytes) -> Leaf:
    form, *told = struct.unpack(">BBQI16s", data)
    require(form == 1, f"a leaf of format {form}")
    return Leaf(*told)


def require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Wrong(otherwise)


@dataclass
class Claim:
    """What one sending of an event asks the log to hold. `low` and `high` bound the value of its leaf."""

    mark: Mark
    low: int
    high: int


@dataclass
class Model:
    """Everything that reached the server, and everything that it answered. `secret_of` gives a viewer's secret."""

    secret_of: Callable[[int], bytes]
    claims: dict[UUID, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    days: dict[tuple[int, int], int] = field(default_factory=dict)
    words: dict[Mark, dict[UUID, tuple[datetime, bool]]] = field(default_factory=lambda: defaultdict(dict))
    answered: set[UUID] = field(default_factory=set)
    slates: dict[int, list[Mark]] = field(default_factory=dict)
    slates_answered: set[int] = field(default_factory=set)
    late: set[UUID] = field(default_factory=set)

    def arrived(self, event: Event, now: datetime) -> None:
        """The server has it, at `now` by its clock, and what becomes of it is not known yet."""
        kind = event.type.value
        if kind in WORDS:
            action, stands = WORDS[kind]
            subject = event.creator_id if action == FOLLOW else event.item_id
            self.words[self._mark(event.viewer_id, action, subject)][event.id] = (event.occurred_at, stands)
            return
        low = high = 1
        if kind in DAILY:
            low = high = day = (min(event.occurred_at, now).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
            pair = (event.viewer_id, event.item_id)
            if day < self.days.get(pair, 0) - 1:
                self.late.add(event.id)
            self.days[pair] = max(day, self.days.get(pair, 0))
            mark = self._mark(event.viewer_id, DAILY[kind], event.item_id, struct.pack(">I", day))
        elif kind == "watch":
            low, high = (0, event.watch_ms) if event.served_at else (event.watch_ms, event.watch_ms)
            mark = self._mark(event.viewer_id, WATCH, event.item_id, event.id.bytes)
        else:
            mark = self._mark(event.viewer_id, ONCE[kind], event.item_id)
        if all(mark != claim.mark for claim in self.claims[event.id]):
            self.claims[event.id].append(Claim(mark, low, high))

    def answer(self, events: Iterable[Event]) -> None:
        """The client was told that these are taken in, now or before."""
        self.answered.update(event.id for event in events)

    def slate(self, slate: ServedSlate) -> None:
        scope = struct.pack(">Q", slate.request_id)
        marks = [self._mark(slate.viewer_id, SERVED, item, scope) for item in slate.item_ids]
        self.slates[slate.request_id] = marks

    def check(self, leaves: Collection[bytes], *, complete: bool) -> None:
        """Raises `Wrong`. `complete`: everything answered must be there by now, not only what is there be right."""
        held = [read_leaf(leaf) for leaf in leaves]
        by_mark: dict[Mark, list[int]] = defaultdict(list)
        for leaf in held:
            by_mark[leaf.mark].append(leaf.value)
        claimed = {claim.mark: claim for claims in self.claims.values() for claim in claims}
        served = {mark for marks in self.slates.values() for mark in marks}
        for mark, values in by_mark.items():
            if mark in self.words:
                require(values == list(range(1, len(values) + 1)), f"turns {values} of {show(mark)}")
                continue
            require(mark in claimed or mark in served, f"a leaf that nobody sent: {show(mark)}")
            require(len(values) == 1, f"{len(values)} leaves of {show(mark)}")
            if mark in claimed:
                claim = claimed[mark]
                require(claim.low <= values[0] <= claim.high, f"value {values[0]} of {show(mark)}: {claim}")
        for marks in self.slates.values():
            there = sum(mark in by_mark for mark in marks)
            require(there in (0, len(marks)) or not complete, "half a slate")
        if complete:
            self._check_complete(by_mark)

    def _check_complete(self, by_mark: Mapping[Mark, list[int]]) -> None:
        for event_id in self.answered & self.claims.keys() - self.late:
            claims = self.claims[event_id]
            require(any(claim.mark in by_mark for claim in claims), f"answered, and not in the log: {claims}")
        for slate in self.slates_answered:
            require(all(mark in by_mark for mark in self.slates[slate]), "an answered slate is not in the log")
        for mark, words in self.words.items():
            sure = [word for event_id, word in words.items() if event_id in self.answered]
            newest = max(sure, key=_newness, default=None)
            right = {newest is not None and newest[1]}
            for event_id, word in words.items():
                if event_id not in self.answered and (newest is None or _newness(word) > _newness(newest)):
                    right |= {word[1]}
            stands = len(by_mark.get(mark, [])) % 2 == 1
            require(stands in right, f"{show(mark)} {'stands' if stands else 'does not stand'}; words: {words}")

    def _mark(self, viewer: int, action: int, subject: int, scope: bytes = b"") -> Mark:
        return action, subject, nullifier(self.secret_of(viewer), action, subject, scope)


def nullifier(secret: bytes, action: int, subject: int, scope: bytes = b"") -> bytes:
    told = struct.pack(">BQ", action, subject) + scope
    return hashlib.blake2b(told, digest_size=16, key=secret, person=b"ofy-nullifier-1").digest()


def _newness(word: tuple[datetime, bool]) -> tuple[datetime, bool]:
    at, stands = word
    return at, not stands


def show(mark: Mark) -> str:
    action, subject, nullifier = mark
    return f"action {action} on {subject} by {nullifier.hex()[:8]}"


def recount(leaves: Iterable[bytes]) -> tuple[dict[int, dict[str, int]], dict[int, int]]:
    """The numbers of each item and the followers of each creator, from sets of distinct nullifiers."""
    newest: dict[Mark, int] = {}
    for data in leaves:
        leaf = read_leaf(data)
        newest[leaf.mark] = max(leaf.value, newest.get(leaf.mark, 0))
    items: dict[int, Counter[str]] = defaultdict(Counter)
    followers: Counter[int] = Counter()
    for (action, subject, _), value in newest.items():
        if action == FOLLOW:
            followers[subject] += value % 2
        elif action in (LIKE, WATCH):
            items[subject][COLUMNS[action]] += value % 2 if action == LIKE else value
        else:
            items[subject][COLUMNS[action]] += 1
    nonzero = {item: {name: count for name, count in told.items() if count} for item, told in items.items()}
    return {item: told for item, told in nonzero.items() if told}, {one: n for one, n in followers.items() if n}


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it stands there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    # Pairing from the left and carrying an odd one up gives the same tree as the recursion, in one pass a level.
    while len(hashes) > 1:
        paired = [hashlib.sha256(b"\1" + hashes[n] + hashes[n + 1]).digest() for n in range(0, len(hashes) - 1, 2)]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0]
