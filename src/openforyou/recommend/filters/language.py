"""What declares another language than those that the viewer chose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query


class Language:
    """Keeps what is in one of them, or declares none; everything for a viewer who chose none."""

    name = "language"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        at = candidates["position"]
        kept = at >= 0
        kept[kept] = query.languages.heard(at[kept])
        return kept
