"""A share of the slate goes to fresh items by lot, so that the feed finds out what it does not know.

Whatever stands by lot carries its propensity: the chance that it had to stand in its slot, given the slots and the
earlier draws. With it, what happens next can be weighed without bias (inverse propensity scoring). All else stands with
certainty.
"""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query import Query
from openforyou.recommend.rerankers import relevance


class Exploration:
    """Fills about `explore_share` of the slots, never the first, from fresh items that would not stand there anyway."""

    name = "exploration"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        weights, lots = query.weights, query.lots()
        behind = np.arange(min(size, len(candidates)), len(candidates))
        drawn_by_lot = np.zeros(len(query.index), dtype=bool)
        drawn_by_lot[query.lot] = True
        pool = behind[drawn_by_lot[candidates["position"][behind]] & np.isfinite(candidates["score"][behind])]
        slots = min(int(size * weights.explore_share + lots.random()), len(pool), size - 1)
        if slots < 1:
            return Order(np.empty(0, dtype=np.int64), {})
        odds = np.exp(weights.explore_lean * relevance(candidates["score"][pool]))
        order = list(range(size))
        for slot in sorted(lots.sample(range(1, size), slots)):
            chances = odds / odds.sum()
            drawn = int(np.searchsorted(np.cumsum(chances)[:-1], lots.random(), side="right"))
            query.notes.propensity[int(candidates.ids[pool[drawn]])] = float(query.lot_chance * chances[drawn])
            order.insert(slot, int(pool[drawn]))
            odds[drawn] = 0
        order = order[:size]
        return Order(np.array(order, dtype=np.int64), {at: to - at for to, at in enumerate(order) if to != at})
