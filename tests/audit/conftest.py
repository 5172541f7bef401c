"""A platform on which something happened, and what a check finds there."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.audit.remembered import Remembered
from openforyou.audit.service import Outcome, verify
from openforyou.audit.shown import Shown
from openforyou.audit.stored import StoredShown
from openforyou.audit.trust import trusted
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.leaf import Deed, decode_leaf
from openforyou.events.log import store as log_store
from openforyou.events.types import Event, EventType
from openforyou.ledger.reader import Log
from openforyou.ledger.source import FolderSource, Source

ITEMS, CREATORS = tuple(range(101, 113)), (7, 8)
KINDS = (
    *(EventType.IMPRESSION, EventType.VIEW, EventType.WATCH, EventType.COMPLETE, EventType.SKIP, EventType.LIKE),
    *(EventType.UNLIKE, EventType.SHARE, EventType.NOT_INTERESTED, EventType.REPORT, EventType.FOLLOW),
)


@dataclass
class Lived:
    """A platform with a past, and hands to meddle with it."""

    platform: Platform
    rng: random.Random
    gone: frozenset[int] = frozenset()
    """Who does nothing any more: the first does it in their place."""

    def happen(self, count: int) -> None:
        """So many events of a few viewers on a few items; and all of them published."""
        self.accept(count)
        self.platform.log.step()

    def accept(self, count: int) -> None:
        """Events that wait for the log."""
        self.platform.events.accept([self.event(ItemId(self.rng.choice(ITEMS))) for _ in range(count)])

    def event(self, item: ItemId, kind: EventType | None = None) -> Event:
        """Something that somebody does with an item."""
        kind = kind or self.rng.choice(KINDS)
        watched = self.rng.randint(100, 9_000) if kind is EventType.WATCH else 0
        creator = CreatorId(self.rng.choice(CREATORS))
        drawn = self.rng.randint(1, 20)
        viewer = ViewerId(1 if drawn in self.gone else drawn)
        return Event(uuid4(), kind, viewer, item, creator, RequestId(1), self.platform.clock.now(), watch_ms=watched)

    def leaves(self) -> list[bytes]:
        """All that is published."""
        log = Log(self.source)
        size = int(log.checkpoint_bytes().split(b"\n")[1])
        return [leaf for part in log.entries(0, size, size) for leaf in part]

    def deed(self, wanted: Callable[[Deed], bool]) -> tuple[int, Deed]:
        """The first published deed like that, and its place."""
        for index, leaf in enumerate(self.leaves()):
            told = decode_leaf(leaf)
            if isinstance(told, Deed) and wanted(told):
                return index, told
        raise AssertionError("nobody did that")

    def put(self, leaves: Sequence[bytes]) -> None:
        """Write leaves into the log as whoever runs the platform can."""
        with self.platform.database.begin() as connection:
            log_store.enqueue(connection, leaves)
        self.platform.log.step()

    def execute(self, statement: str, **values: object) -> None:
        """Write into the database as its superuser can."""
        with self.platform.database.begin() as connection:
            connection.execute(text(statement), values)

    @property
    def source(self) -> FolderSource:
        """The log."""
        return FolderSource(self.platform.settings.log_folder)

    def check(
        self,
        *,
        source: Source | None = None,
        shown: Shown | None = None,
        vkey: str = "",
        policy: bytes | None = None,
        remembered: Remembered | None = None,
    ) -> Outcome:
        """What somebody finds who holds what the database shows against the log."""
        source = source or self.source
        trust = trusted(source, vkey=vkey, policy=policy, remembered=remembered)
        shown = shown or StoredShown(self.platform.database, patience_s=0.3)
        return verify(source, trust, shown, self.platform.clock.now(), remembered=remembered)


@pytest.fixture
def lived(platform: Platform) -> Lived:
    """700 events in three batches."""
    made = Lived(platform, random.Random(5))
    for count in (300, 300, 100):
        made.happen(count)
    return made
