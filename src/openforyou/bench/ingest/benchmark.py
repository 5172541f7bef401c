"""`bench ingest`: clips of 15 s taken in a day with everything on, beside transcoding the same clips and nothing else.

Everything is on: probe, two renditions, poster, preview, content features, Content Credentials, prints of picture and
sound, the search for copies and for registered works. Worker processes as in service drain the real queue into a real
database and blob store, each with an index of the whole catalogue, which it has read before the clock starts.

Compliant clips, whose picture is handed on as it is, and others, which are encoded twice, are told apart. What counts
as CPU seconds is what the workers, PostgreSQL and whoever takes the files in have used between them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep
from typing import Any

import psutil
from sqlalchemy import text

from openforyou.app.children import Child
from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.bench.ingest import bare
from openforyou.bench.ingest.bare import Cost
from openforyou.bench.ingest.catalogue import entered
from openforyou.bench.ingest.clips import Kind, Order, made
from openforyou.bench.report import Report, spread
from openforyou.catalog.types import ITEM_RIGHTS, ItemStatus
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId
from openforyou.core.progress import Progress, silent

DAY_S = 86_400
WARM_UP_S = 2.0
EVIDENCE = "made for a benchmark"
LOOK_EVERY_S, READY_WITHIN_S = 0.25, 1_800
WAITING = {ItemStatus.QUEUED.value, ItemStatus.PROCESSING.value}
_STANDING = text("SELECT status FROM items WHERE id = ANY(:ids)")


@dataclass(frozen=True, slots=True)
class Load:
    """`clips` of each kind in each repeat; `catalogue` items that copies are looked for in."""

    catalogue: int = 100_000
    clips: int = 4
    repeats: int = 3
    workers: int = 2
    seconds: float = 15.0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Drained:
    """One repeat of one kind: what the queue took, and what the bare transcode of the same clips takes."""

    kind: Kind
    ours: Cost
    bare: Cost
    ended: tuple[str, ...]

    @property
    def a_day(self) -> float:
        """Clips by the clock."""
        return self.ours.clips / self.ours.wall_s * DAY_S

    @property
    def ratio(self) -> float:
        """CPU seconds to those of the bare transcode."""
        return self.ours.cpu_s / self.bare.cpu_s


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Measure on a platform made for it. Raises `Unavailable` where the workers do not start."""
    load = load or Load()
    with TemporaryDirectory(prefix="openforyou-bench-") as folder, _platform(Path(folder) / "data") as platform:
        orders = _orders(Path(folder), load)
        made(orders, load.workers, progress)
        entered(platform.database, load.catalogue, load.seed, progress)
        with _workers(platform, load.workers) as workers:
            warm, rest = orders[: load.workers], orders[load.workers :]
            progress(0, 1, "the workers read the catalogue")
            start = perf_counter()
            _drain(platform, warm, READY_WITHIN_S)
            ready_s = perf_counter() - start
            drained = []
            for turn in range(2 * load.repeats):
                progress(turn, 2 * load.repeats, "draining")
                chosen = rest[turn * load.clips : (turn + 1) * load.clips]
                drained.append(_measured(platform, workers, chosen, Path(folder)))
    progress(1, 1, "done")
    return _report(load, drained, ready_s)


@contextmanager
def _platform(data: Path) -> Iterator[Platform]:
    with Platform(Settings(data=data, threads=1)) as platform:
        yield platform


