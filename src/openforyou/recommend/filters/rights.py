"""What may be recommended: on the shelf, and not found since to have lost a right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Rights:
    """Keeps what is published with the rights to be shown and recommended."""

    name = "rights"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.lost, candidates)
