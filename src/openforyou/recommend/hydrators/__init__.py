"""What is told about candidates before they are judged: columns of the index, by position."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.recommend.snapshot.shelf import Ids


def told_at(column: NDArray[Any], at: Ids, beyond: float = 0) -> NDArray[Any]:
    """(M, …) of a column of the index at some positions; `beyond` for what is not on the shelf, at -1."""
    if not len(column):
        return np.full((len(at), *column.shape[1:]), beyond, dtype=column.dtype)
    told: NDArray[Any] = column.take(at, axis=0, mode="clip")
    gone = at < 0
    if gone.any():
        told[gone] = beyond
    return told
