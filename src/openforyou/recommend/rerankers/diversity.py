"""No slate of one look: each clip counts less, the more alike ones stand before it.

Maximal marginal relevance (Carbonell and Goldstein, 1998) with the redundancy as a product over all that was chosen,
not the largest alone: the fifth clip of a look costs more than the second, so a loved look leads the slate and does not
fill it.
"""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query.query import Query
from openforyou.recommend.rerankers import relevance
from openforyou.recommend.rerankers.session import new_in_session


class Diversity:
    """Greedy over the best `diversity_pool`: relevance × (floor + (1 - floor) × Π (1 - diversity × likeness²))."""

    name = "diversity"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        weights, space = query.weights, query.index.shelf.space
        pool = min(len(candidates), weights.diversity_pool)
        unit, worth = candidates["unit"][:pool], relevance(candidates["score"][:pool])
        novelty = new_in_session(query, candidates.take(np.arange(pool)))
        fading = 1 - np.float32(weights.diversity) * space.likeness(unit @ unit.T) ** 2  # (pool, pool)
        chosen: list[int] = []
        for _ in range(min(size, pool)):
            pick = int((worth * (weights.diversity_floor + (1 - weights.diversity_floor) * novelty)).argmax())
            chosen.append(pick)
            worth[pick] = -1
            novelty *= fading[pick]
        return Order(np.array(chosen, dtype=np.int64), {at: to - at for to, at in enumerate(chosen) if to != at})
