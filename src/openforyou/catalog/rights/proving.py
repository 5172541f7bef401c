"""What was said about rights, held against the public log: each word at its place there, and what holds made of those
words alone. Whoever can write into the database can write a row; here it is named.

The whole log is read, hashed, and compared with its signed checkpoint, so that nothing rests on the database's word.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from openforyou.catalog.rights import rules, store
from openforyou.catalog.rights.errors import NotAtSize
from openforyou.catalog.rights.secrets import known_secrets
from openforyou.catalog.rights.types import SUBJECT_KINDS, Placed, RightEvent
from openforyou.catalog.types import Right
from openforyou.core.ids import MAX_ID, encode_id
from openforyou.events.leaf import BadLeaf, Record, decode_leaf
from openforyou.events.log import store as log_store
from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint
from openforyou.ledger.errors import LedgerError
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.merkle import Frontier, leaf_hashes
from openforyou.ledger.reader import Log
from openforyou.ledger.source import VKEY, Source
from openforyou.storage.database import Database

VKEY_BYTES_MAX = 4_096
LOOKED_AT_ONCE = 256
PREFIX = b'{"act":'
"""How every record of a right begins, and no deed."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that does not agree. `kind`: forged, not_in_log, no_event, projection or unreadable."""

    kind: str
    says: str


@dataclass(slots=True)
class Verdict:
    """What was checked, and what is wrong with it."""

    size: int
    events: int = 0
    waiting: int = 0
    """On their way into the log."""
    erased: int = 0
    """Their subject's secret was destroyed: that the log holds them can be seen, and not what they said."""
    holds: int = 0
    """Rows of `rights`: grants that stand."""
    wrongs: list[Wrong] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Then:
    """What held of one subject when the log had `size` leaves."""

    subject_id: int
    holds: frozenset[Right]
    events: tuple[Placed, ...]
    """All that had been said until then and stands in the log, in the order in which it counts."""


@dataclass(frozen=True, slots=True)
class At:
    """The state at a checkpoint. `root` is the log's at that size, to be held against one that somebody kept."""

    size: int
    root: bytes
    moment: datetime
    """As of which expiry is judged: when the last word until then was said, or as asked."""
    subjects: tuple[Then, ...]
    wrongs: tuple[Wrong, ...]


