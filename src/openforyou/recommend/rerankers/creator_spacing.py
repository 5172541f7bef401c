"""Two clips by one creator do not stand side by side while others can stand between."""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query import Query

LOOK_AHEAD = 3
"""In slates: a clip from further down is not worth the better spacing."""


class CreatorSpacing:
    """The best whose creator is not among the last `creator_gap`; the best of all where there is none."""

    name = "creator_spacing"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        gap = query.weights.creator_gap
        worthy = int(np.count_nonzero(np.isfinite(candidates["score"])))  # Sunk ones stand last, and stay there.
        creators = candidates["creator"][: min(size * LOOK_AHEAD, worthy)].tolist()
        waiting = list(range(len(creators)))
        chosen: list[int] = []
        while waiting and len(chosen) < size:
            last = {creators[at] for at in chosen[max(len(chosen) - gap, 0) :]}
            pick = next((at for at in waiting if creators[at] not in last), waiting[0])
            waiting.remove(pick)
            chosen.append(pick)
        return Order(np.array(chosen, dtype=np.int64), {at: to - at for to, at in enumerate(chosen) if to != at})
