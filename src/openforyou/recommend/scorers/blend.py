"""The chances that count: model and estimate together.

A trained model knows what goes with what across all viewers; the estimate knows the counts, the content, and the last
minute. Their errors differ, so a mean of their log-odds is better than either: as much of the model as the rows that
its training held back bear out, and at most `model_share`. A model of few viewers knows less than the counts do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.params import Weights
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.index import Placed, chances


def trusted(placed: Placed, weights: Weights) -> float:
    """The model's share of each chance."""
    return min(placed.model.heads_share, weights.model_share)


class Blend:
    """`chances` (M, len(ACTIONS)): the estimate's where the model is absent or not finite."""

    name = "blend"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        odds = candidates["estimate"]
        model = candidates.columns.get("model")
        if model is not None and query.index.placed is not None:
            share = np.float32(trusted(query.index.placed, query.weights))
            odds = np.where(np.isfinite(model), share * np.nan_to_num(model) + (1 - share) * odds, odds)
        return {"chances": chances(odds)}
