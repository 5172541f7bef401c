"""What the client has in its hands already is not sent a second time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Held:
    """Keeps what the request did not name as held."""

    name = "held"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.held, candidates)
