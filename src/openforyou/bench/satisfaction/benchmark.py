"""`bench satisfaction`: what a feed is worth to those who watch, over days, and not only for the next clip.

Simulated viewers with hidden tastes watch the same number of clips from each feed, in the same worlds, with the same
draws of chance: from ours, and from the baselines. Satisfaction is the mean pleasure of a clip, which no feed is told.
An oracle that is told everything stands beside as a mark to aim at, and is no baseline.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from queue import Empty, Queue

import numpy as np

from openforyou.bench.report import Report
from openforyou.bench.satisfaction import compared, ours
from openforyou.bench.satisfaction.baselines import BASELINES, check_installed
from openforyou.bench.satisfaction.compared import ORACLE, OURS
from openforyou.bench.satisfaction.lived import SLATE_CLIPS, Lived, live
from openforyou.bench.satisfaction.oracle import Oracle
from openforyou.bench.satisfaction.policies import Policy, Size
from openforyou.bench.satisfaction.world import BEGINNING, SITTING_CLIPS, TOPICS, Setting, World, made
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent

HEARD_EVERY_S, TOLD_EVERY_SITTINGS = 0.5, 5


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked: `impressions` a viewer, in sittings of `SITTING_CLIPS`, one a round. Raises `BadInput`."""

    viewers: int = 64
    items: int = 384
    impressions: int = 96
    worlds: int = 4
    setting: Setting = Setting.CLEAR

    def __post_init__(self) -> None:
        if self.impressions > self.items // 2:
            raise BadInput(
                f"{self.impressions} impressions from {self.items} items leave a feed nothing to choose.",
                hint="Give at least twice as many items.",
                field="items",
            )
        if self.worlds < 2:
            raise BadInput("One world has no spread.", hint="Give two or more, for the interval.", field="worlds")

    def world(self, seed: int) -> World:
        """The world of a seed."""
        return made(seed, self.viewers, self.items, self.impressions, self.setting.habits)


@dataclass(frozen=True, slots=True)
class _Tried:
    """Every feed in one world, and what ours trained."""

    lived: Mapping[str, Lived]
    trained: int
    promoted: int


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Every feed in every world; worlds side by side, each in a process of its own, one a core.

    Raises `NotFound` where a library that a baseline needs is missing.
    """
    load = load or Load()
    check_installed()
    spawn = get_context("spawn")
    with (
        spawn.Manager() as manager,
        ProcessPoolExecutor(min(load.worlds, os.cpu_count() or 1), mp_context=spawn) as pool,
    ):
        said: Queue[tuple[int, float]] = manager.Queue()
        worlds = [pool.submit(_tried, load, seed, said) for seed in range(1, load.worlds + 1)]
        gone = dict.fromkeys(range(1, load.worlds + 1), 0.0)
        while not all(world.done() for world in worlds):
            with suppress(Empty):
                seed, share = said.get(timeout=HEARD_EVERY_S)
                gone[seed] = share
                progress(int(1000 * sum(gone.values())), 1000 * load.worlds, "simulating viewers")
        tried = [world.result() for world in worlds]
    progress(1, 1, "done")
    return _report(load, tried)


def policies(world: World) -> Mapping[str, Callable[[], AbstractContextManager[Policy]]]:
    """By name, ours last: it takes the longest."""
    size = Size(len(world.people), len(world.clips), int(world.makers.max()) + 1, TOPICS)
    all_of_them: dict[str, Callable[[], AbstractContextManager[Policy]]] = {
        one.name: partial(_kept, one(size, world.seed)) for one in BASELINES
    }
    all_of_them[ORACLE] = partial(_kept, Oracle(world))
    all_of_them[OURS] = partial(ours.opened, len(world.people), BEGINNING)
    return all_of_them


def _kept(policy: Policy) -> AbstractContextManager[Policy]:
    return nullcontext(policy)


def _tried(load: Load, seed: int, said: Queue[tuple[int, float]]) -> _Tried:
    world = load.world(seed)
    lived: dict[str, Lived] = {}
    models = 0, 0

    def ours_is_at(done: int, total: int, message: str = "") -> None:  # noqa: ARG001
        if not done % TOLD_EVERY_SITTINGS:
            said.put((seed, done / total))

    for name, opened in policies(world).items():
        with opened() as policy:
            lived[name] = live(world, policy, ours_is_at if name == OURS else silent)
            if isinstance(policy, ours.OurFeed):
                models = policy.trained
    return _Tried(lived, *models)


def _report(load: Load, tried: list[_Tried]) -> Report:
    lived = {name: [one.lived[name] for one in tried] for name in tried[0].lived}
    found = compared.figures(lived)
    return Report(
        bench="satisfaction",
        settings={
            **asdict(load),
            "slate": SLATE_CLIPS,
            "sitting": SITTING_CLIPS,
            "rounds": -(-load.impressions // SITTING_CLIPS),
        },
        metrics=compared.metrics(found),
        baseline={"name": compared.best(found), **{one.name: found[one.name] for one in BASELINES}},
        detail={
            ORACLE: found[ORACLE],
            "models_trained": sum(one.trained for one in tried),
            "models_promoted": sum(one.promoted for one in tried),
            "by_world": {
                name: [round(float(np.mean(one.pleasure)), 4) for one in worlds] for name, worlds in lived.items()
            },
        },
    )
