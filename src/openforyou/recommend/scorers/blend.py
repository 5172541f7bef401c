"""The chances that count: model and estimate together.

A trained model knows what goes with what across all viewers; the estimate knows the counts, the content, and the last
minute. Their errors differ, so the mean of their log-odds is better than either.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.index import chances


class Blend:
    """`chances` (M, len(ACTIONS)): the estimate's where the model is absent or not finite."""

    name = "blend"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        odds = candidates["estimate"]
        model = candidates.columns.get("model")
        if model is not None:
            share = np.float32(query.weights.model_share)
            odds = np.where(np.isfinite(model), share * np.nan_to_num(model) + (1 - share) * odds, odds)
        return {"chances": chances(odds)}
