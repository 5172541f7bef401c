"""Where the model puts each candidate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query


class Vectors:
    """`vector` (M, D) and `is_placed` (M,); no column when no model takes part in this request."""

    name = "vectors"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        placed = query.index.placed
        if placed is None or query.viewer is None:
            return {}
        at = candidates["position"]
        vectors = np.zeros((len(at), placed.vectors.shape[1]), dtype=np.float32)
        usable = np.zeros(len(at), dtype=bool)
        here = at >= 0
        vectors[here] = placed.vectors[at[here]]
        usable[here] = placed.usable[at[here]]
        return {"vector": vectors, "is_placed": usable}
