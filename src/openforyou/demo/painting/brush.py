"""Brushes with smooth edges, placed between pixels, in units of the picture's height."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.demo.painting.canvas import Floats, Frame
from openforyou.demo.painting.colour import ink

_SHIFT = 4
_PIXELS_MAX = 30_000
"""OpenCV's fixed-point drawing breaks far outside the picture; nothing is drawn there anyway."""


def fill(frame: Frame, contours: Sequence[Floats] | Floats, colour: Floats) -> None:
    """Fill polygons (each (N, 2)); where two overlap there is a hole."""
    if isinstance(contours, np.ndarray):
        contours = [contours]
    cv2.fillPoly(frame, [_placed(frame, points) for points in contours], ink(colour), cv2.LINE_AA, _SHIFT)


def stroke(frame: Frame, points: Floats, colour: Floats, width: float, *, closed: bool = False) -> None:
    """Draw along `points` (N, 2), `width` in units of the height."""
    thickness = max(1, round(width * frame.shape[0]))
    cv2.polylines(frame, [_placed(frame, points)], closed, ink(colour), thickness, cv2.LINE_AA, _SHIFT)


def strokes(frame: Frame, lines: Floats, colour: Floats, width: float) -> None:
    """Draw many lines (M, N, 2) of one colour at once."""
    thickness = max(1, round(width * frame.shape[0]))
    placed = list(_placed(frame, lines.reshape(-1, 2)).reshape(lines.shape[0], -1, 1, 2))
    cv2.polylines(frame, placed, False, ink(colour), thickness, cv2.LINE_AA, _SHIFT)


def disc(frame: Frame, x: float, y: float, radius: float, colour: Floats) -> None:
    """A filled circle."""
    scale = frame.shape[0] * (1 << _SHIFT)
    centre = (round(x * scale), round(y * scale))
    cv2.circle(frame, centre, max(1, round(radius * scale)), ink(colour), -1, cv2.LINE_AA, _SHIFT)


def ring(frame: Frame, x: float, y: float, radius: float, colour: Floats, width: float) -> None:
    """The outline of a circle."""
    scale = frame.shape[0] * (1 << _SHIFT)
    thickness = max(1, round(width * frame.shape[0]))
    centre = (round(x * scale), round(y * scale))
    cv2.circle(frame, centre, max(1, round(radius * scale)), ink(colour), thickness, cv2.LINE_AA, _SHIFT)


def glow(radius_px: int, colour: Floats, sharpness: float = 3.0) -> Frame:
    """A soft round light of `colour`, to be added by `shine`: (2r+1, 2r+1, 3)."""
    radius_px = max(1, radius_px)
    across = np.linspace(-1, 1, 2 * radius_px + 1, dtype=np.float32)
    distance = np.minimum(np.hypot(across[:, None], across[None, :]), 1)
    light = (1 - distance) ** sharpness
    return np.asarray(light[:, :, None] * colour * 255, np.uint8)


def shine(frame: Frame, light: Frame, x: float, y: float, strength: float = 1.0) -> None:
    """Add `light` (as made by `glow`) around a point, clipped at the edges and at white."""
    scale = frame.shape[0]
    height, width = light.shape[:2]
    left, top = round(x * scale - width / 2), round(y * scale - height / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, frame.shape[1]), min(top + height, frame.shape[0])
    if x0 >= x1 or y0 >= y1 or strength <= 0:
        return
    part = light[y0 - top : y1 - top, x0 - left : x1 - left]
    under = frame[y0:y1, x0:x1]
    frame[y0:y1, x0:x1] = cv2.addWeighted(part, min(strength, 1.0), under, 1.0, 0)


def circle_points(count: int) -> Floats:
    """(count, 2) points of the unit circle, starting right, turning clockwise on screen."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def stamped(shape: Floats, x: float, y: float, size: float = 1.0) -> Floats:
    """`shape` (…, 2), drawn around (0, 0), at a place and of a size."""
    return np.asarray(shape * size + np.array([x, y]), np.float32)


def _placed(frame: Frame, points: Floats) -> NDArray[np.int32]:
    pixels = np.clip(points * np.float32(frame.shape[0]) - 0.5, -_PIXELS_MAX, _PIXELS_MAX)
    return np.asarray(np.round(pixels * (1 << _SHIFT)), np.int32).reshape(-1, 1, 2)
