"""What trends in the viewer's region, then what trends everywhere."""

from __future__ import annotations

import numpy as np

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query
from openforyou.recommend.snapshot.popularity import EVERYWHERE


class Trending:
    """By falling gain, in the region first."""

    name = "trending"

    def __call__(self, query: Query) -> Candidates:
        trending = query.index.trending
        found = trending.get(query.ask.region, trending.get(EVERYWHERE, np.empty(0, np.int64)))
        return Candidates.of(query.index.shelf.ids[query.opened(found)[: query.weights.trending_items]])
