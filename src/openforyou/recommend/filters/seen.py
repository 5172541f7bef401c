"""What was seen never comes back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Seen:
    """Keeps what the viewer never did anything with."""

    name = "seen"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.seen, candidates)
