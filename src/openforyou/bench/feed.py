"""`bench feed`: what a For You slate costs over a large catalogue, beside the least that any platform does.

Slates are asked for by a Poisson clock at a stated rate, whether those before are done or not, and timed from the
moment they were due, so that waiting counts: `p50_ms` and `p99_ms` are these. `cpu_ms_per_feed` is the processor time
of the feed servers and of the database's processes together meanwhile; `feeds_per_s` is what `clients` askers at a
time get out of the same servers; `rss_mb` is the memory of one server. Where a slate's milliseconds go stands in
`stages_ms`, by the records of slates that were asked for one after the other.

The baseline, asked in the same way, is the popular list: the most liked published items that the viewer has not seen,
by one SQL statement, read back whole as the feed reads its own. It knows no taste, no trend, no diversity, and says no
why. The model is one of the default size with random weights, which costs what a trained one costs.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from statistics import median
from time import sleep
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from sqlalchemy import text

from openforyou.bench.bulk import Crowd, fill
from openforyou.bench.feed_server import WARM_UP, Done, Ready, Task, serve
from openforyou.bench.report import Report, percentile, spread
from openforyou.core.clock import SystemClock
from openforyou.core.progress import Progress, silent
from openforyou.events.intake import SLATES_WAIT_S
from openforyou.recommend.service import FOR_YOU_SURFACE
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

START_TIMEOUT_S, STOP_TIMEOUT_S = 900.0, 10.0
WAYS = ("feed", "popular")


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: `rate` slates a second for `seconds` in each repeat, then `feeds` by `clients` at a time."""

    items: int = 100_000
    viewers: int = 10_000
    history: int = 60
    size: int = 10
    rate: float = 50.0
    seconds: float = 10.0
    feeds: int = 300
    clients: int = 4
    servers: int = 2
    model: bool = True
    repeats: int = 2
    seed: int = 1


class Servers:
    """The feed servers, told what to do at the same time."""

    def __init__(self, pipes: Sequence[Pipe]) -> None:
        self._pipes = pipes
        self.ready: list[Ready] = [_answer(pipe) for pipe in pipes]

    def __len__(self) -> int:
        return len(self._pipes)

    def ask(self, tasks: Sequence[Task]) -> list[Done]:
        """A task for each of the first servers."""
        busy = self._pipes[: len(tasks)]
        for pipe, task in zip(busy, tasks, strict=True):
            pipe.send(task)
        return [_answer(pipe) for pipe in busy]


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a fresh embedded PostgreSQL, feed and baseline in turn."""
    load = load or Load()
    with (
        tempfile.TemporaryDirectory(prefix="openforyou-bench-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres") as server,
        closing(Database.open(server.url)) as database,
    ):
        database.migrate()
        progress(0, 1, f"writing {load.items:,} items")
        viewers = _filled(server.url, Crowd(load.items, load.viewers, load.history, load.seed))
        progress(0, 1, "starting the feed servers")
        with _servers(server.url, load) as servers:
            return _Bench(database, servers, load, viewers).measured(progress)


def _filled(url: str, crowd: Crowd) -> NDArray[np.int64]:
    """Fill in a process of its own, whose memory is given back."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_fill, url, crowd).result()


def _fill(url: str, crowd: Crowd) -> NDArray[np.int64]:
    with closing(Database.open(url)) as database:
        return fill(database, crowd, SystemClock().now())


@contextmanager
def _servers(url: str, load: Load) -> Iterator[Servers]:
    """So many feed servers, one started after the other, and ended at the end."""
    context = get_context("spawn")
    started = []
    try:
        for _ in range(load.servers):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(url, theirs, load.size), kwargs={"model": load.model})
            process.start()
            theirs.close()
            started.append((ours, process))
            if not ours.poll(START_TIMEOUT_S):
                raise TimeoutError("a feed server did not start")
        yield Servers([pipe for pipe, _ in started])
    finally:
        for pipe, process in started:
            with suppress(OSError):
                pipe.send(None)
            process.join(STOP_TIMEOUT_S)
            process.kill()


def _answer(pipe: Pipe) -> Any:
    """What a server says; it has as long as a start takes."""
    if not pipe.poll(START_TIMEOUT_S):
        raise TimeoutError("a feed server does not answer")
    return pipe.recv()


