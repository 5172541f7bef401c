"""Where each candidate's content lies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query


class Content:
    """`unit` (M, C): points about the catalogue's mean; zero without content, which is like nothing."""

    name = "content"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        unit = np.zeros((len(at), query.index.shelf.unit.shape[1]), dtype=np.float32)
        unit[at >= 0] = query.index.shelf.unit[at[at >= 0]]
        return {"unit": unit}
