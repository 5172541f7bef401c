"""A mark to aim at: the feed that is told what no feed can know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from openforyou.bench.satisfaction.policies import Clip
from openforyou.bench.satisfaction.sitting import Lately, Sitting
from openforyou.bench.satisfaction.world import World
from openforyou.demo.viewers import Deed


class Oracle:
    """Knows what no feed can, and shows what pleases most now. It looks no further than a slate: no ceiling."""

    name = "oracle"

    def __init__(self, world: World) -> None:
        self._seen = np.zeros((len(world.people), len(world.clips)), dtype=bool)
        self._here = np.zeros(len(world.clips), dtype=bool)
        self._lately = [Lately(world) for _ in world.people]

    def publish(self, clips: Sequence[Clip], at: datetime) -> None:  # noqa: ARG002
        self._here[[clip.number for clip in clips]] = True

    def slate(self, viewer: int, at: datetime, size: int) -> Sequence[int]:
        pleasures = Sitting(self._lately[viewer], viewer, at, 0).pleasures(at)
        pleasures[~self._here | self._seen[viewer]] = -np.inf
        return [int(clip) for clip in np.argsort(-pleasures, kind="stable")[:size]]

    def told(self, viewer: int, clip: int, at: datetime, deeds: Sequence[Deed]) -> None:  # noqa: ARG002
        self._seen[viewer, clip] = True
        self._lately[viewer].saw(clip, at)

    def settle(self, at: datetime) -> None:
        """Nothing to learn."""