class Proving:
    """The words of one database against the log at one source."""

    def __init__(self, database: Database, source: Source) -> None:
        self._database = database
        self._source = source
        self._log = Log(source)

    def check(self) -> Verdict:
        """All of it. Raises `LedgerError` where the log cannot be read or is not what its checkpoint says."""
        with self._database.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")
            folded = log_store.state(connection).folded
            events, unreadable = store.all_events(connection)
            rows = store.all_projected(connection)
            reading = _Reading.of(connection, events, folded)
        scan = self._scan(folded)
        verdict = Verdict(folded, events=len(events), holds=len(rows))
        verdict.wrongs = [Wrong("unreadable", f"Row {one} of right_events says what nobody can.") for one in unreadable]
        proven = reading.proven(scan.places, verdict)
        self._unclaimed(scan, events, verdict)
        verdict.wrongs += _projection(proven, rows)
        return verdict

    def at(self, kind: str, ids: Collection[int], size: int | None, moment: datetime | None = None) -> At:
        """What held of subjects at a published size; None: the newest.

        Raises `NotAtSize` where no checkpoint can have been published at that size, and `LedgerError`.
        """
        with self._database.connect() as connection:
            folded = log_store.state(connection).folded
            size = folded if size is None else size
            self._require_published(size, folded, log_store.batch_of(connection, max(0, size - 1)))
            events = [one for one in store.events_of(connection, kind, ids) if one.seq < size]
            reading = _Reading.of(connection, events, folded)
            when = moment or store.last_said(connection, size)
        scan = self._scan(folded, size)
        verdict = Verdict(size)
        proven = reading.proven(scan.places, verdict)
        as_of = when or datetime.fromtimestamp(0).astimezone()
        subjects = []
        for one in sorted(ids):
            said = [event for event in proven if event.decision.subject_id == one]
            placed = tuple(Placed(event, scan.places[event.commitment]) for event in said)
            subjects.append(Then(one, rules.state(said, as_of), placed))
        return At(size, scan.root, as_of, tuple(subjects), tuple(verdict.wrongs))

    def places(self, events: Collection[RightEvent]) -> dict[int, int]:
        """Where events' records stand in the published log, by event; those that wait for it are left out.

        Raises `LedgerError` where the log cannot be read.
        """
        with self._database.connect() as connection:
            folded = log_store.state(connection).folded
            batches = _batches(connection, [one.seq for one in events if 0 <= one.seq < folded])
        found: dict[int, int] = {}
        for start, stop in sorted(set(batches.values())):
            wanted = {rules.leaf(one): one.id for one in events if batches.get(one.seq) == (start, stop)}
            if stop <= folded:
                found |= self._found((start, stop), wanted, folded)
        return found

    def _found(self, batch: tuple[int, int], wanted: dict[bytes, int], size: int) -> dict[int, int]:
        """Records lie behind all deeds of their batch: looked for from its end."""
        found: dict[int, int] = {}
        for stop in range(batch[1], batch[0], -LOOKED_AT_ONCE):
            start = max(batch[0], stop - LOOKED_AT_ONCE)
            leaves = [one for part in self._log.entries(start, stop, size) for one in part]
            found |= {wanted[leaf]: start + place for place, leaf in enumerate(leaves) if leaf in wanted}
            if len(found) == len(wanted) or not leaves[0].startswith(b"{"):
                break
        return found

    def _require_published(self, size: int, folded: int, batch: tuple[int, int] | None) -> None:
        if (0 < size <= folded and batch is not None and batch[1] == size) or size == folded == 0:
            return
        near = "" if batch is None or size > folded else f" Near it: {batch[0]} and {batch[1]}."
        raise NotAtSize(
            f"No checkpoint was published at {size} leaves.", hint=f"The newest has {folded}.{near}", field="at"
        )

    def _scan(self, least: int, at: int | None = None) -> _Scan:
        under = self._checkpoint()
        if under.size < least:
            raise LedgerError(f"The log has {under.size} leaves, and the database says {least}.")
        scan, tree, index = _Scan(), Frontier(), 0
        cut = least if at is None else at
        for part in self._log.entries(0, under.size, under.size):
            hashes = leaf_hashes(part)
            if index <= cut <= index + len(part):
                tree.extend(hashes[: cut - index])
                scan.root = tree.root()
                hashes = hashes[cut - index :]
            tree.extend(hashes)
            for offset, leaf in enumerate(part):
                if leaf.startswith(PREFIX) and index + offset < cut:
                    scan.take(index + offset, leaf)
            index += len(part)
        scan.root = scan.root or tree.root()
        if tree.root() != under.root:
            raise LedgerError("The log's entries are not those of its checkpoint. Run: openforyou verify")
        return scan

    def _checkpoint(self) -> Checkpoint:
        key = VerifyingKey.from_vkey(self._source.fetch(VKEY, VKEY_BYTES_MAX).decode().strip())
        return open_checkpoint(self._log.checkpoint_bytes(), key)

    def _unclaimed(self, scan: _Scan, events: Iterable[RightEvent], verdict: Verdict) -> None:
        known = {event.commitment for event in events}
        verdict.wrongs += [
            Wrong("no_event", f"Leaf {index} tells of a right, and right_events no longer has the words.")
            for mark, index in scan.places.items()
            if mark not in known
        ]


