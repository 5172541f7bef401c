"""Published boosts and demotions: the value of an item counts so many times.

A value below 0 is divided instead, so that a boost never lowers and a demotion never lifts.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.pipeline.candidates import Column
from openforyou.recommend.query.query import Query, Swayed
from openforyou.recommend.snapshot.shelf import Ids
from openforyou.recommend.snapshot.space import Floats


class Factor:
    """`score` (M,) after every rule in force; leaves a note of who stood where before and after, for the record."""

    name = "factor"

    def __call__(self, query: Query, candidates: Candidates) -> Mapping[str, Column]:
        factor, score = candidates["factor"], candidates["score"]
        if (factor == 1).all():
            return {}
        after = np.where(score >= 0, score * factor, score / factor)
        ranks = _ranks(score), _ranks(after)
        query.notes.swayed = Swayed(candidates.ids, candidates["position"], factor != 1, *ranks)
        return {"score": after}


def _ranks(score: Floats) -> Ids:
    """(M,) the place of each by falling score, from 0; what is no number comes last."""
    ranks = np.empty(len(score), dtype=np.int64)
    ranks[np.argsort(-np.where(np.isfinite(score), score, -np.inf), kind="stable")] = np.arange(len(score))
    return ranks
