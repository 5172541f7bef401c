"""Who made each candidate, and whether the viewer follows them."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.pipeline.lookup import among
from openforyou.recommend.hydrators import told_at
from openforyou.recommend.query.query import Query


class CreatorOf:
    """`creator` (M,), 0 where unknown; `is_followed` (M,)."""

    name = "creator"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        at = candidates["position"]
        followed = among(query.followed, told_at(query.index.makers.codes, at, -1))
        return {"creator": told_at(query.index.shelf.creators, at), "is_followed": followed}
