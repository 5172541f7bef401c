"""Where ids, or positions, stand among others that ascend: M log H steps, however many those are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]


def positions(held: Whole, wanted: Whole) -> Whole:
    """(M,) where each of `wanted` stands in `held`, (H,) ascending; -1 where it does not."""
    if not len(held):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = held.searchsorted(wanted)
    return np.where(held.take(at, mode="clip") == wanted, at, -1)


def among(held: Whole, wanted: Whole) -> NDArray[np.bool_]:
    """(M,) which of `wanted` stand in `held`, (H,) ascending."""
    if not len(held):
        return np.zeros(len(wanted), dtype=np.bool_)
    return np.asarray(held.take(held.searchsorted(wanted), mode="clip") == wanted)
