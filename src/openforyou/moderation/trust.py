"""Which rows of the database are rules: those, and only those, whose record stands in the published log.

Whoever can write into the database can write a row. So a row says no more than where to look: what acts is the record
that is read there, proven to lie under the signed checkpoint. A record never changes, so each is proven once a process.
What is no rule, or was altered, is refused and said aloud, once for each thing that was found. While the log cannot be
read, what was proven stays and what is new waits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection

from openforyou.core.errors import BadInput
from openforyou.core.ids import MAX_ID, encode_id
from openforyou.events.log import store as log_store
from openforyou.ledger.errors import LedgerError
from openforyou.moderation.published import Published
from openforyou.moderation.rules import ending_leaf, policy_leaf, read_leaf
from openforyou.moderation.store import Held
from openforyou.moderation.types import Ending, Policy, PolicyId

REFUSED = "unpublished rule refused"
_log = logging.getLogger(__name__)
T = TypeVar("T", Policy, Ending)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is on its way: `waits` in the queue, or in a `batch`; neither: it was never put on its way."""

    waits: bool
    batch: tuple[int, int] | None


Places = Mapping[int, Place]


class Trust:
    """What one process has proven. Not safe from several threads at once."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self.policies: dict[PolicyId, tuple[int, Policy]] = {}
        """By id: place in the log, and the rule as it says."""
        self.endings: dict[PolicyId, tuple[int, Ending]] = {}
        self.refused: set[PolicyId] = set()
        """Rows without a record, as of the last look."""
        self._absent: set[tuple[PolicyId, int, tuple[int, int]]] = set()
        self._said: set[tuple[object, ...]] = set()

    def look(self, rows: Sequence[Held], places: Places) -> None:
        """Prove what is new among `rows`. `places` are of every number that `unproven` names."""
        self._say_lost(rows)
        self.refused.clear()
        for row in rows:
            if row.id not in self.policies:
                self._prove(row.id, row.seq, places, Policy, self.policies)
            if row.end_seq is not None and row.id not in self.endings and row.id in self.policies:
                self._prove(row.id, row.end_seq, places, Ending, self.endings)
            self._say_altered(row)

    def unproven(self, rows: Iterable[Held]) -> list[int]:
        """The numbers of the records that have to be looked up for `look`."""
        new = [row.seq for row in rows if row.id not in self.policies]
        return new + [row.end_seq for row in rows if row.end_seq is not None and row.id not in self.endings]

    def _prove(
        self, policy_id: PolicyId, seq: int, places: Places, kind: type[T], proven: dict[PolicyId, tuple[int, T]]
    ) -> None:
        place = places[seq]
        if place.waits:
            return
        if place.batch is None or (policy_id, seq, place.batch) in self._absent:
            self._refuse(policy_id, seq, kind)
            return
        try:
            found = self._published.find(place.batch, _reader(policy_id, kind))
        except LedgerError as error:
            self._say((str(error),), "the log cannot be read, so new rules wait: %s", error)
            return
        if found is None:
            self._absent.add((policy_id, seq, place.batch))
            self._refuse(policy_id, seq, kind)
        else:
            proven[policy_id] = found

    def _refuse(self, policy_id: PolicyId, seq: int, kind: type[T]) -> None:
        if kind is Policy:
            self.refused.add(policy_id)
            self._say((policy_id, seq, kind), "%s: %s stands in no record of the log", REFUSED, _named(policy_id))
        else:
            words = "%s: the end of %s stands in no record of the log, and the rule goes on"
            self._say((policy_id, seq, kind), words, REFUSED, _named(policy_id))

    def _say_altered(self, row: Held) -> None:
        known, ended = self.policies.get(row.id), self.endings.get(row.id)
        if known is not None and not _is_same(policy_leaf, row.policy, known[1]):
            words = "%s: %s was altered in the database; what the log says of it acts"
            self._say((row.id, "altered", str(row.policy)), words, REFUSED, _named(row.id))
        if ended is not None and not _is_same(ending_leaf, row.ending, ended[1]):
            words = "%s: the end of %s was altered in the database; as the log says, it has ended"
            self._say((row.id, "end altered", str(row.ending)), words, REFUSED, _named(row.id))

    def _say_lost(self, rows: Sequence[Held]) -> None:
        for policy_id in self.policies.keys() - {row.id for row in rows}:
            words = "the published rule %s was taken out of the database; as the log says, it stands"
            self._say((policy_id, "lost"), words, _named(policy_id))

    def _say(self, what: tuple[object, ...], words: str, *told: object) -> None:
        """Aloud, and not again for the same thing."""
        if what not in self._said:
            self._said.add(what)
            _log.error(words, *told)


def places_of(connection: Connection, seqs: Iterable[int]) -> dict[int, Place]:
    """Where records are on their way into the log."""
    found: dict[int, Place] = {}
    for seq in set(seqs):
        # In this order: a leaf leaves the queue after its batch was decided, never before.
        is_number = 0 <= seq < MAX_ID
        waits = is_number and bool(log_store.pending(connection, seq, seq + 1))
        batch = log_store.batch_of(connection, seq) if is_number and not waits else None
        found[seq] = Place(waits, batch)
    return found


def _reader(policy_id: PolicyId, kind: type[T]) -> Callable[[bytes], T | None]:
    """Makes something of the record of that kind about that rule alone."""

    def read(leaf: bytes) -> T | None:
        said = read_leaf(leaf)
        return said if isinstance(said, kind) and said.id == policy_id else None

    return read


def _is_same(leaf: Callable[[T], bytes], row: T | None, record: T) -> bool:
    try:
        return row is not None and leaf(row) == leaf(record)
    except (AssertionError, BadInput, ValueError, TypeError):  # what somebody wrote may have no record at all
        return False


def _named(policy_id: PolicyId) -> str:
    return encode_id(policy_id) if 0 < policy_id <= MAX_ID else str(policy_id)
