"""Light over a whole picture: gradients, bloom, vignettes, reflections."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from openforyou.demo.painting.canvas import Canvas, Floats, Frame, to_frame
from openforyou.demo.painting.colour import ramp


def backdrop(canvas: Canvas, stops: Floats, at: Sequence[float] | None = None) -> Frame:
    """A gradient from top to bottom."""
    column = ramp(stops, canvas.height, at)
    return to_frame(np.broadcast_to(column[:, None, :], (canvas.height, canvas.width, 3)))


def bloom(frame: Frame, strength: float, radius: float = 0.02) -> Frame:
    """The picture with its lights bleeding over `radius` (of the height). Blurred at a quarter of the size."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (max(1, width // 4), max(1, height // 4)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), max(0.8, radius * height / 4))
    spread = cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.addWeighted(frame, 1.0, spread, strength, 0), np.uint8)


def vignette(canvas: Canvas, strength: float) -> Frame:
    """Darker corners, to be laid over a picture by `veiled`."""
    x, y = canvas.grid()
    away = ((x / canvas.aspect - 0.5) ** 2 + (y - 0.5) ** 2) * 2
    return to_frame(np.repeat((1 - strength * np.clip(away, 0, 1) ** 1.5)[:, :, None], 3, axis=2))


def veiled(frame: Frame, veil: Frame) -> Frame:
    """The picture seen through a coloured veil (white lets all through)."""
    return np.asarray(cv2.multiply(frame, veil, scale=1 / 255), np.uint8)


def shade(field: Floats, colours: Frame) -> Frame:
    """A field of 0 … 1 (H, W) in the colours of a table (256, 3)."""
    index = cv2.convertScaleAbs(field, alpha=255)
    return np.asarray(cv2.LUT(cv2.merge([index, index, index]), colours[None, :, :]), np.uint8)


def smoothstep(low: float, high: float, value: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between; `low` may be the greater."""
    share = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
