"""Who made each candidate, and whether the viewer follows them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.pipeline.lookup import among
from openforyou.recommend.query.query import Query


class CreatorOf:
    """`creator` (M,), 0 where unknown; `is_followed` (M,)."""

    name = "creator"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        creators = np.zeros(len(at), dtype=np.int64)
        here = at >= 0
        creators[here] = query.index.shelf.creators[at[here]]
        followed = np.zeros(len(at), dtype=bool)
        followed[here] = among(query.followed, query.index.makers.codes[at[here]])
        return {"creator": creators, "is_followed": followed}
