"""Our feed as a policy of the simulated world: the platform itself, on a PostgreSQL of its own.

Slates come from `feed.for_you` and deeds go through `events.accept`, with the `feed_context` that came with each clip,
as from the page. Between, what runs beside a server is done in turn: the log published, the feed's index refreshed, a
model trained when due. Time is simulated, in the process by its clock and in the database by a `now()` of its own, so
that what trends and what is fresh fade as they would.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert, text

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.bench.satisfaction.policies import Clip
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT
from openforyou.catalog.tables import creators, features, items, renditions
from openforyou.catalog.types import Grant, ItemKind, ItemStatus, Right
from openforyou.core.ids import CreatorId, ItemId, ViewerId, new_id
from openforyou.demo.viewers import Deed
from openforyou.events.types import Event
from openforyou.ingest.encoders import CONTENT_ENCODER
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

REFRESH_EVERY = timedelta(minutes=10)
"""Of simulated time: hardly less than from one viewer to the next. A server looks at counts each eight seconds."""
EVIDENCE = "simulated world"
_OWN_TIME = (
    "CREATE TABLE public.simulated_time (moment timestamptz NOT NULL)",
    "INSERT INTO public.simulated_time VALUES ('{at}')",
    "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE "
    "AS 'SELECT moment FROM public.simulated_time'",
    "ALTER DATABASE {name} SET search_path = public, pg_catalog",
    "ALTER DATABASE {name} SET synchronous_commit = off",
)
"""`public` stands before `pg_catalog`, so every `now()`, that of columns' defaults too, asks the table."""


class SimulatedClock:
    """A clock that goes forward only, and takes the database's along when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def reach(self, at: datetime) -> None:
        """Go on to `at`, if it lies ahead."""
        self._now = max(self._now, at)

    def tell(self, database: Database) -> None:
        """From now on the database says the same."""
        with database.begin() as connection:
            connection.execute(text("UPDATE public.simulated_time SET moment = :now"), {"now": self._now})


class OurFeed:
    """`platform` is empty and runs on `clock`. Viewer `n` is pseudonym n + 1, and allows learning."""

    name = "ours"

    def __init__(self, platform: Platform, clock: SimulatedClock, viewers: int) -> None:
        self.platform, self._clock = platform, clock
        self._numbers: dict[int, int] = {}
        self._creators: set[int] = set()
        self._contexts: dict[tuple[int, int], str] = {}
        self._waiting: list[Event] = []
        self._fresh_at = clock.now()
        for viewer in range(viewers):
            platform.catalog.set_viewer_rights(ViewerId(viewer + 1), {Right.LEARN}, EVIDENCE)

    @property
    def trained(self) -> tuple[int, int]:
        """How many models were trained, and how many of them came into service."""
        models = self.platform.models.list()
        return len(models), sum(model.promoted_at is not None for model in models)

    def publish(self, clips: Sequence[Clip], at: datetime) -> None:
        """As ingest would have, without files."""
        self._clock.reach(at)
        self._clock.tell(self.platform.database)
        ids = {clip.number: ItemId(new_id()) for clip in clips}
        self._numbers |= {item: number for number, item in ids.items()}
        makers = {clip.creator for clip in clips} - self._creators
        self._creators |= makers
        rows = {
            creators: [{"id": one + 1, "handle": f"maker{one}", "name": f"Maker {one}"} for one in sorted(makers)],
            items: [_item(ids[clip.number], clip) for clip in clips],
            renditions: [_rendition(ids[clip.number]) for clip in clips],
            features: [
                {"item_id": ids[clip.number], "encoder": CONTENT_ENCODER, "vector": clip.content.tobytes()}
                for clip in clips
            ],
        }
        with self.platform.database.begin() as connection:
            for table, some in rows.items():
                if some:
                    connection.execute(insert(table), some)
            given = [Grant(right, item, EVIDENCE, EVIDENCE, at, None) for item in ids.values() for right in _GIVEN]
            rights_store.insert_grants(connection, ITEM_SUBJECT, given)

    def slate(self, viewer: int, at: datetime, size: int) -> Sequence[int]:
        """By the platform, which knows every deed before."""
        self._clock.reach(at)
        self._send()
        if at >= self._fresh_at + REFRESH_EVERY:
            self._refresh()
        served = self.platform.feed.for_you(ViewerId(viewer + 1), size=size)
        for entry in served.entries:
            self._contexts[viewer, self._numbers[entry.item.id]] = entry.feed_context
        return [self._numbers[entry.item.id] for entry in served.entries]

    def told(self, viewer: int, clip: int, at: datetime, deeds: Sequence[Deed]) -> None:
        """Kept until the next slate is asked for, as a page sends what it has."""
        viewer_id = ViewerId(viewer + 1)
        context = self.platform.events.context(self._contexts.pop((viewer, clip)), viewer_id)
        self._waiting += [
            Event(
                id=uuid4(),
                type=deed.type,
                viewer_id=viewer_id,
                item_id=context.item_id,
                creator_id=context.creator_id,
                request_id=context.request_id,
                occurred_at=at + timedelta(milliseconds=deed.after_ms),
                watch_ms=deed.watch_ms,
                served_at=context.served_at,
            )
            for deed in deeds
        ]

    def settle(self, at: datetime) -> None:
        """What the worker beside a server does: train when due, by the same rule."""
        self._clock.reach(at)
        self._send()
        self._refresh()
        if self.platform.models.train_when_due() is not None:
            self.platform.feed.refresh()

    def _send(self) -> None:
        self._clock.tell(self.platform.database)
        for event in self._waiting:
            self.platform.events.check(event)
        self.platform.events.accept(self._waiting)
        self._waiting = []

    def _refresh(self) -> None:
        self.platform.log.step()
        self.platform.feed.refresh()
        self._fresh_at = self._clock.now()


_GIVEN = (Right.SHOW, Right.RECOMMEND, Right.LEARN)


@contextmanager
def opened(viewers: int, start: datetime) -> Iterator[OurFeed]:
    """The platform in a folder that is deleted afterwards, at the moment `start`."""
    with (
        tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
    ):
        with closing(Database.open(server.url)) as database, database.begin() as connection:
            name = connection.scalar(text("SELECT quote_ident(current_database())"))
            for statement in _OWN_TIME:
                connection.execute(text(statement.format(at=start.isoformat(), name=name)))
        clock = SimulatedClock(start)
        settings = Settings(data=Path(folder), database_url="", blobs="", witness_policy="", threads=1)
        with Platform(settings, clock=clock, database_url=server.url) as platform:
            yield OurFeed(platform, clock, viewers)


def _item(item_id: ItemId, clip: Clip) -> dict[str, object]:
    return {
        "id": item_id,
        "creator_id": CreatorId(clip.creator + 1),
        "kind": ItemKind.VIDEO.value,
        "status": ItemStatus.PUBLISHED.value,
        "title": f"Clip {clip.number}",
        "duration_ms": clip.duration_ms,
        "source_name": f"{clip.number}.mp4",
        "source_sha256": f"{clip.number}",
        "published_at": clip.published_at,
    }


def _rendition(item_id: ItemId) -> dict[str, object]:
    return {"item_id": item_id, "name": "720p", "key": "none", "width": 720, "height": 1280, "size_bytes": 1}
