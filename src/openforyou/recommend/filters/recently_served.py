"""What was served a moment ago is on its way to the screen, and is not served again while others are left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class RecentlyServed:
    """Keeps what was not just served; where too little is left, the query has already let the oldest through."""

    name = "recently_served"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.recent, candidates)
