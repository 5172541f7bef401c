"""Fresh items, to find out who likes them: drawn by lot, so that each new clip has the same chance."""

from __future__ import annotations

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query


class Fresh:
    """What the lot of this request fell on, in no order of merit."""

    name = "fresh"

    def __call__(self, query: Query) -> Candidates:
        return Candidates.of(query.index.shelf.ids[query.lot])
