"""Picks what encoders look at and the poster shows, out of frames that pass by once."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from av.video.frame import VideoFrame

from openforyou.ingest.encoders.sample import Floats, Pixels
from openforyou.ingest.rules import fitted
from openforyou.ingest.shaping import Scaler
from openforyou.ingest.types import Size

MOMENTS_MAX, MOMENT_EVERY_S_MIN = 24, 0.25
GAP_S = Fraction(1, 10)
"""Long enough that a hand's motion is a few pixels of a small frame, short enough to follow."""
SIDE_PX = 160

BLACK_LUMA, WHITE_LUMA = 24, 235
LATE_PENALTY = 0.3
"""A poster from the end gives the end away."""


class Sampler:
    """Looks at each frame of a clip of `duration_s` in turn; keeps evenly spread moments and the best poster."""

    def __init__(self, size: Size, duration_s: float, threads: int) -> None:
        moments = int(np.clip(duration_s / MOMENT_EVERY_S_MIN, 1, MOMENTS_MAX))
        self._duration_s = duration_s
        latest_s = max(0.0, duration_s - 1.5 * float(GAP_S))  # The last moment too needs its second frame.
        self._due = [Fraction(round(1_000 * latest_s * (n + 0.5) / moments), 1_000) for n in range(moments)]
        self._small = Scaler(fitted(size, SIDE_PX, SIDE_PX), threads, "rgb24")
        self._pairs: list[tuple[Pixels, Pixels, float]] = []
        self._open: tuple[Pixels, Fraction] | None = None
        self._last: VideoFrame | None = None
        self._best_score = float("-inf")
        self.poster: VideoFrame | None = None

    def look(self, frame: VideoFrame, time: Fraction) -> None:
        """Take `frame` (shaped, shown from `time` seconds on) if it is wanted."""
        self._last = frame
        if self._open is not None and time >= self._open[1] + GAP_S:
            first, since = self._open
            self._pairs.append((first, self._pixels(frame), float(time - since)))
            self._open = None
        if self._open is None and self._due and time >= self._due[0]:
            while self._due and time >= self._due[0]:
                self._due.pop(0)
            self._begin(frame, time)

    def moments(self) -> tuple[Pixels, Floats]:
        """Frames (N, 2, H, W, 3) and gaps (N,), N ≥ 1."""
        if not self._pairs and self._open is None:
            assert self._last is not None, "a clip has at least one frame"
            self._begin(self._last, Fraction(0))
        pairs = list(self._pairs)
        if self._open is not None:
            pairs.append((self._open[0], self._open[0], 0.0))
        frames = np.stack([np.stack([first, second]) for first, second, _ in pairs])
        return frames, np.array([gap for _, _, gap in pairs], dtype=np.float32)

    def _begin(self, frame: VideoFrame, time: Fraction) -> None:
        pixels = self._pixels(frame)
        self._open = (pixels, time)
        score = poster_score(pixels, float(time) / max(self._duration_s, 1e-3))
        if score > self._best_score:
            self._best_score, self.poster = score, frame

    def _pixels(self, frame: VideoFrame) -> Pixels:
        return np.asarray(self._small(frame).to_ndarray(), dtype=np.uint8)


def poster_score(pixels: Pixels, position: float) -> float:
    """How well a small frame (H, W, 3) would stand for its clip; `position` is where it lies, 0 … 1.

    Black, white and flat frames lose against anything; among the rest contrast and sharpness win, then earliness.
    """
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    mean, contrast = float(luma.mean()), float(luma.std())
    sharpness = float(np.log1p(cv2.Laplacian(luma, cv2.CV_32F).var()))
    empty = mean < BLACK_LUMA or mean > WHITE_LUMA or contrast < 4
    return contrast / 64 + sharpness / 8 - LATE_PENALTY * position - (10 if empty else 0)