@dataclass(slots=True)
class _Scan:
    """The records of rights in the log: commitment → leaf; and the root at the size asked for."""

    places: dict[bytes, int] = field(default_factory=dict)
    root: bytes = b""

    def take(self, index: int, leaf: bytes) -> None:
        try:
            told = decode_leaf(leaf)
        except BadLeaf:
            return  # `openforyou verify` names it
        if isinstance(told, Record) and told.type == rules.RIGHT and rules.is_sound(told.body):
            self.places.setdefault(bytes.fromhex(told.body["commitment"]), index)


@dataclass(slots=True)
class _Reading:
    """Events, and what the database says of where they are."""

    events: list[RightEvent]
    secrets: dict[tuple[str, int], bytes]
    waits: set[int]
    batches: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, connection: Any, events: list[RightEvent], folded: int) -> _Reading:
        secrets: dict[tuple[str, int], bytes] = {}
        for kind in SUBJECT_KINDS:
            ids = {one.decision.subject_id for one in events if one.decision.subject_kind == kind}
            secrets |= {(kind, one): secret for one, secret in known_secrets(connection, kind, ids).items()}
        late = [one for one in events if one.seq >= folded]
        waits = {
            one.id
            for one in late
            if 0 <= one.seq < MAX_ID and log_store.pending(connection, one.seq, one.seq + 1) == [rules.leaf(one)]
        }
        return cls(events, secrets, waits, _batches(connection, [one.seq for one in events if 0 <= one.seq < folded]))

    def proven(self, places: dict[bytes, int], verdict: Verdict) -> list[RightEvent]:
        """Those that say what the log holds of them, at their place; of the others `verdict` is told what is wrong."""
        found = []
        for event in self.events:
            said = event.decision
            named = f"Event {encode_id(event.id)} ({said.act} of {said.right} over {said.subject_kind}"
            named = f"{named} {encode_id(said.subject_id)}, by {said.granted_by})"
            secret = self.secrets.get((said.subject_kind, said.subject_id))
            if secret is None:
                verdict.erased += 1
            elif not hmac.compare_digest(rules.commitment(secret, event), event.commitment):
                verdict.wrongs.append(Wrong("forged", f"{named} is not what was put on record."))
                continue
            index, batch = places.get(event.commitment), self.batches.get(event.seq)
            if event.id in self.waits:
                verdict.waiting += 1
            elif index is None or batch is None or not batch[0] <= index < batch[1]:
                verdict.wrongs.append(Wrong("not_in_log", f"{named} stands in no record of the log at its place."))
                continue
            if secret is not None:
                found.append(event)
        return found


def _batches(connection: Any, seqs: Collection[int]) -> dict[int, tuple[int, int]]:
    """The batch of each number; asked once a batch."""
    found: dict[int, tuple[int, int]] = {}
    batch: tuple[int, int] | None = None
    for seq in sorted(seqs):
        if batch is None or not batch[0] <= seq < batch[1]:
            batch = log_store.batch_of(connection, seq)
        if batch is not None:
            found[seq] = batch
    return found


def _projection(proven: list[RightEvent], rows: list[dict[str, Any]]) -> list[Wrong]:
    """Where the table `rights` is not what follows from the proven words."""
    wanted = {one.id: store.projected(one) for one in rules.standing(proven) if not one.decision.region}
    held = {row["id"]: row for row in rows}
    wrongs = []
    for name in sorted(wanted.keys() | held.keys()):
        row = held.get(name) or wanted[name]
        words = f"{row['right']} over {row['subject_kind']} {row['subject_id']}"
        if 0 < row["subject_id"] <= MAX_ID:
            words = f"{row['right']} over {row['subject_kind']} {encode_id(row['subject_id'])}"
        if name not in wanted:
            wrongs.append(Wrong("projection", f"Row {name} of rights gives {words}, which nobody gave on record."))
        elif name not in held:
            wrongs.append(Wrong("projection", f"The table rights lacks {words}, which was given on record ({name})."))
        elif held[name] != wanted[name]:
            wrongs.append(Wrong("projection", f"Row {name} of rights gives {words} otherwise than on record."))
    return wrongs
