"""Local features: corners of a picture, and what surrounds each as 256 bits, which survive turns and crops.

ORB (Rublee and others, 2011): it costs a tenth of SIFT and needs no trained vocabulary: some of its bits, taken
as a number, are the visual word. Mirrored features are those of the mirrored picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

CODE_BYTES = 32
FEATURES_MAX = 160
"""Of one picture, the strongest first."""
WORD_BITS = 22
_CHOSEN = np.random.default_rng(3).permutation(8 * CODE_BYTES)[:WORD_BITS]
_WEIGHTS = 1 << np.arange(WORD_BITS, dtype=np.int32)
MATCH_BITS_MAX = 64
"""Two codes that differ in more bits are of different things."""
INLIER_PX, FEW, WHOLE_FROM = 4.0, 6, 10
STRETCH_MAX, SCALE_MIN, SCALE_MAX = 1.4, 0.2, 5.0
Greys = NDArray[np.uint8]
Matrix = NDArray[np.float64]
"""(2, 3): where a point of one picture lies in another."""


@dataclass(frozen=True, slots=True)
class Features:
    """`places` (N, 2) in pixels across and down, `codes` (N, 32)."""

    places: NDArray[np.float32]
    codes: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Fit:
    """How one picture lies in another, and the points that say so, (N, 2) in each."""

    matrix: Matrix
    of: NDArray[np.float32]
    into: NDArray[np.float32]

    @property
    def inliers(self) -> int:
        """How many points agree."""
        return len(self.of)


def features(grey: Greys, count: int = FEATURES_MAX) -> Features:
    """The strongest `count` of a grey picture (H, W), in descending order of strength."""
    finder = cast("Any", cv2).ORB_create(nfeatures=count, edgeThreshold=16, patchSize=31, fastThreshold=6)
    points, codes = finder.detectAndCompute(np.ascontiguousarray(grey), None)
    if codes is None:
        return Features(np.empty((0, 2), np.float32), np.empty((0, CODE_BYTES), np.uint8))
    order = np.argsort([-point.response for point in points], kind="stable")
    places = np.array([point.pt for point in points], dtype=np.float32)
    return Features(places[order], codes[order])


def words(codes: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The visual word of each code, 0 … 2²²."""
    bits = np.unpackbits(codes, axis=1)[:, _CHOSEN]
    return np.asarray(bits @ _WEIGHTS, dtype=np.int32)


def matched(of: Features, into: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Points (N, 2) of each that are each other's nearest, and near."""
    if not len(of) or not len(into):
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(of.codes, into.codes)
    near = np.array([(one.queryIdx, one.trainIdx) for one in pairs if one.distance <= MATCH_BITS_MAX], dtype=np.intp)
    near = near.reshape(-1, 2)
    return of.places[near[:, 0]], into.places[near[:, 1]]


def fitted(of: Features, into: Features) -> Fit | None:
    """How the picture of `of` lies in that of `into`; None where fewer than six points agree."""
    return agreed(*matched(of, into))


def agreed(of: NDArray[np.float32], into: NDArray[np.float32]) -> Fit | None:
    """The affine map that most of the pairs of points (N, 2) agree on: no fewer than six, no flip, no wild stretch."""
    if len(of) < FEW:
        return None
    cv2.setRNGSeed(1)
    limit = 2 * INLIER_PX
    coarse, mask = cv2.estimateAffinePartial2D(of, into, method=cv2.RANSAC, ransacReprojThreshold=limit, maxIters=500)
    matrix = _matrix(coarse)
    if matrix is None:
        return None
    near = np.asarray(mask).ravel() > 0
    if near.sum() >= WHOLE_FROM:
        finer, _ = cv2.estimateAffine2D(of[near], into[near], method=cv2.RANSAC, ransacReprojThreshold=INLIER_PX)
        whole = _matrix(finer)
        if whole is not None and is_plausible(whole):
            matrix, near = whole, _within(whole, of, into)
    if near.sum() < FEW or not is_plausible(matrix):
        return None
    return Fit(matrix, of[near], into[near])


def _matrix(found: object) -> Matrix | None:
    """OpenCV answers None where it finds none, and does not say so in its types."""
    return None if found is None else np.asarray(found, dtype=np.float64)


def _within(matrix: Matrix, of: NDArray[np.float32], into: NDArray[np.float32]) -> NDArray[np.bool_]:
    away = of @ matrix[:, :2].T + matrix[:, 2] - into
    return np.asarray(np.hypot(away[:, 0], away[:, 1]) <= INLIER_PX)


def is_plausible(matrix: Matrix) -> bool:
    """Whether somebody would alter a picture so: no flip, no wild size, hardly stretched."""
    turn = matrix[:, :2]
    large, small = np.linalg.svd(turn, compute_uv=False)
    return bool(np.linalg.det(turn) > 0 and small > SCALE_MIN and large < SCALE_MAX and large < STRETCH_MAX * small)
