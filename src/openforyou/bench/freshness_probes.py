"""What `bench freshness` does to see an event arrive: in the next slate, and in the weights that answer."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import cycle
from time import perf_counter, sleep
from typing import Any

from openforyou.bench.freshness_platform import World, looks
from openforyou.core.errors import Unavailable
from openforyou.core.ids import encode_id
from openforyou.core.progress import Progress
from openforyou.events.types import EventType
from openforyou.learn.types import Model, ModelStatus

WATCHED_AFTER_S = 2.1
"""Nobody has watched two seconds of a clip sooner."""
GAP_S = 1.0
"""Between two probes, at the most, so that they fall at any moment between two looks of the learner."""
REQUESTS_MAX = 5
LOOK_EVERY_S = 0.25
WATCHERS = 4
"""The last so many viewers do nothing but look which model answers."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Events of one viewer: when they were sent and taken in, and which slate after them stands on them."""

    sent_s: float
    stamp: datetime
    requests: int
    slate_ms: float


@dataclass(frozen=True, slots=True)
class Sight:
    """At that time a slate was answered by that model."""

    at_s: float
    model: str


def probed(world: World, count: int, seed: int, progress: Progress) -> tuple[list[Probe], list[float | None]]:
    """So many probes, and as `reached` says the seconds that each took to be in the weights.

    Raises `Unavailable` when a probe shows in no slate, or the learner makes no update.
    """
    rng = random.Random(seed)  # noqa: S311 - when a probe falls, no secret
    probes: list[Probe] = []
    with _watching(world) as watch:
        for number in range(count):
            progress(number, count, "watching and liking")
            sleep(rng.uniform(0, GAP_S))
            probes.append(_probe(world, world.viewers[number % (len(world.viewers) - WATCHERS)]))
        progress(count, count, "waiting for the weights")
        for _ in looks():
            versions = world.versions()
            if watch.failed or _is_decided(probes[-1], versions, watch.sights):
                break
    return probes, reached(probes, versions, watch.sights)


def reached(probes: Sequence[Probe], versions: Sequence[Model], sights: Sequence[Sight]) -> list[float | None]:
    """Seconds from each probe until a slate was answered by weights that learned from it; None where none was.

    `versions` are oldest first. The first that has read beyond a probe's stamp is the one that had it for a lesson;
    where that was thrown away or took no step, the probe was learned by none.
    """
    numbers = {encode_id(one.id): int(one.manifest["number"]) for one in versions if one.blob_key}
    found: list[float | None] = []
    for probe in probes:
        taught = _taught(probe, versions)
        seen: Iterator[float] = iter(())
        if taught is not None and _has_learned(taught):
            least = int(taught.manifest["number"])
            seen = (one.at_s for one in sights if one.at_s >= probe.sent_s and numbers.get(one.model, -1) >= least)
        first = next(seen, None)
        found.append(None if first is None else first - probe.sent_s)
    return found


def _taught(probe: Probe, versions: Sequence[Model]) -> Model | None:
    return next((one for one in versions if datetime.fromisoformat(one.manifest["read_to"]) > probe.stamp), None)


def _has_learned(version: Model) -> bool:
    return version.status is not ModelStatus.FAILED and bool(version.manifest["steps"])


def _is_decided(probe: Probe, versions: Sequence[Model], sights: Sequence[Sight]) -> bool:
    """Whether the update that had this probe for a lesson answers slates, or taught nothing."""
    taught = _taught(probe, versions)
    return taught is not None and (not _has_learned(taught) or reached([probe], versions, sights) != [None])


def _probe(world: World, number: int) -> Probe:
    """One viewer watches a clip to the end and likes it."""
    with world.viewer(number) as viewer:
        item, context = next(iter(viewer.slate().contexts.items()))
        sleep(WATCHED_AFTER_S)
        sent_s = perf_counter()
        viewer.does(context, EventType.VIEW, EventType.COMPLETE, EventType.LIKE)
        for requests in range(1, REQUESTS_MAX + 1):
            slate, at_s = viewer.slate(), perf_counter()
            if _names(world.record(slate.request_id, viewer.number), item):
                return Probe(sent_s, world.stamped(viewer.number), requests, (at_s - sent_s) * 1000)
    raise Unavailable(f"Of {REQUESTS_MAX} slates none stands on what was done.", hint="Ask for more items.")


def _names(record: dict[str, Any], item: int) -> bool:
    """Whether a slate's record names an item as the reason of another."""
    return any(item in causes for told in record["items"].values() for _, causes in told["reasons"])


@dataclass(slots=True)
class _Watch:
    """Which model answered when, so far. `failed` is why nobody looks any more."""

    sights: list[Sight] = field(default_factory=list)
    failed: BaseException | None = None


@contextmanager
def _watching(world: World) -> Iterator[_Watch]:
    """Ask again and again in a thread. Raises at the end what asking raised."""
    watch, done = _Watch(), threading.Event()
    thread = threading.Thread(target=_watch, args=(world, watch, done), name="watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()
    if watch.failed is not None:
        raise watch.failed


def _watch(world: World, watch: _Watch, done: threading.Event) -> None:
    try:
        with ExitStack() as stack:
            watchers = [stack.enter_context(world.viewer(number)) for number in world.viewers[-WATCHERS:]]
            for viewer in cycle(watchers):
                if done.wait(LOOK_EVERY_S):
                    return
                slate, at_s = viewer.slate(size=1), perf_counter()
                watch.sights.append(Sight(at_s, world.record(slate.request_id, viewer.number)["model"]))
    except Exception as error:
        watch.failed = error
