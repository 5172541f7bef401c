"""From a found item to how its picture would lie in the clip: local features of a few frames, matched."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies.features import Features, Matrix, agreed, matched, words
from openforyou.ingest.copies.index import Found
from openforyou.ingest.copies.prints import Print
from openforyou.ingest.copies.taking import Taken

FRAMES_TRIED, LIKELY = 4, 3
INLIERS_MIN, INLIERS_SURE = 12, 40
"""Of one pair of frames; fewer agree by chance."""
POOLED_MIN = 24
"""Of several pairs together."""
Points = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lie:
    """How an item's picture would lie in a clip's, mirrored where `mirrored`: from the item's pixels to the clip's.

    Both in pixels of their prints' frames. `inliers` is 0 where hashes alone say so.
    """

    matrix: Matrix
    clip_ms: int
    item_ms: int
    inliers: int
    area: float = 0.0
    """The share of the item's frame that agreeing points span: a mark that two clips share spans little."""


class Matcher:
    """Of one clip. What is worked out of it once serves every candidate."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._words: dict[bool, NDArray[np.int32]] = {}

    def lies(self, item: Print, found: Found) -> list[Lie]:
        """How an item may lie in the clip, the best first; none where nothing agrees."""
        if found.view is not None:
            return [_by_view(self._taken, item, found), *self._by_features(item, found, (found.frame,))]
        return self._by_features(item, found)

    def _by_features(self, item: Print, found: Found, near: tuple[int, ...] = ()) -> list[Lie]:
        """Each of the item's frames that speak for it, against the clip's frames that share most words with it.

        Where the picture lies the same all the time, the points of all pairs agree, even if each has few.
        """
        clip = self._taken.mirrored if found.mirrored else self._taken.print
        answer: list[Lie] = []
        pooled: list[tuple[Points, Points]] = []
        for number in (one for one in found.frames[:FRAMES_TRIED] if one < len(item)):
            theirs = item.frame(number)
            for at in dict.fromkeys([*near, *self._likely(clip, theirs, found.mirrored)]):
                pooled.append(matched(theirs, clip.frame(at)))
                times_ms = int(clip.times_ms[at]), int(item.times_ms[number])
                answer += _lie(pooled[-1], item, times_ms, INLIERS_MIN)
            if sum(one.inliers >= INLIERS_SURE for one in answer) >= 2:
                break
        if pooled and max((one.inliers for one in answer), default=0) < INLIERS_SURE:
            of, into = (np.concatenate(side) for side in zip(*pooled, strict=True))
            answer += _lie((of, into), item, (0, 0), POOLED_MIN)
        return sorted(answer, key=lambda one: -one.inliers)

    def _likely(self, clip: Print, theirs: Features, mirrored: bool) -> list[int]:
        """The clip's frames that share most words with a frame."""
        if mirrored not in self._words:
            self._words[mirrored] = words(clip.codes)
        shared = np.isin(self._words[mirrored], words(theirs.codes))
        counts = np.bincount(clip.of[shared], minlength=len(clip))
        return [int(one) for one in np.argsort(-counts, kind="stable")[:LIKELY]]


def _lie(pairs: tuple[Points, Points], item: Print, times_ms: tuple[int, int], inliers_min: int) -> list[Lie]:
    if len(pairs[0]) < inliers_min:
        return []
    fit = agreed(*pairs)
    if fit is None or fit.inliers < inliers_min:
        return []
    return [Lie(fit.matrix, *times_ms, fit.inliers, _area(fit.of) / (item.width * item.height))]


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
