"""Where candidates stand on the shelf. Everything else is told by position."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query


class Place:
    """`position` (M,); -1 for what is not on the shelf, which no filter lets through."""

    name = "place"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        return {"position": query.index.shelf.positions(candidates.ids)}
