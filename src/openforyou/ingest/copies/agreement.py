"""Whether two clips are one recording: the same pixels must change in the same way at the same times.

The same room, person and camera give the same background; only a copy gives the same changes. What is compared
are differences between frames a quarter of a second apart, of the item as it would lie in the clip. What
stands still, a background as well as a mark laid over it, falls out of them. A line through the times at
which they agree says when, and how fast.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies.features import Matrix, agreed, features, fitted
from openforyou.ingest.copies.pixels import PER_S, Span

Floats = NDArray[np.float32]
SIDE_PX = 80
"""The longer side of the clip's frames that are compared."""
STEP = 3
"""Frames between two that are held against each other: a quarter of a second."""
CHANGE_MIN = 1.2
"""Mean change, in levels of 255, below which a moment says nothing."""
MATCH_MIN = 0.35
"""Cosine from which one moment counts as the same change."""
CHANGE_MAX = 12.0
ENOUGH_S = 3.0
SPEEDS = np.exp(np.linspace(np.log(0.72), np.log(1.4), 33))
OVERLAP_MIN = 0.06
"""Of the clip's frame that the item must cover."""
REFINED_BY = 6
HOPELESS, GOOD_ENOUGH = 0.12, 0.93
"""Where making the map more precise changes nothing: what agrees by chance, and what agrees already."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well changes agree along the best line: item time = start_s + speed · clip time.

    `cosine` (−1 … 1) is the mean over the clip's moving moments within the item, weighted by how much they move;
    `moving_s` how long there was movement to go by; `clip_s`, `item_s` the span in which it agrees.
    """

    matrix: Matrix
    cosine: float
    moving_s: float
    start_s: float
    speed: float
    clip_s: tuple[float, float]
    item_s: tuple[float, float]
    likeness: float
    """Correlation (−1 … 1) of the pictures themselves, where they overlap, at aligned times."""


def agreement(clip: Span, item: Span, matrix: Matrix) -> Agreement | None:
    """The best line for an item that lies in the clip by `matrix`, which is made more precise; None: no overlap."""
    best = _along(clip, item, matrix)
    for _ in range(2):
        if best is None or not HOPELESS < best.cosine < GOOD_ENOUGH:
            return best
        finer = _refined(clip, item, best)
        again = None if finer is None else _along(clip, item, finer)
        if again is None or again.cosine <= best.cosine + 0.005:
            return best
        best = again
    return best


def _along(clip: Span, item: Span, matrix: Matrix) -> Agreement | None:
    height, width = clip.frames.shape[1:]
    scale = SIDE_PX / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = matrix * scale
    mask = cv2.warpAffine(np.ones(item.frames.shape[1:], np.uint8), small, size, flags=cv2.INTER_NEAREST) > 0
    mask = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if mask.mean() < OVERLAP_MIN:
        return None
    ours = np.stack([_soft(cv2.resize(one, size, interpolation=cv2.INTER_AREA))[mask] for one in clip.frames])
    theirs = np.stack([_soft(_laid(one, small, size))[mask] for one in item.frames])
    changed, changed_too = _changes(ours), _changes(theirs)
    if changed is None or changed_too is None:
        return None
    moments = _Moments(
        _cosines(changed, changed_too),
        _moving(changed),
        _moving(changed_too),
        clip.times_s[: len(changed)],
        item.times_s[: len(changed_too)],
    )
    start_s, speed = _line(moments)
    likes, weight = (one[0] for one in moments.along(np.array([start_s]), speed))
    total = float(weight.sum())
    good = (weight > 0) & (likes >= MATCH_MIN)
    matched = moments.times[good] if good.any() else moments.times[:1]
    span = (float(matched[0]), float(matched[-1] + STEP / PER_S))
    inside = np.flatnonzero((moments.times >= span[0]) & (moments.times <= span[1]))
    nearest = [int(np.abs(item.times_s - (start_s + speed * clip.times_s[n])).argmin()) for n in inside]
    alike = [_likeness(ours[n], theirs[m]) for n, m in zip(inside, nearest, strict=True)]
    return Agreement(
        matrix=matrix,
        cosine=float((likes * weight).sum()) / total if total else 0.0,
        moving_s=float((weight > 0).sum()) / PER_S,
        start_s=start_s,
        speed=speed,
        clip_s=span,
        item_s=(start_s + speed * span[0], start_s + speed * span[1]),
        likeness=float(np.median(alike)) if alike else 0.0,
    )


def _moving(changes: Floats) -> Floats:
    """Mean change of each moment, 0 where it is next to nothing, bounded so that no single cut decides."""
    mean = np.abs(changes).mean(axis=1)
    return np.where(mean > CHANGE_MIN, np.minimum(mean, CHANGE_MAX), 0).astype(np.float32)


def _laid(frame: NDArray[np.uint8], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The item's frame as it lies in the small clip: blurred first where it shrinks, so that nothing is skipped."""
    shrink = 1 / max(1e-3, float(np.sqrt(abs(np.linalg.det(matrix[:, :2])))))
    if shrink > 1.5:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), 0.4 * shrink), np.uint8)
    return np.asarray(cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)


