"""`bench feed`: what a For You slate costs over a large catalogue, beside the least that any platform does.

The baseline is the popular list: the most liked published items that the viewer has not seen, by one SQL statement,
read back whole as the feed reads its own. It knows no taste, no trend, no diversity, and says no why. The model is one
of the default size with random weights, which costs what a trained one costs. Processor time is that of this process
and of the database's processes together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import psutil
from numpy.typing import NDArray
from sqlalchemy import text

from openforyou.bench.bulk import Crowd, fill
from openforyou.bench.report import Report, percentile, spread
from openforyou.catalog import store as catalog_store
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Right
from openforyou.core.clock import SystemClock
from openforyou.core.ids import ViewerId
from openforyou.core.progress import Progress, silent
from openforyou.events.intake import Intake
from openforyou.events.log import store as log_store
from openforyou.events.service import Events
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.learn.serving import ServingModel
from openforyou.recommend.service import FOR_YOU_SURFACE, Feed
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

_POPULAR = text("""
SELECT items.id FROM items JOIN item_counts ON item_counts.item_id = items.id
WHERE items.status = 'published'
  AND NOT EXISTS (SELECT FROM viewer_items WHERE viewer_id = :viewer AND viewer_items.item_id = items.id)
ORDER BY item_counts.likes DESC LIMIT :size
""")
WARM_UP = 30


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: `feeds` slates in each repeat, one after the other, and again by `clients` at a time."""

    items: int = 100_000
    viewers: int = 10_000
    history: int = 60
    size: int = 10
    feeds: int = 300
    clients: int = 4
    model: bool = True
    repeats: int = 3
    seed: int = 1


@dataclass(slots=True)
class _Run:
    """One repeat of one way: latencies one after the other, and the processor time that they took together."""

    ms: list[float] = field(default_factory=list)
    cpu_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class _Registry:
    """Serves one model, or none."""

    model: ServingModel | None

    def serving(self) -> ServingModel | None:
        return self.model


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a fresh embedded PostgreSQL, feed and baseline in turn."""
    load = load or Load()
    clock = SystemClock()
    with (
        tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
        closing(Database.open(server.url)) as database,
    ):
        database.migrate()
        progress(0, 1, f"writing {load.items:,} items")
        viewers = _filled(server.url, Crowd(load.items, load.viewers, load.history, load.seed))
        with closing(Intake(database, SystemClock())) as intake:
            registry = _Registry(_untrained(database) if load.model else None)
            events = Events(database, intake, clock, bytes(32))
            feed = Feed(database, Catalog(database, clock), events, registry, clock)
            with closing(feed):
                start = perf_counter()
                feed.start()
                return _measure(database, feed, load, viewers, progress, perf_counter() - start)


def _filled(url: str, crowd: Crowd) -> NDArray[np.int64]:
    """Fill in a process of its own, whose memory is then not counted as the feed's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_fill, url, crowd).result()


def _fill(url: str, crowd: Crowd) -> NDArray[np.int64]:
    with closing(Database.open(url)) as database:
        return fill(database, crowd, SystemClock().now())


def _untrained(database: Database) -> ServingModel:
    """A model of the default size that knows every item and has learned nothing."""
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
    return LoadedModel("untrained", Fitted(Network(shape), ids, counts, 0.0, CONTENT_ENCODER))


def _measure(
    database: Database, feed: Feed, load: Load, viewers: NDArray[np.int64], progress: Progress, start_s: float
) -> Report:
    rng = np.random.default_rng(load.seed)
    ways: dict[str, Callable[[int], object]] = {
        "feed": lambda viewer: feed.for_you(ViewerId(viewer), region="NL", size=load.size),
        "popular": lambda viewer: _popular(database, viewer, load.size),
    }
    clock = _ProcessorTime(database)
    runs: dict[str, list[_Run]] = {name: [] for name in ways}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        for viewer in rng.choice(viewers, WARM_UP).tolist():
            way(viewer)
    stages: dict[str, float] = {}
    for repeat in range(load.repeats):
        for number, (name, way) in enumerate(ways.items()):
            progress(repeat * len(ways) + number, load.repeats * len(ways), name)
            asked = rng.choice(viewers, load.feeds).tolist()
            runs[name].append(_one_by_one(way, asked, clock))
            if name == "feed":
                stages = _stages(database, load.feeds)
            rates[name].append(_together(way, rng.choice(viewers, load.feeds).tolist(), load.clients))
    progress(1, 1, "done")
    return _report(load, runs, rates, {"start_s": start_s, "stages_ms": stages})


