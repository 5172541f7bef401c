"""The chance of each action by the model in service."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.learn.serving import ACTIONS
from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.index import log_odds


class Model:
    """`model` (M, len(ACTIONS)) in log-odds; a row that is not finite where it does not know; none without a model."""

    name = "model"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        placed = query.index.placed
        if placed is None or query.viewer is None or not len(candidates):
            return {}
        told = np.asarray(placed.model.action_probabilities(query.viewer, candidates["vector"]), dtype=np.float32)
        assert told.shape == (len(candidates), len(ACTIONS)), f"the model answered {told.shape}"
        known = np.isfinite(told).all(axis=1)
        if not known.all():
            query.notes.fallbacks.append("model-not-finite")
        known &= candidates["is_placed"]
        return {"model": np.where(known[:, None], log_odds(np.where(known[:, None], told, 0.5)), np.nan)}
