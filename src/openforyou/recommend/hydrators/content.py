"""Where each candidate's content lies."""

from __future__ import annotations

from collections.abc import Mapping

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.hydrators import told_at
from openforyou.recommend.query.query import Query


class Content:
    """`unit` (M, C): points about the catalogue's mean; zero without content, which is like nothing."""

    name = "content"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        return {"unit": told_at(query.index.shelf.unit, candidates["position"])}
