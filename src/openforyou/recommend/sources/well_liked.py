"""The best of all time that this viewer has not seen: never runs dry while anything unseen is left."""

from __future__ import annotations

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query

LOOK_FIRST = 512
"""Then twice as many, and so on: most viewers have seen few of the best."""


class WellLiked:
    """By falling worth to anybody, as everybody's counts have it."""

    name = "well_liked"

    def __call__(self, query: Query) -> Candidates:
        wanted, order = query.weights.well_liked_items, query.index.tallies.well_liked
        look = LOOK_FIRST
        found = query.opened(order[:look])
        while len(found) < wanted and look < len(order):
            look *= 2
            found = query.opened(order[:look])
        return Candidates.of(query.index.shelf.ids[found[:wanted]])