class _Bench:
    """Both ways, by turns, over the same servers."""

    def __init__(self, database: Database, servers: Servers, load: Load, viewers: NDArray[np.int64]) -> None:
        self._database = database
        self._servers = servers
        self._load = load
        self._viewers = viewers
        self._rng = np.random.default_rng(load.seed)
        self._clock = _DatabaseTime(database)

    def measured(self, progress: Progress) -> Report:
        """The whole."""
        load = self._load
        figures: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        self._servers.ask([self._task("feed", WARM_UP) for _ in range(len(self._servers))])
        for repeat in range(load.repeats):
            for number, way in enumerate(WAYS):
                progress(repeat * len(WAYS) + number, load.repeats * len(WAYS), way)
                figures[way].append(self._at_rate(way) | {"feeds_per_s": self._together(way)})
        one_by_one = self._one_by_one()
        progress(1, 1, "done")
        spreads = {
            way: {name: spread([one[name] for one in each]) for name in each[0]} for way, each in figures.items()
        }
        return self._report(spreads, one_by_one)

    def _task(self, way: str, count: int, at_s: Sequence[float] = ()) -> Task:
        return Task(way, self._rng.choice(self._viewers, count).tolist(), self._load.clients, at_s)

    def _at_rate(self, way: str) -> dict[str, float]:
        """An open loop: arrivals of a Poisson process, each at a server drawn by lot."""
        load = self._load
        gaps = self._rng.exponential(1 / load.rate, int(2 * load.rate * load.seconds) + 10)
        at_s = np.cumsum(gaps)
        at_s = at_s[: max(int(np.searchsorted(at_s, load.seconds)), 2 * load.servers)]
        to = self._rng.permutation(np.arange(len(at_s)) % load.servers)
        tasks = [self._task(way, int((to == one).sum()), at_s[to == one].tolist()) for one in range(load.servers)]
        before = self._clock.ms()
        done = self._servers.ask(tasks)
        sleep(SLATES_WAIT_S)  # What was left to be recorded is.
        ms = [one for each in done for one in each.ms]
        used_ms = sum(each.cpu_ms for each in done) + self._clock.ms() - before
        return {
            "p50_ms": percentile(ms, 0.5),
            "p99_ms": percentile(ms, 0.99),
            "cpu_ms_per_feed": used_ms / len(ms),
            "asked_per_s": len(ms) / max(each.wall_s for each in done),
        }

    def _together(self, way: str) -> float:
        """Slates a second, as many as can be had."""
        count = max(self._load.feeds // len(self._servers), 1)
        done = self._servers.ask([self._task(way, count) for _ in range(len(self._servers))])
        return sum(len(each.ms) / each.wall_s for each in done)

    def _one_by_one(self) -> dict[str, object]:
        """One server, one asker: what a slate takes when nothing else goes on, and where."""
        viewers = self._rng.choice(self._viewers, self._load.feeds).tolist()
        (done,) = self._servers.ask([Task("feed", viewers, 1)])
        sleep(2 * SLATES_WAIT_S)
        alone = {"p50_ms": percentile(done.ms, 0.5), "p99_ms": percentile(done.ms, 0.99)}
        return {"one_by_one": alone, "stages_ms": _stages(self._database, self._load.feeds)}

    def _report(self, spreads: dict[str, dict[str, dict[str, float]]], detail: dict[str, object]) -> Report:
        load, ready = self._load, self._servers.ready
        ours, theirs = spreads["feed"], spreads["popular"]
        names = ("p50_ms", "p99_ms", "cpu_ms_per_feed", "feeds_per_s")
        return Report(
            bench="feed",
            settings=asdict(load),
            metrics={
                "items": load.items,
                "viewers": load.viewers,
                **{name: ours[name]["median"] for name in names},
                "rss_mb": max(one.rss_mb for one in ready),
            },
            baseline={
                "name": "the most liked that are unseen, by one SQL statement",
                **{name: theirs[name]["median"] for name in names},
                "ratio_p50": ours["p50_ms"]["median"] / theirs["p50_ms"]["median"],
                "ratio_cpu": ours["cpu_ms_per_feed"]["median"] / theirs["cpu_ms_per_feed"]["median"],
                "ratio_feeds_per_s": ours["feeds_per_s"]["median"] / theirs["feeds_per_s"]["median"],
            },
            detail={**ours, "start_s": spread([one.start_s for one in ready]), **detail},
        )


class _DatabaseTime:
    """What the database's processes have used so far."""

    def __init__(self, database: Database) -> None:
        with database.connect() as connection:
            backend = psutil.Process(connection.scalar(text("SELECT pg_backend_pid()")))
        self._server = backend.parent() or backend

    def ms(self) -> float:
        """Milliseconds, user and system; those of a process that has ended are missing."""
        used = 0.0
        for process in (self._server, *self._server.children()):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
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
