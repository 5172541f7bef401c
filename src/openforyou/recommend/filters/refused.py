"""What the viewer asked not to be shown, or reported."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Refused:
    """Keeps what was not refused, whatever becomes of the record of having seen it."""

    name = "refused"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.refused, candidates)
