"""What an action means to the model: pure rules over viewer state, the same in training as in service."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.serving import ACTIONS, Did, Floats
from openforyou.learn.types import Mask, Sequences

WATCHED_MAX = 2.0
DURATION_MS_MIN = 1_000
LIKED = Did.VIEW | Did.COMPLETE | Did.LIKE | Did.SHARE
DISLIKED = Did.SKIP | Did.NOT_INTERESTED
NOT_WORSE_Z = 1.96
"""How many standard errors a difference must reach to count: 95 % of chance alone lies within."""

_LABELS = {
    "view": Did.VIEW,
    "complete": Did.COMPLETE,
    "like": Did.LIKE,
    "share": Did.SHARE,
    "skip": Did.SKIP,
    "not_interested": Did.NOT_INTERESTED,
}


def did_of(*, views: int, completions: int, liked: bool, shares: int, skips: int, refused: bool) -> Did:
    """The bits of one (viewer, item); `refused` is not interested, or reported."""
    return Did(
        Did.VIEW * (views > 0)
        | Did.COMPLETE * (completions > 0)
        | Did.LIKE * liked
        | Did.SHARE * (shares > 0)
        | Did.SKIP * (skips > 0)
        | Did.NOT_INTERESTED * refused
    )


def watched_share(watch_ms: int, duration_ms: int, did: Did) -> float:
    """Share of a clip that was watched: at least 1 when it was played to its end, 2 at the most."""
    share = watch_ms / max(duration_ms, DURATION_MS_MIN)
    return min(max(share, 1.0) if did & Did.COMPLETE else share, WATCHED_MAX)


def is_wanted(did: NDArray[np.uint8]) -> Mask:
    """(R,) what the next-item loss should predict: watched or better, and neither skipped nor refused.

    A clip that was seen to its end and *then* swiped away carries COMPLETE and SKIP: it was wanted.
    """
    finished = (did & Did.COMPLETE) > 0
    disliked = np.where(finished, (did & Did.NOT_INTERESTED) > 0, (did & DISLIKED) > 0)
    return ((did & LIKED) > 0) & ~disliked


def labels(sequences: Sequences, rows: NDArray[np.int64]) -> Floats:
    """(P, len(ACTIONS)) of 0 and 1: what became of the items at `rows`."""
    did = sequences.did[rows]
    columns = [sequences.followed[rows] if action == "follow" else (did & _LABELS[action]) > 0 for action in ACTIONS]
    return np.stack(columns, axis=1).astype(np.float32)


def is_not_worse(candidate: NDArray[np.float64], standing: NDArray[np.float64]) -> bool:
    """The gate, over the same viewers' scores (V,): false when the candidate is worse beyond chance.

    A paired comparison: mean difference plus 1.96 standard errors reaches zero. Demanding *better* would keep
    equals out, and with them every item that appeared since.
    """
    assert candidate.shape == standing.shape, "the gate compares the same viewers"
    difference = candidate - standing
    error = float(difference.std() / max(len(difference), 1) ** 0.5)
    return float(difference.mean()) + NOT_WORSE_Z * error >= 0
