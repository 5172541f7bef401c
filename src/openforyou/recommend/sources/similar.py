"""Content neighbours of what was just watched to the end or liked: works from the first clip, without a model."""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query
from openforyou.recommend.query.taste import interests

LIKENESS_MIN = 0.3
"""Less is not alike, however small the catalogue."""


class Similar:
    """The nearest clips to each of the viewer's interests, in turn, the strongest interest first."""

    name = "similar"

    def __call__(self, query: Query) -> Candidates:
        shelf = query.index.shelf
        points = interests(query.past, shelf.space, query.weights)
        if not len(points):
            return Candidates.of([])
        search, least = query.index.by_content, LIKENESS_MIN * shelf.space.near
        k = query.weights.similar_items
        reached = search.nearest(points, query.languages.reach(k), query.closed, least=least)
        found = [query.opened(some)[:k] for some in reached]
        turns = np.concatenate([np.arange(len(some)) for some in found])
        in_turn = np.concatenate(found)[np.argsort(turns, kind="stable")]
        _, first = np.unique(in_turn, return_index=True)
        return Candidates.of(shelf.ids[in_turn[np.sort(first)]])
