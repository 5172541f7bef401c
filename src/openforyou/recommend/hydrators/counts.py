"""What everybody did with each candidate, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.hydrators import told_at
from openforyou.recommend.query.query import Query


class CountsOf:
    """`odds` (M, len(ACTIONS)): log-odds of each action for anybody; `age_h` (M,): hours since it was published."""

    name = "counts"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        age_s = query.ask.now_s - told_at(query.index.shelf.published_s, at, query.ask.now_s)
        return {"odds": told_at(query.index.tallies.odds, at), "age_h": np.maximum(age_s, 0) / 3600}