def _soft(picture: NDArray[np.uint8]) -> Floats:
    return np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8), np.float32)


def _changes(pictures: Floats) -> Floats | None:
    """(N − STEP, P) differences, each without its mean: a fade of everything says little."""
    if len(pictures) <= STEP:
        return None
    change = pictures[STEP:] - pictures[:-STEP]
    return np.asarray(change - change.mean(axis=1, keepdims=True), np.float32)


def _cosines(one: Floats, other: Floats) -> Floats:
    lengths = [np.linalg.norm(each, axis=1, keepdims=True) + 1e-3 for each in (one, other)]
    return np.asarray((one / lengths[0]) @ (other / lengths[1]).T, np.float32)


@dataclass(frozen=True, slots=True)
class _Moments:
    """`likes` (clip, item): cosines of changes; how much each moves; at which times."""

    likes: Floats
    moved: Floats
    moved_too: Floats
    times: NDArray[np.float64]
    times_too: NDArray[np.float64]

    def along(self, start_s: NDArray[np.float64], speed: float) -> tuple[Floats, Floats]:
        """Cosines and weights (S, N) along lines: a moment in which only one of the two moves counts against them."""
        at = np.rint((start_s[:, None] + speed * self.times[None] - self.times_too[0]) * PER_S).astype(int)
        inside = (at >= 0) & (at < len(self.times_too))
        at = np.clip(at, 0, len(self.times_too) - 1)
        weight = np.where(inside, np.maximum(self.moved[None], self.moved_too[at]), 0).astype(np.float32)
        return self.likes[np.arange(len(self.times))[None], at], weight


class _Lines:
    """All lines of a speed that begin a whole number of frames apart: each clip's moment is a row that is shifted."""

    def __init__(self, moments: _Moments, first: int, count: int) -> None:
        """Starts from `first` frames on, `count` of them."""
        self._moments, self._first, self._count = moments, first, count
        weight = np.maximum(moments.moved[:, None], moments.moved_too[None])
        reach = np.rint(np.array([SPEEDS[0] * moments.times[0], SPEEDS[-1] * moments.times[-1]]) * PER_S)
        self._before = max(0, -(first + int(reach[0]))) + 1
        after = max(0, first + count + int(reach[1]) - weight.shape[1]) + 1
        wide = ((0, 0), (self._before, after))
        self._windows = [
            np.lib.stride_tricks.sliding_window_view(np.pad(one.astype(np.float32), wide), count, axis=1)
            for one in (weight * moments.likes, weight, weight > 0)
        ]

    def scores(self, speed: float) -> Floats:
        """(S,) of each start."""
        at = self._first + np.rint(speed * self._moments.times * PER_S).astype(int) + self._before
        rows = np.arange(len(at))
        agreeing, weight, moving = (window[rows, at].sum(axis=0) for window in self._windows)
        return _score(agreeing, weight, moving)


def _score(agreeing: Floats, weight: Floats, moving: Floats) -> Floats:
    """From sums along a line: the weighted mean cosine, less where there is little movement to go by."""
    return np.asarray(agreeing / (weight + 1e-3) * np.sqrt(np.minimum(moving / PER_S / ENOUGH_S, 1)), np.float32)


def _line(moments: _Moments) -> tuple[float, float]:
    """Start and speed of the line along which changes agree best."""
    begin = float(moments.times_too[0])
    first, last = float(moments.times[0]), float(moments.times[-1])
    low = int(np.ceil((1.0 - last * SPEEDS[-1]) * PER_S))
    count = int((moments.times_too[-1] - begin - first * SPEEDS[0] - 1.0) * PER_S) - low
    if count < 1:
        return 0.0, 1.0
    lines = _Lines(moments, low, count)
    best = (-1.0, 0.0, 1.0)
    for speed in SPEEDS:
        scores = lines.scores(float(speed))
        place = int(scores.argmax())
        if scores[place] > best[0]:
            best = (float(scores[place]), begin + (low + place) / PER_S, float(speed))
    _, start, speed = best
    for finer in speed * np.linspace(0.98, 1.02, 9):
        starts = start + np.arange(-8, 9) * 0.25 / PER_S + (speed - finer) * (first + last) / 2
        likes, weight = moments.along(starts, float(finer))
        scores = _score((weight * likes).sum(axis=1), weight.sum(axis=1), (weight > 0).sum(axis=1))
        place = int(scores.argmax())
        if scores[place] > best[0]:
            best = (float(scores[place]), float(starts[place]), float(finer))
    return best[1], best[2]


def _likeness(one: Floats, other: Floats) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float((one * other).sum() / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-3))


def _refined(clip: Span, item: Span, so_far: Agreement) -> Matrix | None:
    """How the item lies in the clip, by features of frames at agreeing times."""
    first, last = so_far.clip_s
    of, into = [], []
    for time_s in np.linspace(first, last, REFINED_BY + 2)[1:-1]:
        fit = fitted(features(item.at(so_far.start_s + so_far.speed * time_s)), features(clip.at(time_s)))
        if fit is not None:
            of.append(fit.of)
            into.append(fit.into)
    if not of:
        return None
    fit = agreed(np.concatenate(of), np.concatenate(into))
    return None if fit is None else fit.matrix
