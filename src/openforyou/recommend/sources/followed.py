"""The newest of the creators that the viewer follows."""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query


class Followed:
    """By falling time of publication."""

    name = "followed"

    def __call__(self, query: Query) -> Candidates:
        makers, wanted = query.index.makers, query.weights.followed_items
        if not len(query.followed):
            return Candidates.of([])
        each = [
            query.opened(makers.made[makers.starts[one] : makers.starts[one + 1]])[:wanted] for one in query.followed
        ]
        at = np.sort(np.concatenate(each))
        newest = at[np.argsort(-query.index.shelf.published_s[at], kind="stable")][:wanted]
        return Candidates.of(query.index.shelf.ids[newest])
