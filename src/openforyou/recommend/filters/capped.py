"""What a published cap holds back, for it has as many views as the cap allows.

Such an item is proposed like any other and taken out here, so that the record names the rule and its creator is told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Capped:
    """Keeps what has reached no cap that is in force."""

    name = "capped"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.index.capped, candidates)
