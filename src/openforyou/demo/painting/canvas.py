"""The canvas: a picture size, and coordinates that do not depend on it.

Looks think in units of the picture's height: y runs from 0 (top) to 1, x from 0 to `aspect`. So the same look can be
painted large for the feed and at 90 × 160 for a quick test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
"""One picture: (height, width, 3), blue-green-red, 0 … 255."""
Floats = NDArray[np.floating[Any]]
"""Fields, points and colours; float32 where there is one for each pixel."""
Painter = Callable[[float], Frame]
"""Paints the moment `phase` (0 … 1) of a clip. Pure, and periodic: phase 1 looks like phase 0, so that a clip loops."""
TAU = 2 * np.pi


@dataclass(frozen=True, slots=True)
class Canvas:
    """A picture size in pixels."""

    width: int
    height: int

    @property
    def aspect(self) -> float:
        """The width in units of the height."""
        return self.width / self.height

    def shrunk(self, factor: int) -> Canvas:
        """A smaller canvas of about the same shape, for what is smooth anyway."""
        return Canvas(max(8, self.width // factor), max(8, self.height // factor))

    def grid(self) -> tuple[Floats, Floats]:
        """x (1, W) and y (H, 1) at the pixels' centres, in units of the height."""
        x = (np.arange(self.width, dtype=np.float32)[None, :] + 0.5) / self.height
        y = (np.arange(self.height, dtype=np.float32)[:, None] + 0.5) / self.height
        return x, y

    def pixels(self, length: float) -> float:
        """A length in units of the height, in pixels."""
        return length * self.height

    def enlarge(self, picture: Frame) -> Frame:
        """A smaller picture at this size, smoothly."""
        return np.asarray(cv2.resize(picture, (self.width, self.height), interpolation=cv2.INTER_CUBIC), np.uint8)

    def empty(self) -> Frame:
        """All black."""
        return np.zeros((self.height, self.width, 3), np.uint8)


def to_frame(picture: Floats) -> Frame:
    """0 … 1 as 0 … 255, clipped; an ordered dither hides the steps of dark gradients."""
    scaled: Floats = picture * np.float32(255)
    scaled += _dither(*picture.shape[:2])
    np.clip(scaled, 0, 255, out=scaled)
    return scaled.astype(np.uint8)


@lru_cache(maxsize=16)
def _dither(height: int, width: int) -> Floats:
    return np.tile(_DITHER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]


_DITHER = (np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) + 0.5) / 16
