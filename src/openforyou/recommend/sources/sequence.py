"""Neighbours by the sequence model: what comes next for somebody with this past."""

from __future__ import annotations

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query


class Sequence:
    """The largest dot products with the viewer's vector, and what the model's counts add to each.

    Nothing without a model or a past.
    """

    name = "sequence"

    def __call__(self, query: Query) -> Candidates:
        search = query.index.by_model
        if search is None or query.viewer is None:
            return Candidates.of([])
        k = query.weights.sequence_items
        (found,) = search.nearest(query.viewer[None], query.languages.reach(k), query.closed, lift=query.next_up)
        found = query.opened(found)[:k]
        return Candidates.of(query.index.shelf.ids[found])
