"""A platform on which viewers with known tastes have watched, for the registry and for the commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
from sqlalchemy import Connection

from openforyou.app.platform import Platform
from openforyou.catalog import store as catalog_store
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.types import Draft, Grant, Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, RequestId, ViewerId
from openforyou.events import store as events_store
from openforyou.events.types import Event, EventType, Outcome, ViewerItem
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.service import Models
from tests.learn.worlds import looks

FIRST_ITEM, FIRST_VIEWER = 1_000, 5_000


class Watched:
    """A platform on which sixty viewers watched clips of their own look and skipped others; all allow learning."""

    def __init__(self, platform: Platform, clock: ManualClock) -> None:
        self.platform, self.clock = platform, clock
        self.creator = platform.catalog.add_creator("maker", "Maker").id
        self.data, self.look = looks(viewers=60, length=12)
        now = clock.now()
        with platform.database.begin() as connection:
            for item in self.data.item_ids.tolist():
                draft = Draft(f"clip {item}", "", frozenset(), f"{item}.mp4", f"{item:064d}")
                catalog_store.insert_item(connection, ItemId(FIRST_ITEM + item), self.creator, draft, "")
                content = np.zeros(CONTENT_DIM, dtype=np.float32)
                content[: self.data.content.shape[1]] = self.data.content[item]
                catalog_store.put_features(connection, ItemId(FIRST_ITEM + item), {CONTENT_ENCODER: content})
            self._allow(connection, "item", [FIRST_ITEM + item for item in self.data.item_ids.tolist()])
            self._allow(connection, "viewer", [FIRST_VIEWER + viewer for viewer in range(len(self.data.sequences))])
            held = self.data.sequences
            states = {}
            for viewer in range(len(held)):
                for place, row in enumerate(range(int(held.starts[viewer]), int(held.starts[viewer + 1]))):
                    at = now - timedelta(hours=2) + timedelta(minutes=place)
                    seen = held.watched[row] == 1
                    states[FIRST_VIEWER + viewer, FIRST_ITEM + int(held.items[row])] = ViewerItem(
                        at, at, 1, int(seen), 900, int(seen), int(not seen), bool(seen)
                    )
            events_store.put_states(connection, states)

    @property
    def models(self) -> Models:
        return self.platform.models

    def another(self) -> Models:
        """The same models as another process sees them."""
        platform = self.platform
        return Models(platform.database, platform.blobs, self.clock, Path("unused"), platform.models.manifests)

    def does(self, viewer: int, item: int, *kinds: EventType) -> bool:
        """Through the intake, as a page's events come in, a second after what was done before. Whether any counts."""
        self.clock.advance(timedelta(seconds=1))
        events = [
            Event(
                uuid4(), kind, ViewerId(viewer), ItemId(item), self.creator, RequestId(1), self.clock.now(), watch_ms=0
            )
            for kind in kinds
        ]
        return Outcome.ACCEPTED in self.platform.events.accept(events)

    def allow(self, kind: str, subjects: list[int]) -> None:
        """Give `learn`."""
        right = self.platform.catalog
        for subject in subjects:
            if kind == "item":
                right.set_item_rights(ItemId(subject), self.creator, {Right.LEARN}, "test")
            else:
                right.set_viewer_rights(ViewerId(subject), {Right.LEARN}, "test")

    def forbid(self, kind: str, subject: int) -> None:
        """Take `learn` back."""
        self.clock.advance(timedelta(seconds=1))
        with self.platform.database.begin() as connection:
            rights_store.end_right(connection, kind, subject, Right.LEARN, self.clock.now())

    def _allow(self, connection: Connection, kind: str, subjects: list[int]) -> None:
        since = self.clock.now() - timedelta(days=1)
        grants = [Grant(Right.LEARN, subject, "test", "test", since, None) for subject in subjects]  # type: ignore[arg-type]
        rights_store.insert_grants(connection, kind, grants)
