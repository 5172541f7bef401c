"""The slate as a whole: diversity, exploration, spacing. They order, and never remove."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def relevance(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M,) scores → 0 for the worst of them, 1 for the best; 1 for all where they do not differ, 0 for sunk ones."""
    finite = np.isfinite(score)
    if not finite.any():
        return np.zeros(len(score))
    low, high = float(score[finite].min()), float(score[finite].max())
    if high - low < 1e-9:
        return finite.astype(np.float64)
    return np.where(finite, (np.where(finite, score, low) - low) / (high - low), 0.0)
