"""What everybody did with each candidate, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.learn.serving import ACTIONS
from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query


class CountsOf:
    """`odds` (M, len(ACTIONS)): log-odds of each action for anybody; `age_h` (M,): hours since it was published."""

    name = "counts"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        odds = np.zeros((len(at), len(ACTIONS)), dtype=np.float32)
        age_h = np.zeros(len(at))
        here = at >= 0
        odds[here] = query.index.tallies.odds[at[here]]
        age_h[here] = np.maximum(query.ask.now_s - query.index.shelf.published_s[at[here]], 0) / 3600
        return {"odds": odds, "age_h": age_h}
