"""Where the model puts each candidate."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.hydrators import told_at
from openforyou.recommend.query.query import Query


class Vectors:
    """`vector` (M, D) and `is_placed` (M,); no column when no model takes part in this request."""

    name = "vectors"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        placed = query.index.placed
        if placed is None or query.viewer is None:
            return {}
        at = candidates["position"]
        return {"vector": told_at(placed.vectors, at), "is_placed": told_at(placed.usable, at)}