@contextmanager
def _workers(platform: Platform, count: int) -> Iterator[list[Child]]:
    """Workers on one thread each, none of which learns."""
    environment = {
        **os.environ,
        "OPENFORYOU_THREADS": "1",
        "OPENFORYOU_UPDATE_S": "0",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = ["worker", "--data", str(platform.settings.data)]
    with ExitStack() as stack:
        yield [stack.enter_context(Child(command, environment=environment)) for _ in range(count)]


def _orders(folder: Path, load: Load) -> list[Order]:
    """A short clip for each worker to warm up with, then those that are measured, the kinds in turn."""
    measured = 2 * load.repeats * load.clips
    kinds = [list(Kind)[number // load.clips % 2] for number in range(measured)]
    orders = [
        *((measured + number, Kind.ENCODED, WARM_UP_S) for number in range(load.workers)),
        *((number, kind, load.seconds) for number, kind in enumerate(kinds)),
    ]
    return [Order(folder / f"{number}.mp4", number, kind, length, load.seed) for number, kind, length in orders]


def _measured(platform: Platform, workers: Sequence[Child], orders: Sequence[Order], folder: Path) -> Drained:
    used, start = _cpu_s(platform, workers), perf_counter()
    ended = _drain(platform, orders, READY_WITHIN_S)
    ours = Cost(len(orders), perf_counter() - start, _cpu_s(platform, workers) - used)
    return Drained(
        orders[0].kind, ours, bare.measured([order.path for order in orders], folder, len(workers)), tuple(ended)
    )


def _drain(platform: Platform, orders: Sequence[Order], within_s: float) -> list[str]:
    """Hand every clip in, each by a creator of its own, and wait until none waits; answers how they ended."""
    ids: list[ItemId] = []
    for order in orders:
        creator = platform.catalog.add_creator(f"bench{order.path.stem}", "Bench")
        ids.append(platform.ingest.take_in(order.path, creator.id, rights=frozenset(ITEM_RIGHTS), evidence=EVIDENCE))
    until = perf_counter() + within_s
    while perf_counter() < until:
        with platform.database.connect() as connection:
            ended = list(connection.scalars(_STANDING, {"ids": ids}))
        if not WAITING & set(ended):
            return ended
        sleep(LOOK_EVERY_S)
    raise Unavailable(
        "The workers did not come to an end.", hint="Run `openforyou worker` by hand and read what it says."
    )


def _cpu_s(platform: Platform, workers: Sequence[Child]) -> float:
    """Seconds that this process, the workers and PostgreSQL have used so far."""
    postmaster = int((platform.settings.data / "postgres" / "postmaster.pid").read_text().split()[0])
    processes = [psutil.Process(worker.pid) for worker in workers]
    server = psutil.Process(postmaster)
    total = process_time()
    for process in (*processes, server, *server.children(recursive=True)):
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def _report(load: Load, drained: Sequence[Drained], ready_s: float) -> Report:
    by_kind = {kind: [one for one in drained if one.kind is kind] for kind in Kind}
    figures = {kind: _figures(of, load.workers) for kind, of in by_kind.items()}
    metrics: dict[str, float] = {}
    baseline: dict[str, Any] = {"name": "decode once, encode both sizes with the same settings"}
    for kind, its in figures.items():
        metrics |= {f"clips_per_day_{kind}": its["clips_per_day"]["median"]}
        metrics |= {f"ratio_to_bare_transcode_{kind}": its["ratio_to_bare_transcode"]["median"]}
        baseline |= {f"cpu_s_{kind}": its["bare_cpu_s_a_clip"]["median"]}
    both = [median(one.a_day for one in of) for of in by_kind.values()]
    return Report(
        bench="ingest",
        settings=asdict(load),
        metrics={
            "clips_per_day": len(both) / sum(1 / one for one in both),
            "ratio_to_bare_transcode": sum(one.ours.cpu_s for one in drained) / sum(one.bare.cpu_s for one in drained),
            **metrics,
        },
        baseline=baseline,
        detail={
            **{f"{kind} {name}": value for kind, its in figures.items() for name, value in its.items()},
            "workers_ready_s": ready_s,
            "ended": {status: sum(one.ended.count(status) for one in drained) for status in _statuses(drained)},
        },
    )


def _figures(drained: Sequence[Drained], workers: int) -> dict[str, dict[str, float]]:
    """Of one kind over its repeats. `clips_per_day_by_cpu`: as many cores as workers, and nobody else on them."""
    ours = [one.ours.cpu_s / one.ours.clips for one in drained]
    return {
        "clips_per_day": spread([one.a_day for one in drained]),
        "clips_per_day_by_cpu": spread([workers * DAY_S / cpu_s for cpu_s in ours]),
        "cpu_s_a_clip": spread(ours),
        "ratio_to_bare_transcode": spread([one.ratio for one in drained]),
        "bare_cpu_s_a_clip": spread([one.bare.cpu_s / one.bare.clips for one in drained]),
        "bare_clips_per_day": spread([one.bare.clips / one.bare.wall_s * DAY_S for one in drained]),
    }


def _statuses(drained: Sequence[Drained]) -> list[str]:
    return sorted({status for one in drained for status in one.ended})