def _one_by_one(way: Callable[[int], object], viewers: Sequence[int], clock: _ProcessorTime) -> _Run:
    one = _Run()
    before = clock.ms()
    for viewer in viewers:
        start = perf_counter()
        way(viewer)
        one.ms.append((perf_counter() - start) * 1000)
    one.cpu_ms = (clock.ms() - before) / len(viewers)
    return one


def _together(way: Callable[[int], object], viewers: Sequence[int], clients: int) -> float:
    """Slates a second."""
    start = perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(way, viewers))
    return len(viewers) / (perf_counter() - start)


def _popular(database: Database, viewer: int, size: int) -> object:
    with database.connect() as connection:
        ids = list(connection.scalars(_POPULAR, {"viewer": viewer, "size": size}))
        items = catalog_store.items_by_id(connection, ids, at=SystemClock().now(), right=Right.RECOMMEND)
        creators = catalog_store.creators_by_id(connection, {item.creator_id for item in items.values()})
        return items, creators, log_store.counts(connection, ids)


class _ProcessorTime:
    """What this process and the database's have used so far."""

    def __init__(self, database: Database) -> None:
        with database.connect() as connection:
            backend = psutil.Process(connection.scalar(text("SELECT pg_backend_pid()")))
        self._server = backend.parent() or backend
        self._own = psutil.Process()

    def ms(self) -> float:
        """Milliseconds, user and system; those of a database process that has ended are missing."""
        processes = [self._own, self._server, *self._server.children()]
        used = 0.0
        for process in processes:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used += times.user + times.system
        return used * 1000


def _stages(database: Database, count: int) -> dict[str, float]:
    """Where the milliseconds of a slate went, by the records of the last ones: the median of each stage."""
    with database.connect() as connection:
        records = connection.execute(
            text("SELECT record -> 'ms' FROM slates WHERE surface = :surface ORDER BY served_at DESC LIMIT :count"),
            {"surface": FOR_YOU_SURFACE, "count": count},
        ).scalars()
        taken: dict[str, list[float]] = {}
        for record in records:
            for stage, ms in record.items():
                taken.setdefault(stage, []).append(ms)
    medians = {stage: round(median(each), 3) for stage, each in taken.items()}
    return dict(sorted(medians.items(), key=lambda entry: -entry[1]))


def _report(
    load: Load, runs: dict[str, list[_Run]], rates: dict[str, list[float]], detail: dict[str, object]
) -> Report:
    figures: dict[str, dict[str, dict[str, float]]] = {
        name: {
            "p50_ms": spread([percentile(one.ms, 0.5) for one in each]),
            "p99_ms": spread([percentile(one.ms, 0.99) for one in each]),
            "cpu_ms_per_feed": spread([one.cpu_ms for one in each]),
            "feeds_per_s": spread(rates[name]),
        }
        for name, each in runs.items()
    }
    ours, theirs = figures["feed"], figures["popular"]
    return Report(
        bench="feed",
        settings=asdict(load),
        metrics={
            "items": load.items,
            "viewers": load.viewers,
            **{name: ours[name]["median"] for name in ours},
            "rss_mb": psutil.Process().memory_info().rss / 2**20,
        },
        baseline={
            "name": "the most liked that are unseen, by one SQL statement",
            **{name: theirs[name]["median"] for name in theirs},
            "ratio_p50": ours["p50_ms"]["median"] / theirs["p50_ms"]["median"],
            "ratio_cpu": ours["cpu_ms_per_feed"]["median"] / theirs["cpu_ms_per_feed"]["median"],
            "ratio_feeds_per_s": ours["feeds_per_s"]["median"] / theirs["feeds_per_s"]["median"],
        },
        detail={**ours, **detail},
    )
