"""The newest of the creators that the viewer follows."""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.recommend.query import Query


class Followed:
    """By falling time of publication."""

    name = "followed"

    def __call__(self, query: Query) -> Candidates:
        if not query.followed.any():
            return Candidates.of([])
        at = np.flatnonzero(query.followed[query.index.creator_codes] & query.open)
        newest = at[np.argsort(-query.index.shelf.published_s[at], kind="stable")][: query.weights.followed_items]
        return Candidates.of(query.index.shelf.ids[newest])
