"""How a clip moves: how much, which way, where in the picture, how evenly in time, and how often it cuts.

Dense optical flow between the two frames of each moment, in picture sides a second, so that neither the size nor
the frame rate of a clip changes the answer.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.encoders.sample import Describes, Floats, Pixels, Sample, unit

Values = NDArray[Any]

SPEEDS = np.array([0.0, 0.03, 0.1, 0.3, 0.8, 2.0])
"""Six kinds of speed, sides a second, from still to a whip pan; what lies between two counts for both."""
STILL_BELOW = 0.02
DIRECTIONS, GRID = 8, 3
SCENE_BINS = 8


class MotionEncoder:
    """32 numbers: 6 of speed, 8 of direction, 2 of the whole's drift, 2 of zoom and roll, 9 of place, 5 of time."""

    name = "motion-1"
    dim = len(SPEEDS) + DIRECTIONS + 2 + 2 + GRID**2 + 5
    declares = frozenset({Describes.MOTION})

    def __call__(self, sample: Sample) -> Floats:
        flows = [_flow(pair, float(gap)) for pair, gap in zip(sample.frames, sample.gap_s, strict=True)]
        per_moment = np.stack([_moment(flow) for flow in flows])
        return unit(np.concatenate([per_moment.mean(axis=0), _over_time(sample.frames, flows)]))


def _flow(pair: Pixels, gap_s: float) -> Values:
    """(H, W, 2), sides a second; zero where the clip has no second frame."""
    before, after = (cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY) for frame in pair)
    still = np.zeros((*before.shape, 2), dtype=np.float32)
    if gap_s <= 0 or min(before.shape) < 16:
        return still
    follow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    return np.asarray(follow.calc(before, after, still) / (gap_s * max(before.shape)), dtype=np.float32)


def _moment(flow: Values) -> Values:
    """(27,)"""
    speed = np.hypot(flow[..., 0], flow[..., 1])
    kinds = _spread(np.interp(speed, SPEEDS, np.arange(len(SPEEDS))), np.ones_like(speed), len(SPEEDS))
    angle = (np.arctan2(flow[..., 1], flow[..., 0]) % (2 * np.pi)) * (DIRECTIONS / (2 * np.pi))
    ways = _spread(angle, speed, DIRECTIONS)
    drift = flow.mean(axis=(0, 1))
    around = flow - drift
    down, across = np.gradient(around, axis=(0, 1))
    zoom, roll = float((across[..., 0] + down[..., 1]).mean()), float((across[..., 1] - down[..., 0]).mean())
    place = cv2.resize(speed, (GRID, GRID), interpolation=cv2.INTER_AREA).ravel()
    told = [
        np.sqrt(kinds) - np.sqrt(kinds).mean(),
        _squashed(ways, 0.05),
        _squashed(drift, 0.2),
        _squashed(np.array([zoom, roll]) * max(flow.shape[:2]), 0.5),
        _squashed(place - place.mean(), 0.2),
    ]
    return np.concatenate(told).astype(np.float32)


def _spread(places: Values, weights: Values, bins: int) -> Values:
    """A histogram, mean over all pixels, in which each counts for the two bins that it lies between, round the end."""
    low = np.floor(places).astype(np.int64).ravel()
    share, weight = places.ravel() - low, weights.ravel()
    counts = np.bincount(low % bins, weight * (1 - share), bins) + np.bincount((low + 1) % bins, weight * share, bins)
    return counts / places.size


def _over_time(frames: Pixels, flows: list[Values]) -> Values:
    """Mean speed, its unevenness, share of still moments, mean and largest change of scene. (5,)"""
    speeds = np.array([float(np.hypot(flow[..., 0], flow[..., 1]).mean()) for flow in flows])
    scenes = np.stack([_scene(pair[0]) for pair in frames])
    changes = np.abs(np.diff(scenes, axis=0)).sum(axis=1) / 2 if len(scenes) > 1 else np.zeros(1)
    return np.concatenate(
        [
            _squashed(np.array([speeds.mean(), speeds.std()]), 0.2),
            [float((speeds < STILL_BELOW).mean())],
            _squashed(np.array([changes.mean(), changes.max()]), 0.5),
        ]
    ).astype(np.float32)


def _scene(frame: Pixels) -> Values:
    """The share of each coarse colour in a frame: changes at a cut, hardly with motion."""
    counts = cv2.calcHist([np.ascontiguousarray(frame)], [0, 1, 2], None, [SCENE_BINS] * 3, [0, 256] * 3).ravel()
    return np.asarray(counts / counts.sum(), dtype=np.float32)


def _squashed(values: NDArray[np.floating], scale: float) -> Values:
    """Into −1 … 1, even around `scale`, so that one wild value does not drown the others."""
    return np.asarray(np.tanh(values / scale), dtype=np.float32)
