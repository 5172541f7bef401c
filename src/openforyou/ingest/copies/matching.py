"""From a found item to how its picture would lie in the clip: local features of a few frames, held against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies.features import Features, Matrix, fitted, words
from openforyou.ingest.copies.index import Found
from openforyou.ingest.copies.prints import Print
from openforyou.ingest.copies.taking import Taken

FRAMES_TRIED, LIKELY = 4, 3
INLIERS_MIN, INLIERS_SURE = 12, 40
"""Of one pair of frames; fewer agree by chance."""
AREA_MIN = 0.04
"""Of the item's frame that agreeing points must span: a mark that two clips share spans less."""


@dataclass(frozen=True, slots=True)
class Lie:
    """How an item's picture would lie in a clip's, mirrored where `mirrored`: from the item's pixels to the clip's.

    Both in pixels of their prints' frames. `inliers` is 0 where hashes alone say so.
    """

    matrix: Matrix
    clip_ms: int
    item_ms: int
    inliers: int


def lies(taken: Taken, item: Print, found: Found) -> list[Lie]:
    """Candidates, the best first; none where nothing agrees."""
    clip = taken.mirrored if found.mirrored else taken.print
    if found.view is not None:
        return [_by_view(taken, item, found), *_by_features(clip, item, found, (found.frame,))]
    return _by_features(clip, item, found)


def _by_features(clip: Print, item: Print, found: Found, near: tuple[int, ...] = ()) -> list[Lie]:
    """Each of the item's frames that speak for it, against the clip's frames that share most words with it."""
    answer: list[Lie] = []
    for number in (one for one in found.frames[:FRAMES_TRIED] if one < len(item)):
        theirs = item.frame(number)
        for at in dict.fromkeys([*near, *_likely(clip, theirs)]):
            fit = fitted(theirs, clip.frame(at))
            if fit is None or fit.inliers < INLIERS_MIN or _area(fit.of) < AREA_MIN * item.width * item.height:
                continue
            answer.append(Lie(fit.matrix, int(clip.times_ms[at]), int(item.times_ms[number]), fit.inliers))
        if sum(one.inliers >= INLIERS_SURE for one in answer) >= 2:
            break
    return sorted(answer, key=lambda one: -one.inliers)


def _likely(clip: Print, theirs: Features) -> list[int]:
    """The clip's frames that share most words with a frame."""
    shared = np.isin(words(clip.codes), words(theirs.codes))
    counts = np.bincount(clip.of[shared], minlength=len(clip))
    return [int(one) for one in np.argsort(-counts, kind="stable")[:LIKELY]]


def _area(places: NDArray[np.float32]) -> float:
    """Of the box around points, the outermost tenths left out."""
    low, high = np.quantile(places, [0.05, 0.95], axis=0)
    return float(np.prod(high - low))


def _by_view(taken: Taken, item: Print, found: Found) -> Lie:
    """The item's whole frame laid over the view whose hash it has."""
    assert found.view is not None
    left, top, right, bottom = taken.boxes[found.frame, found.view]
    if found.mirrored:
        left, right = taken.print.width - right, taken.print.width - left
    across, down = (right - left) / item.width, (bottom - top) / item.height
    matrix = np.array([[across, 0, left], [0, down, top]], dtype=np.float64)
    return Lie(matrix, int(taken.print.times_ms[found.frame]), int(item.times_ms[found.frames[0]]), 0)
