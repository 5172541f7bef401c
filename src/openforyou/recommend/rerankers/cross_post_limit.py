"""No more clips that were posted elsewhere before than a published rule allows in one slate.

Those beyond it go behind the rest. Where nothing else is left to fill the slate, `ranking` leaves them out.
"""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query.query import Query

NOTHING = Order(np.empty(0, dtype=np.int64), {})


class CrossPostLimit:
    """The best so many cross-posts stay, the others in their order; what had to go is noted for the record."""

    name = "cross_post_limit"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        policy = query.index.ruling.cross_post_limit
        if policy is None or policy.limit is None:
            return NOTHING
        worthy = np.isfinite(candidates["score"])  # Sunk ones stand last, and stay there.
        cross_post = candidates["cross_post"] & worthy
        over = cross_post & (np.cumsum(cross_post) > policy.limit)
        if not over[:size].any():
            return NOTHING
        kept = np.flatnonzero(worthy & ~over)[:size]
        end = int(kept[-1]) + 1 if len(kept) == size else len(candidates)
        displaced = np.flatnonzero(over[:end])
        query.notes.displaced = candidates.ids[displaced[displaced < query.ask.size]].tolist()
        order = np.concatenate([kept, displaced])
        return Order(order, {int(at): to - int(at) for to, at in enumerate(order) if to != at})
