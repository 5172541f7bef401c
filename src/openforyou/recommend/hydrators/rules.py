"""What published rules say of each candidate: by what its value counts, and whether it was posted elsewhere before."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.hydrators import told_at
from openforyou.recommend.query.query import Query


class Rules:
    """`factor` (M,), 1 where no rule moves it; `cross_post` (M,)."""

    name = "rules"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        factor = told_at(query.index.ruling.factor, at, 1)
        return {"factor": factor, "cross_post": told_at(query.index.shelf.cross_post, at)}
