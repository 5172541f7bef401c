"""One viewer in front of a feed: weariness of what came too often, pleasure, and what is done with each clip.

All of it is hidden from every feed but for the deeds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from openforyou.bench.satisfaction.policies import Floats
from openforyou.bench.satisfaction.world import BEGINNING, ROUND, TOPICS, World
from openforyou.demo.viewers import FATIGUE, Deed, reaction

REST_H = 8.0
"""Half of what a topic or a creator has worn off by then."""
TOPIC_CLIPS, TOPIC_COST = 4.0, 0.03
CREATOR_CLIPS, CREATOR_COST = 1.0, 0.08
BORED_MOST = 0.5
"""Of a topic four clips lately are welcome, of a creator one; each more costs interest, up to so much in all."""


@dataclass(slots=True)
class Lately:
    """What one viewer had enough of, fading by the hour."""

    world: World
    topics: Floats = field(init=False)  # (TOPICS,) clips, as far as they still weigh
    creators: Floats = field(init=False)
    at: datetime = BEGINNING

    def __post_init__(self) -> None:
        self.topics, self.creators = np.zeros(TOPICS), np.zeros(int(self.world.makers.max()) + 1)

    def cost(self, at: datetime) -> Floats:
        """(N,) interest that is lost by weariness of each clip's topics and creator."""
        self._rest(at)
        cost = self.world.topics @ (TOPIC_COST * np.maximum(self.topics - TOPIC_CLIPS, 0))
        worn = np.maximum(self.creators - CREATOR_CLIPS, 0)
        cost += CREATOR_COST * worn[self.world.makers]
        return np.minimum(self.world.habits.boredom * cost, BORED_MOST)

    def saw(self, clip: int, at: datetime) -> None:
        """One more of its topics and its creator."""
        self._rest(at)
        self.topics += self.world.topics[clip]
        self.creators[self.world.makers[clip]] += 1

    def _rest(self, at: datetime) -> None:
        left = 0.5 ** ((at - self.at).total_seconds() / 3600 / REST_H)
        self.topics, self.creators = self.topics * left, self.creators * left
        self.at = at


@dataclass(slots=True)
class Sitting:
    """One viewer in front of a feed, from `begun` on; `place` is how many clips they have had."""

    lately: Lately
    viewer: int
    begun: datetime
    before: int
    """Clips they have had in earlier sittings."""
    place: int = 0
    _appeal: Floats = field(init=False)

    def __post_init__(self) -> None:
        world = self.lately.world
        gone = (self.begun - BEGINNING) / (world.rounds * ROUND)
        self._appeal = world.appeal(self.viewer, min(gone, 1.0))

    def pleasures(self, at: datetime) -> Floats:
        """(N,) what each clip would give now, chance aside."""
        return self._appeal - self.lately.cost(at) - FATIGUE * self._tired()

    def watch(self, clip: int, at: datetime) -> tuple[float, list[Deed]]:
        """The pleasure that a clip gives, and what is done with it."""
        world = self.lately.world
        interest = float(self._appeal[clip] - self.lately.cost(at)[clip])
        rng = np.random.default_rng([world.seed, 11, self.viewer, self.before + self.place])
        duration_ms = world.clips[clip].duration_ms
        deeds = reaction(world.people[self.viewer], interest, duration_ms, self._tired(), rng)
        pleasure = interest - FATIGUE * self._tired()
        self.lately.saw(clip, at)
        self.place += 1
        return pleasure, deeds

    def goes_on(self) -> bool:
        """To the next place of the slate; otherwise they leave it there and ask for another."""
        world = self.lately.world
        draw = np.random.default_rng([world.seed, 12, self.viewer, self.before + self.place]).random()
        return bool(draw < world.habits.attention)

    def _tired(self) -> int:
        return self.place if self.lately.world.habits.tires else 0
