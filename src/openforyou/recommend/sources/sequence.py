"""Neighbours by the sequence model: what comes next for somebody with this past."""

from __future__ import annotations

from openforyou.pipeline import Candidates
from openforyou.recommend.nearest import best
from openforyou.recommend.query import Query


class Sequence:
    """The largest dot products with the viewer's vector, exactly, and what the model's counts add to each.

    Nothing without a model or a past.
    """

    name = "sequence"

    def __call__(self, query: Query) -> Candidates:
        placed = query.index.placed
        if placed is None or query.viewer is None:
            return Candidates.of([])
        scores = placed.vectors @ query.viewer
        at, bonus = query.next_up
        scores[at] += bonus
        found = best(scores, query.weights.sequence_items, query.open & placed.usable)
        return Candidates.of(query.index.shelf.ids[found])
