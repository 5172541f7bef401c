"""One feed server of `bench feed`: a process that holds an index and answers what it is told to, as a web worker would.

Feed servers hold no state but what they can read again, so several of them share the work of one database.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from time import perf_counter, sleep

import numpy as np
import psutil
from sqlalchemy import text

from openforyou.catalog import store as catalog_store
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Right
from openforyou.core.clock import SystemClock
from openforyou.core.ids import ViewerId
from openforyou.events.intake import Intake
from openforyou.events.log import store as log_store
from openforyou.events.secrets import KeyedSecrets
from openforyou.events.service import Events
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.serving import ServingModel
from openforyou.recommend.service import Feed
from openforyou.storage.database import Database

_POPULAR = text("""
SELECT items.id FROM items JOIN item_counts ON item_counts.item_id = items.id
WHERE items.status = 'published'
  AND NOT EXISTS (SELECT FROM viewer_items WHERE viewer_id = :viewer AND viewer_items.item_id = items.id)
ORDER BY item_counts.likes DESC LIMIT :size
""")
WARM_UP = 60
"""Slates of each server before anything is measured: by then statements are prepared on every connection."""
LEAD_S = 0.2
"""Between the word to begin and the first arrival."""
Way = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Task:
    """Slates to make, for those viewers in turn.

    With `at_s`, seconds from the start, each is asked for at its time whether those before it are done or not (an open
    loop); without, as soon as one of `clients` askers is free.
    """

    way: str
    viewers: Sequence[int]
    clients: int
    at_s: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """Milliseconds each, from the moment it was due: waiting counts. `cpu_ms` is what this process used in all."""

    ms: Sequence[float]
    cpu_ms: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Ready:
    """A server has read everything, and holds so much memory."""

    start_s: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class _Registry:
    """Serves one model, or none."""

    model: ServingModel | None

    def serving(self) -> ServingModel | None:
        return self.model


def serve(url: str, pipe: Pipe, size: int, *, model: bool) -> None:
    """The process: start, say so, answer tasks until told None."""
    clock = SystemClock()
    with closing(Database.open(url)) as database, closing(Intake(database, clock, KeyedSecrets(bytes(32)))) as intake:
        registry = _Registry(untrained(database) if model else None)
        feed = Feed(database, Catalog(database, clock), Events(database, intake, clock, bytes(32)), registry, clock)
        with closing(feed):
            start = perf_counter()
            feed.start()
            gc.freeze()  # as `openforyou serve` does
            took_s = perf_counter() - start
            ways: dict[str, Way] = {
                "feed": lambda viewer: feed.for_you(ViewerId(viewer), region="NL", size=size),
                "popular": lambda viewer: popular(database, viewer, size),
            }
            pipe.send(Ready(took_s, psutil.Process().memory_info().rss / 2**20))
            while (task := pipe.recv()) is not None:
                pipe.send(_done(ways[task.way], task))


def _done(way: Way, task: Task) -> Done:
    used, start = _cpu_ms(), perf_counter() + LEAD_S

    def ask(viewer: int, due_s: float) -> float:
        way(viewer)
        return (perf_counter() - due_s) * 1000

    with ThreadPoolExecutor(task.clients) as pool:
        if task.at_s:
            asked = []
            for viewer, at_s in zip(task.viewers, task.at_s, strict=True):
                sleep(max(start + at_s - perf_counter(), 0))
                asked.append(pool.submit(ask, viewer, start + at_s))
            ms = [one.result() for one in asked]
        else:
            start = perf_counter()
            ms = list(pool.map(lambda viewer: ask(viewer, perf_counter()), task.viewers))
    return Done(ms, _cpu_ms() - used, perf_counter() - start)


def _cpu_ms() -> float:
    times = psutil.Process().cpu_times()
    return float(times.user + times.system) * 1000


def untrained(database: Database) -> ServingModel:
    """A model of the default size that knows every item and has learned nothing: it costs what a trained one does."""
    from openforyou.learn.counts import CoCounts
    from openforyou.learn.fitted import Fitted
    from openforyou.learn.loaded import LoadedModel
    from openforyou.learn.sequence import Network, Shape
    from openforyou.learn.settings import PRESETS

    with database.connect() as connection:
        ids = np.array(connection.scalars(text("SELECT id FROM items ORDER BY id")).all(), dtype=np.int64)
    recipe = PRESETS["small"]
    shape = Shape(
        items=len(ids),
        content_dim=CONTENT_DIM,
        width=recipe.width,
        blocks=recipe.blocks,
        heads=recipe.heads,
        length=recipe.length,
        dropout=recipe.dropout,
        id_dropout=recipe.id_dropout,
        temperature=recipe.temperature,
    )
    nothing = np.zeros(len(ids) + 1, dtype=np.int64)
    counts = CoCounts(nothing, np.empty(0, np.int32), np.empty(0, np.float32))
    fitted = Fitted(Network(shape), ids, counts, counts_weight=0.0, heads_share=1.0, encoder=CONTENT_ENCODER)
    return LoadedModel("untrained", fitted)


def popular(database: Database, viewer: int, size: int) -> object:
    """The most liked that the viewer has not seen, read back whole as the feed reads its own."""
    with database.connect() as connection:
        ids = list(connection.scalars(_POPULAR, {"viewer": viewer, "size": size}))
        items = catalog_store.items_by_id(connection, ids, at=SystemClock().now(), right=Right.RECOMMEND)
        creators = catalog_store.creators_by_id(connection, {item.creator_id for item in items.values()})
        return items, creators, log_store.counts(connection, ids)
