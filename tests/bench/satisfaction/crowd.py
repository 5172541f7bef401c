"""A small world, and the feeds that the tests let its viewers live with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from openforyou.bench.satisfaction.baselines import Baseline
from openforyou.bench.satisfaction.lived import SLATE_CLIPS, live
from openforyou.bench.satisfaction.policies import Clip, Policy, Size
from openforyou.bench.satisfaction.world import TOPICS, Habits, World, made

VIEWERS, CLIPS, IMPRESSIONS = 24, 240, 64
CALM = Habits(drift=0.0, tires=False, boredom=0.0, attention=1.0)


def world(seed: int = 1, habits: Habits | None = None) -> World:
    """Of 24 viewers and 240 clips."""
    return made(seed, VIEWERS, CLIPS, IMPRESSIONS, habits or Habits())


def baseline(kind: type[Baseline], place: World) -> Baseline:
    """Made for a world, of which it is told the size."""
    return kind(Size(len(place.people), len(place.clips), int(place.makers.max()) + 1, TOPICS), place.seed)


def satisfaction(place: World, policy: Policy) -> float:
    """Mean pleasure of a clip."""
    return live(place, policy).figures()["satisfaction"]


class InOrder:
    """Shows what is unseen in the order of its numbers, and counts slates and the places that were reached."""

    name = "in order"

    def __init__(self) -> None:
        self.clips: list[int] = []
        self.seen: set[tuple[int, int]] = set()
        self.slates = 0
        self.last: Sequence[int] = ()
        self.reached = np.zeros(SLATE_CLIPS)

    def publish(self, clips: Sequence[Clip], at: datetime) -> None:
        self.clips += [clip.number for clip in clips]

    def slate(self, viewer: int, at: datetime, size: int) -> Sequence[int]:
        self.slates += 1
        self.last = [clip for clip in self.clips if (viewer, clip) not in self.seen][:size]
        return self.last

    def told(self, viewer: int, clip: int, at: datetime, deeds: object) -> None:
        self.seen.add((viewer, clip))
        self.reached[list(self.last).index(clip)] += 1

    def settle(self, at: datetime) -> None:
        pass
