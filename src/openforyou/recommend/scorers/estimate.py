"""The chance of each action from content and counts alone: what everybody did, moved by this viewer's taste.

Log-odds add: those of the item for anybody, and the viewer's taste for clips like it, up for the actions that praise
and down for those that blame. It needs no training, knows the last event, and stands in wherever a model does not.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.learn.serving import ACTIONS
from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query
from openforyou.recommend.query.taste import likeness, taste

PRAISE = np.array([-1 if action in ("skip", "not_interested") else 1 for action in ACTIONS], dtype=np.float32)


class Estimate:
    """`taste` (M,), and `estimate` (M, len(ACTIONS)) in log-odds."""

    name = "estimate"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        weights = query.weights
        felt = np.zeros(len(candidates), dtype=np.float32)
        if len(query.past):
            space = query.index.shelf.space
            alike = likeness(query.past, candidates["unit"], candidates["creator"], space, weights)
            felt = taste(query.past, alike, weights)
        push = weights.taste_gain * felt + weights.followed_gain * candidates["is_followed"]
        return {"taste": felt, "estimate": (candidates["odds"] + push[:, None] * PRAISE).astype(np.float32)}
