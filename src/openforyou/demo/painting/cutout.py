"""Scenery that stands still in front of something that moves: painted once, laid over every frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from openforyou.demo.painting.brush import fill, strokes
from openforyou.demo.painting.canvas import Canvas, Floats, Frame

_WHITE = np.ones(3, np.float32)


class Cutout:
    """Paint with transparent surroundings and smooth edges (alpha premultiplied)."""

    def __init__(self, canvas: Canvas) -> None:
        self._paint, self._cover = canvas.empty(), canvas.empty()
        self._rows: slice | None = None

    def fill(self, contours: Sequence[Floats] | Floats, colour: Floats) -> None:
        """Add a filled shape in front of what is here."""
        fill(self._paint, contours, colour)
        fill(self._cover, contours, _WHITE)
        self._rows = None

    def strokes(self, lines: Floats, colour: Floats, width: float) -> None:
        """Add lines (M, N, 2) in front of what is here."""
        strokes(self._paint, lines, colour, width)
        strokes(self._cover, lines, _WHITE, width)
        self._rows = None

    def lay(self, frame: Frame) -> None:
        """Lay it over `frame`, in place."""
        if self._rows is None:
            used = np.flatnonzero(self._cover.any(axis=(1, 2)))
            self._rows = slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)
            self._through = 255 - self._cover[self._rows]
        if self._rows.stop > self._rows.start:
            part = frame[self._rows]
            cv2.multiply(part, self._through, dst=part, scale=1 / 255)
            cv2.add(part, self._paint[self._rows], dst=part)
