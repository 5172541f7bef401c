"""Where ids, or positions, stand among others that ascend: M log H steps, however many those are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


def positions(held: Whole, wanted: Whole) -> Whole:
    """(M,) where each of `wanted` stands in `held`, (H,) ascending; -1 where it does not."""
    if not len(held):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    return np.where(held[at] == wanted, at, -1)


def among(held: Whole, wanted: Whole) -> NDArray[np.bool_]:
    """(M,) which of `wanted` stand in `held`, (H,) ascending."""
    return positions(held, wanted) >= 0
