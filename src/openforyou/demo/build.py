"""Builds the demo world: clips, then a day of viewers, then a first model; each goes on where it was interrupted.

What is here is found out by looking, not remembered: the same call on a whole world finds nothing to do, and takes
about a second.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from openforyou.app.platform import Platform
from openforyou.catalog.types import ItemStatus
from openforyou.core.progress import Progress
from openforyou.demo.errors import Stopped
from openforyou.demo.looks import all_looks
from openforyou.demo.studio import Studio, creators, items_here, make_clips
from openforyou.demo.viewers import people
from openforyou.demo.watching import Audience
from openforyou.demo.world import Clip, plan
from openforyou.learn.types import ModelStatus

CLIPS, VIEWERS = 128, 400
STUDIO = Studio()
TRAINING_WAIT_S = 1.0
MESSAGE = "The demo world"
SHARES = {"clips": (0, 65), "viewers": (65, 85), "model": (85, 100)}
"""Where each stage begins and ends, in per cent of the whole."""


def build(
    platform: Platform,
    *,
    seed: int = 1,
    clips: int = CLIPS,
    viewers: int = VIEWERS,
    stop: threading.Event | None = None,
    studio: Studio = STUDIO,
) -> None:
    """Make the world whole, with its progress in the tasks `demo` and `demo.…`. Returns early once `stop` is set."""
    stop = stop or threading.Event()
    planned = plan(seed, clips)
    tasks = platform.tasks
    with suppress(Stopped), tasks.running("demo") as whole:
        with tasks.running("demo.clips") as progress:
            make_clips(platform, planned, studio, stop, _both(progress, whole, "clips"))
        with tasks.running("demo.viewers") as progress:
            _watch(platform, planned, _Crowd(seed, viewers), stop, _both(progress, whole, "viewers"))
        with tasks.running("demo.model") as progress:
            _train(platform, stop, _both(progress, whole, "model"))
        whole(100, 100, MESSAGE)


def _both(stage: Progress, whole: Progress, name: str) -> Progress:
    """Tells a stage's progress, and the whole's with it."""
    first, last = SHARES[name]

    def progress(done: int, total: int, message: str = "") -> None:
        stage(done, total, message)
        whole(round(first + (last - first) * done / max(total, 1)), 100, MESSAGE)

    return progress


@dataclass(frozen=True, slots=True)
class _Crowd:
    seed: int
    count: int


def _watch(platform: Platform, clips: list[Clip], crowd: _Crowd, stop: threading.Event, progress: Progress) -> None:
    names = list(all_looks())
    here = items_here(platform, creators(platform))
    public = [item for item in here.values() if item.status is ItemStatus.PUBLISHED]
    audience = Audience(platform, {clip.title: names.index(clip.look) for clip in clips}, public, crowd.seed)
    audience.watch(people(crowd.seed, crowd.count, len(names)), stop, progress)


def _train(platform: Platform, stop: threading.Event, progress: Progress) -> None:
    """Train when there is something to learn. Waits for another process that does; takes an interrupted one up."""
    progress(0, 0, "Training the first model")
    while not stop.is_set():
        trained = platform.models.train_when_due(progress)
        newest = platform.models.list()[:1]
        if trained is not None or not newest or newest[0].status is not ModelStatus.TRAINING:
            return
        stop.wait(TRAINING_WAIT_S)
    raise Stopped
