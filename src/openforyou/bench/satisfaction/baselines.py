"""The feeds that ours is compared with.

Each is given what keeps it alive: it knows every deed at once and counts to the second, shows no clip twice, falls back
on what is popular, lets ties fall by lot, and if it could never show what nobody has seen yet, gives slots by lot.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from openforyou.bench.satisfaction.policies import Clip, Floats, Size
from openforyou.core.errors import NotFound
from openforyou.demo.viewers import Deed
from openforyou.events.types import EventType

INTEREST_EXPLORED = 0.3
ENGAGEMENT_EXPLORED, FACTORISATION_EXPLORED = 0.05, 0.1
"""Share of slots by lot, without which these two never show a clip that nobody has seen."""
PRIOR_IMPRESSIONS = 5.0
PRIOR_CLIPS = 2.0
FACTORS, CONFIDENCE, PENALTY, ROUNDS = 8, 1.0, 0.1, 15
"""These, and the two shares above, are the best of a small grid, on two worlds that the benchmark does not use."""
TIE = 1e-6


class Baseline(ABC):
    """Shows the unseen clips with the highest scores, and `explored` of the slots by lot."""

    name: ClassVar[str]
    explored: ClassVar[float] = 0.0

    def __init__(self, size: Size, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 21, len(self.name), *self.name.encode()])
        self.here = np.zeros(size.clips, dtype=bool)
        self.creators = np.zeros(size.clips, dtype=np.int64)
        self.topics = np.zeros(size.clips, dtype=np.int64)
        self.size = size
        self.seen = np.zeros((size.viewers, size.clips), dtype=bool)
        self.liked = np.zeros((size.viewers, size.clips))
        self.watched = np.zeros((size.viewers, size.clips))

    @abstractmethod
    def scores(self, viewer: int) -> Floats:
        """(N,) of every clip for this viewer."""

    def publish(self, clips: Sequence[Clip], at: datetime) -> None:  # noqa: ARG002
        for clip in clips:
            self.here[clip.number] = True
            self.creators[clip.number], self.topics[clip.number] = clip.creator, clip.topic

    def slate(self, viewer: int, at: datetime, size: int) -> Sequence[int]:  # noqa: ARG002
        left = self.rng.permutation(np.flatnonzero(self.here & ~self.seen[viewer]))
        best = left[np.argsort(-self.scores(viewer)[left], kind="stable")]
        by_lot = int(self.rng.binomial(min(size, len(best)), self.explored))
        chosen = best[: size - by_lot]
        drawn = [clip for clip in left.tolist() if clip not in set(chosen.tolist())][:by_lot]
        slots = np.sort(self.rng.choice(len(chosen) + 1, len(drawn)))
        return [int(clip) for clip in np.insert(chosen, slots, drawn)]

    def told(self, viewer: int, clip: int, at: datetime, deeds: Sequence[Deed]) -> None:  # noqa: ARG002
        self.seen[viewer, clip] = True
        kinds = {deed.type for deed in deeds}
        self.liked[viewer, clip] = EventType.LIKE in kinds
        self.watched[viewer, clip] = EventType.SKIP not in kinds and EventType.VIEW in kinds

    def settle(self, at: datetime) -> None:  # noqa: B027
        """Most have nothing to refit."""

    def popular(self) -> Floats:
        """(N,) the share of those who saw a clip and watched on, a like counting once more; new ones at the mean."""
        praise = (self.watched + self.liked).sum(axis=0)
        shown = self.seen.sum(axis=0)
        mean = praise.sum() / max(shown.sum(), 1)
        return np.asarray((praise + PRIOR_IMPRESSIONS * mean) / (shown + PRIOR_IMPRESSIONS))


class Chance(Baseline):
    """Anything."""

    name = "random"

    def scores(self, viewer: int) -> Floats:  # noqa: ARG002
        return np.zeros(self.size.clips)


class Popularity(Baseline):
    """What most of those who saw it watched on or liked."""

    name = "popularity"

    def scores(self, viewer: int) -> Floats:  # noqa: ARG002
        return self.popular()


class Interest(Baseline):
    """Seven of ten by how the viewer took to a clip's creator and hashtag so far, three of ten by lot."""

    name = "interest_30_random"
    explored = INTEREST_EXPLORED

    def scores(self, viewer: int) -> Floats:
        praise, seen = self.watched[viewer] + self.liked[viewer], self.seen[viewer]
        mean = praise.sum() / max(seen.sum(), 1)

        def taken_to(groups: NDArray[np.int64], count: int) -> Floats:
            praised, had = np.bincount(groups, praise, count), np.bincount(groups, seen, count)
            return np.asarray((praised + PRIOR_CLIPS * mean) / (had + PRIOR_CLIPS))[groups]

        by_creator = taken_to(self.creators, self.size.creators)
        by_topic = taken_to(self.topics, self.size.topics)
        return np.asarray(by_creator + by_topic + TIE * self.popular())


class CoEngagement(Baseline):
    """Liked by those who liked what you liked, each weighing by how much of their liking you share."""

    name = "likes_co_engagement"
    explored = ENGAGEMENT_EXPLORED

    def scores(self, viewer: int) -> Floats:
        alike = self.liked @ self.liked[viewer]
        alike[viewer] = 0
        weight = alike / np.sqrt(self.liked.sum(axis=1) + 1)
        return np.asarray(weight @ self.liked + TIE * self.popular())


class Factorisation(Baseline):
    """Implicit ALS (Hu, Koren and Volinsky 2008), by the library `implicit`.

    On what was watched on, a like counting once more. Refit between rounds; viewers are placed anew at each slate.
    """

    name = "matrix_factorisation"
    explored = FACTORISATION_EXPLORED
    factors, confidence, penalty = FACTORS, CONFIDENCE, PENALTY

    def __init__(self, size: Size, seed: int) -> None:
        super().__init__(size, seed)
        self.seed = seed
        self.model: Any = None

    def scores(self, viewer: int) -> Floats:
        popular = TIE * self.popular()
        wanted = (self.watched + self.liked)[viewer : viewer + 1]
        if self.model is None or not wanted.any():
            return popular
        found = self.model.recalculate_user(np.zeros(1, dtype=np.int32), _sparse(wanted))
        return np.asarray(found.reshape(-1) @ self.model.item_factors.T + popular, dtype=np.float64)

    def settle(self, at: datetime) -> None:  # noqa: ARG002
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        wanted = self.watched + self.liked
        if not wanted.any():
            return
        with threadpool_limits(1, "blas"):  # The library asks for it: it runs threads of its own.
            self.model = AlternatingLeastSquares(
                factors=self.factors,
                alpha=self.confidence,
                regularization=self.penalty,
                iterations=ROUNDS,
                num_threads=1,
                random_state=self.seed,
            )
            self.model.fit(_sparse(wanted), show_progress=False)


def check_installed() -> None:
    """Raises `NotFound` where the library that one of the baselines is made with is missing."""
    if find_spec("implicit") is None:
        raise NotFound("The library implicit is not here.", hint="pip install 'openforyou[evaluate]'")


def _sparse(rows: Floats) -> Any:
    from scipy.sparse import csr_matrix

    return csr_matrix(rows.astype(np.float32))


BASELINES: tuple[type[Baseline], ...] = (Chance, Popularity, Interest, CoEngagement, Factorisation)
