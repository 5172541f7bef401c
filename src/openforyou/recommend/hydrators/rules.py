"""What published rules say of each candidate: by what its value counts, and whether it was posted elsewhere before."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query


class Rules:
    """`factor` (M,), 1 where no rule moves it; `cross_post` (M,)."""

    name = "rules"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        factor = np.ones(len(at), dtype=np.float32)
        cross_post = np.zeros(len(at), dtype=bool)
        here = at >= 0
        factor[here] = query.index.ruling.factor[at[here]]
        cross_post[here] = query.index.shelf.cross_post[at[here]]
        return {"factor": factor, "cross_post": cross_post}
