"""What the viewer muted: a creator, a sound, a topic, a word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates
from openforyou.recommend.query.query import Query, kept_by


class Muted:
    """Keeps what carries nothing that was muted. Followed creators are no exception: the Following feed shows them."""

    name = "muted"

    def __call__(self, query: Query, candidates: Candidates) -> NDArray[np.bool_]:
        return kept_by(query.muted, candidates)
