"""A share of the slate goes to fresh items by lot, so that the feed finds out what it does not know.

Whatever stands by lot carries its propensity. Two lots decide: which fresh clips come before this viewer at all
(`snapshot/lottery.py`), and which of them gets a slot; the propensity of a clip is the product of its chances in both,
given the slots and the earlier draws. Weighing what happens next by its inverse is unbiased, since over all lots each
clip then counts once on average, whatever else was drawn with it. A clip that the first lot alone proposed and that
stands by its value carries the chance of the first lot. All else stands with certainty.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates, Order
from openforyou.pipeline.lookup import among
from openforyou.recommend.query.query import Query
from openforyou.recommend.rerankers import relevance


class Exploration:
    """Fills about `explore_share` of the slots, never the first, from fresh items that would not stand there anyway."""

    name = "exploration"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        weights, lots = query.weights, query.lots()
        chance = _chances_by_lot(query, candidates)
        _note_lots(query, candidates, chance)
        behind = np.arange(min(size, len(candidates)), len(candidates))
        pool = behind[(chance[behind] > 0) & np.isfinite(candidates["score"][behind])]
        slots = min(int(size * weights.explore_share + lots.random()), len(pool), size - 1)
        if slots < 1:
            return Order(np.empty(0, dtype=np.int64), {})
        odds = np.exp(weights.explore_lean * relevance(candidates["score"][pool]))
        order = list(range(size))
        for slot in sorted(lots.sample(range(1, size), slots)):
            chances = odds / odds.sum()
            drawn = int(np.searchsorted(np.cumsum(chances)[:-1], lots.random(), side="right"))
            item = int(candidates.ids[pool[drawn]])
            query.notes.propensity[item] = float(chance[pool[drawn]] * chances[drawn])
            query.notes.explored.add(item)
            order.insert(slot, int(pool[drawn]))
            odds[drawn] = 0
        order = order[:size]
        return Order(np.array(order, dtype=np.int64), {at: to - at for to, at in enumerate(order) if to != at})


def _chances_by_lot(query: Query, candidates: Candidates) -> NDArray[np.float64]:
    """(M,) the chance that the first lot had to bring each; 0 for what it did not bring."""
    chance = np.zeros(len(candidates))
    drawn = among(query.lot, candidates["position"])
    chance[drawn] = query.lot_chances[np.searchsorted(query.lot, candidates["position"][drawn])]
    return chance


def _note_lots(query: Query, candidates: Candidates, chance: NDArray[np.float64]) -> None:
    """Of what nobody else proposed: it is here by that chance, wherever it stands."""
    alone = (chance > 0) & (candidates["sources"] == candidates["sources"] & -candidates["sources"])
    query.notes.propensity.update(zip(candidates.ids[alone].tolist(), chance[alone].tolist(), strict=True))
