"""A small catalogue whose clips come in looks, and a viewer who watches it, on the real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import numpy as np
from sqlalchemy import insert

from openforyou.app.platform import Platform
from openforyou.catalog.tables import creators, features, items, renditions, rights
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.store import SETTLED_S
from openforyou.events.types import Event, EventType
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.serving import ACTIONS, Floats, History, ServingModel
from openforyou.recommend.service import Feed
from openforyou.recommend.types import Served

LOOKS = 13
LEAN = 2.0
"""Every encoder leans one way: without taking the mean away, any two clips would look alike."""
DURATION_MS = 10_000
FIRST_ITEM = 2**60


@dataclass
class Registry:
    """What serves now; a test sets it."""

    model: ServingModel | None = None

    def serving(self) -> ServingModel | None:
        return self.model


class MeanModel:
    """A small true model: an item lies where its content does, a viewer at the mean of what they did not skip."""

    name = "mean"
    heads_share = 1.0

    def item_vectors(self, item_ids: np.ndarray, content: Floats) -> Floats:
        return content

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        return np.asarray((vectors * history.watch_fraction[:, None]).mean(axis=0), dtype=np.float32)

    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        odds = 10 * (vectors @ viewer - 0.7)
        signs = np.array([-1 if action in ("skip", "not_interested") else 1 for action in ACTIONS])
        return (1 / (1 + np.exp(-odds[:, None] * signs))).astype(np.float32)


class World:
    """Item number n is of look n % LOOKS; each look has two creators."""

    def __init__(self, platform: Platform, clock: ManualClock, count: int, seed: int = 0) -> None:
        self.platform, self.clock = platform, clock
        self.models = Registry()
        self.ids = [ItemId(FIRST_ITEM + 7 * number) for number in range(count)]
        rng = np.random.default_rng(seed)
        self.centres = rng.normal(size=(LOOKS, CONTENT_DIM))
        self.lean = rng.normal(size=CONTENT_DIM) * LEAN
        vectors = np.array([self.content(number % LOOKS, rng) for number in range(count)], dtype="<f4")
        self._insert(vectors, clock.now())
        self.feed = Feed(platform.database, platform.catalog, platform.events, self.models, clock, platform.policies)
        self.feed.refresh()

    def content(self, look: int, rng: np.random.Generator) -> np.ndarray:
        raw = self.centres[look] + self.lean + rng.normal(size=CONTENT_DIM) * 0.5
        return raw / np.linalg.norm(raw)

    def creator(self, number: int) -> CreatorId:
        return CreatorId(1 + number % (2 * LOOKS))

    def look(self, item: int) -> int:
        return self.ids.index(ItemId(item)) % LOOKS

    def of_look(self, look: int) -> list[ItemId]:
        return self.ids[look::LOOKS]

    def _insert(self, vectors: np.ndarray, now: datetime) -> None:
        published = [now - timedelta(hours=1 + number) for number in range(len(self.ids))]
        with self.platform.database.begin() as connection:
            connection.execute(
                insert(creators),
                [{"id": one, "handle": f"maker{one}", "name": f"Maker {one}"} for one in range(1, 2 * LOOKS + 1)],
            )
            if not self.ids:
                return
            connection.execute(
                insert(items),
                [
                    {
                        "id": item,
                        "creator_id": self.creator(number),
                        "kind": "video",
                        "status": "published",
                        "title": f"Clip {number}",
                        "duration_ms": DURATION_MS,
                        "source_name": f"{number}.mp4",
                        "source_sha256": f"{number}",
                        "published_at": published[number],
                    }
                    for number, item in enumerate(self.ids)
                ],
            )
            playable = [
                {
                    "item_id": item,
                    "name": "720p",
                    "key": f"items/{item}/720.mp4",
                    "width": 9,
                    "height": 16,
                    "size_bytes": 1,
                }
                for item in self.ids
            ]
            connection.execute(insert(renditions), playable)
            described = [
                {"item_id": item, "encoder": CONTENT_ENCODER, "vector": vector.tobytes()}
                for item, vector in zip(self.ids, vectors, strict=True)
            ]
            connection.execute(insert(features), described)
            given = [
                {"right": right, "subject_kind": "item", "subject_id": item, "granted_by": "test", "evidence": "test"}
                for item in self.ids
                for right in ("show", "recommend")
            ]
            rows = [{"id": number + 1, "since": now - timedelta(days=9), **one} for number, one in enumerate(given)]
            connection.execute(insert(rights), rows)

    # What a viewer does

    def did(self, viewer: int, item: int, *kinds: EventType, watch_ms: int = 0, region: str = "") -> None:
        """Some events with one item, a second after the last."""
        self.clock.advance(timedelta(seconds=1))
        sent = [
            Event(
                id=uuid4(),
                type=kind,
                viewer_id=ViewerId(viewer),
                item_id=ItemId(item),
                creator_id=self.creator(self.ids.index(ItemId(item))),
                request_id=RequestId(1),
                occurred_at=self.clock.now(),
                watch_ms=watch_ms if kind is EventType.WATCH else 0,
                region=region,
            )
            for kind in kinds
        ]
        self.platform.events.accept(sent)

    def watches(self, viewer: int, item: int) -> None:
        """To the end."""
        done = (EventType.IMPRESSION, EventType.VIEW, EventType.WATCH, EventType.COMPLETE)
        self.did(viewer, item, *done, watch_ms=DURATION_MS)

    def skips(self, viewer: int, item: int) -> None:
        self.did(viewer, item, EventType.IMPRESSION, EventType.WATCH, EventType.SKIP, watch_ms=900)

    def settle(self) -> None:
        """Let what was done count, and for trending, too, as if some seconds had passed on the database's clock."""
        self.platform.log.step()
        with self.platform.database.begin() as connection:
            connection.exec_driver_sql(f"UPDATE events SET received_at = now() - interval '{SETTLED_S}.01 seconds'")
        self.feed.refresh()

    def slate(self, viewer: int, size: int = 10) -> Served:
        return self.feed.for_you(ViewerId(viewer), size=size)


def ids_of(served: Served) -> list[int]:
    return [entry.item.id for entry in served.entries]


def share(world: World, items: Sequence[int], look: int) -> int:
    """How many are of a look."""
    return sum(world.look(item) == look for item in items)
