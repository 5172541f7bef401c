"""The published value model: Σ chance × worth over the actions, and a little for being new."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.index import worth


class Value:
    """`score` (M,), in points."""

    name = "value"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        weights = query.weights
        new = weights.value_fresh * np.exp2(-candidates["age_h"] / weights.fresh_half_life_h)
        return {"score": candidates["chances"] @ worth(weights) + new}
