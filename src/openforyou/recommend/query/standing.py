"""What a viewer was served just before, in the same sitting: it counts as standing before the slate, and fades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot.shelf import Ids, Shelf
from openforyou.recommend.snapshot.space import Floats


@dataclass(frozen=True, slots=True)
class Standing:
    """S clips, the last first."""

    positions: Ids  # (S,)
    weight: Floats  # (S,) how much each counts beside one of the slate itself, 0 … 1


def standing_of(served: NDArray[np.void], shelf: Shelf, weights: Weights) -> Standing:
    """From what was served, (R,) of SERVED, each slate in its order; what was served twice counts as the last time."""
    backward = served[np.argsort(served["at"], kind="stable")][::-1]
    _, first = np.unique(backward["item_id"], return_index=True)
    at = shelf.positions(backward["item_id"][np.sort(first)])
    at = at[at >= 0][: weights.session_items]
    fading = np.exp2(-np.arange(len(at)) / weights.session_half_life_items)
    return Standing(at, (weights.session_share * fading).astype(np.float32))
