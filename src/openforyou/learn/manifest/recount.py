"""The second wall: whether all that is learned from had the right, counted without the door.

`learn.dataset` asks the database for whoever holds `learn` now and reads only them. Here all is worked out anew from
what was ever said about rights, word by word, and a word counts only where the log holds it, or has it on its way, and
only as it stands there: it must lead to the commitment that was logged. A grant that somebody wrote into a table counts
for nothing. What has no right stops the signing, so that a door that leaks makes no model that may serve.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from openforyou.catalog.rights import rules as rights
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.secrets import secrets_for
from openforyou.catalog.rights.types import RightEvent
from openforyou.catalog.types import Right
from openforyou.core.ids import encode_id
from openforyou.events.log import store as log_store
from openforyou.learn.manifest import store
from openforyou.learn.manifest.errors import NotAllowed
from openforyou.learn.manifest.rules import FEW, Granted, snapshot, standing, tallied
from openforyou.learn.types import RightsSnapshot
from openforyou.ledger.merkle import leaf_hash, leaf_hashes
from openforyou.ledger.reader import Log

TOLD_MAX = 5
Recorded = Callable[[Sequence[RightEvent]], Sequence[RightEvent]]
"""Events → those of them that are on record in the log."""
_EXPLAIN = "Nothing was signed. Find out how it got past learn.dataset, and train again."


@dataclass(frozen=True, slots=True)
class Counted:
    """All subjects of a data set at one moment: on what each stands, and who stands on nothing."""

    at: datetime
    held: Mapping[tuple[str, int], Granted]
    without: tuple[tuple[str, int], ...]
    right: Right = Right.LEARN

    def require(self) -> None:
        """Raises `NotAllowed` where anything lacks the right."""
        if not self.without:
            return
        named = ", ".join(f"{kind} {named_id(subject)}" for kind, subject in self.without[:TOLD_MAX])
        more = f" and {len(self.without) - TOLD_MAX:,} more" if len(self.without) > TOLD_MAX else ""
        raise NotAllowed(
            f"Without the right `{self.right}` at {self.at:%Y-%m-%dT%H:%M:%SZ}: {named}{more}.", hint=_EXPLAIN
        )


class Words:
    """The words about rights that the log holds, read once and then on from where it was. Safe for several threads."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._reading = threading.Lock()
        self._said: set[bytes] = set()
        self._upto = 0

    def recorded(self, connection: Connection, events: Sequence[RightEvent], size: int) -> list[RightEvent]:
        """Those whose leaf stands in the published log of `size` leaves, or waits for it under their number."""
        said = self._read(size)
        rest = [event for event in events if leaf_hash(rights.leaf(event)) not in said]
        waiting: set[bytes] = set()
        if rest:
            numbers = [event.seq for event in rest]
            waiting = set(log_store.pending(connection, min(numbers), max(numbers) + 1))
        missing = {event.id for event in rest if rights.leaf(event) not in waiting}
        return [event for event in events if event.id not in missing]

    def require_whole(self, connection: Connection, size: int) -> None:
        """Raises `NotAllowed` unless the database has as many words of the first `size` leaves as the log: a *no* that
        was deleted would bring a grant back."""
        logged, kept = len(self._read(size)), store.words_below(connection, size)
        if logged != kept:
            raise NotAllowed(
                f"The log of {size:,} leaves holds {logged:,} words about rights, and the database {kept:,} of them.",
                hint="Somebody changed the words by hand. Restore the database from a backup.",
            )

    def _read(self, size: int) -> set[bytes]:
        with self._reading:
            if size > self._upto:
                for part in self._log.entries(self._upto, size, size):
                    words = (leaf for leaf in part if leaf[:1] == b"{" and b'"type":"right"' in leaf)
                    self._said.update(leaf_hashes(words))
                self._upto = size
            return self._said


def recount(
    connection: Connection,
    subjects: Mapping[str, list[int]],
    read: RightsSnapshot,
    words: Recorded,
    right: Right = Right.LEARN,
) -> Counted:
    """Of subjects by kind, as of the moment and the number of words at which their rights were read."""
    held: dict[tuple[str, int], Granted] = {}
    for kind, ids in subjects.items():
        events = [one for one in rights_store.events_of(connection, kind, ids) if one.seq < read.words]
        held |= standing(whole(events, words(sound(events, secrets_for(connection, kind, ids)))), read.at, right)
    lacking = [(kind, one) for kind, ids in subjects.items() for one in ids if (kind, one) not in held]
    return Counted(read.at, held, tuple(lacking), right)


def whole(events: Sequence[RightEvent], good: Sequence[RightEvent]) -> list[RightEvent]:
    """The words about those of whom all are `good`: a *no* that was made illegible must not bring a grant back."""
    kept = {one.id for one in good}
    tainted = {_about(one) for one in events if one.id not in kept}
    return [one for one in events if _about(one) not in tainted]


def _about(event: RightEvent) -> tuple[str, int]:
    return event.decision.subject_kind, event.decision.subject_id


def sound(events: Iterable[RightEvent], secrets: Mapping[int, bytes]) -> list[RightEvent]:
    """Those that lead to the commitment that goes with them, under their subject's secret."""
    found = []
    for event in events:
        secret = secrets.get(event.decision.subject_id)
        if secret is not None and hmac.compare_digest(rights.commitment(secret, event), event.commitment):
            found.append(event)
    return found


def described(connection: Connection, counted: Counted) -> dict[str, Any]:
    """What a manifest says of rights and sources: sums, and a digest over every grant."""
    items = store.items_about(connection, [one for kind, one in counted.held if kind == "item"])
    regions = store.regions_of(connection, [one for kind, one in counted.held if kind == "viewer"])
    where = {("item", one): about.region for one, about in items.items()}
    where |= {("viewer", one): region for one, region in regions.items()}
    by_region = tallied(where.get(one, "") for one in counted.held if one[0] == "viewer")
    told = {region: count for region, count in by_region.items() if not region or count >= FEW}
    few = sum(by_region.values()) - sum(told.values())
    return {
        "rights": snapshot(counted.held.values(), counted.at, where),
        "sources": {
            "items": {
                "kind": tallied(about.kind for about in items.values()),
                "source": tallied(_source(about) for about in items.values()),
                "region": tallied(about.region for about in items.values()),
            },
            "viewers": {"region": told | ({"": told.get("", 0) + few} if few else {})},
        },
    }


def _source(about: store.About) -> str:
    return f"import from {about.platform}" if about.platform else "upload"


def named_id(subject: int) -> str:
    """The public form, where it has one."""
    return encode_id(subject) if subject > 0 else str(subject)
