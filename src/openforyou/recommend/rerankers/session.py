"""The next slate does not go on where the last one ended: looks and creators just served count less for a while.

What was served in this sitting counts as standing before the slate, by a weight that fades with each clip since. This
rule says by how much a clip is like any of it, and orders by that; `diversity` then begins from the same loss.
"""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query.query import Query
from openforyou.recommend.rerankers import relevance
from openforyou.recommend.snapshot.space import Floats


class SessionVariety:
    """Of the best `diversity_pool`: relevance × (floor + (1 - floor) × what is new in this sitting)."""

    name = "session_variety"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:  # noqa: ARG002 - orders them all
        if not len(query.standing.positions):
            return Order(np.empty(0, dtype=np.int64), {})
        floor = query.weights.diversity_floor
        pool = candidates.take(np.arange(min(len(candidates), query.weights.diversity_pool)))
        worth = relevance(pool["score"]) * (floor + (1 - floor) * new_in_session(query, pool))
        order = np.argsort(-worth, kind="stable")
        return Order(order, {int(at): to - int(at) for to, at in enumerate(order) if to != at})


def new_in_session(query: Query, candidates: Candidates) -> Floats:
    """(M,): Π (1 - weight × diversity × likeness²) over what was served just before; 1 where nothing was."""
    standing, shelf, weights = query.standing, query.index.shelf, query.weights
    if not len(standing.positions):
        return np.ones(len(candidates), dtype=np.float32)
    alike = shelf.space.likeness(candidates["unit"] @ shelf.unit[standing.positions].T)  # (M, S)
    same = candidates["creator"][:, None] == shelf.creators[standing.positions][None, :]
    alike = np.maximum(alike, np.float32(weights.session_creator) * same)
    lost = standing.weight * np.float32(weights.diversity) * alike**2
    return np.asarray(np.prod(1 - lost, axis=1), dtype=np.float32)
