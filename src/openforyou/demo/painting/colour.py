"""Colours, mixed where the eye mixes them.

Gradients run through OKLab (Björn Ottosson, 2020), so that blue to yellow passes neither through grey nor
through a dark band. A colour is blue-green-red in 0 … 1, as OpenCV wants it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openforyou.demo.painting.canvas import Floats

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_LMS, _FROM_LAB = np.linalg.inv(_TO_LMS), np.linalg.inv(_TO_LAB)


def colours(text: str) -> Floats:
    """Colours written as `"0b1d3a f2a65a"`, as (N, 3)."""
    rows = [[int(word[at : at + 2], 16) / 255 for at in (4, 2, 0)] for word in text.split()]
    return np.array(rows, np.float32)


def ramp(stops: Floats, size: int = 256, at: Sequence[float] | None = None) -> Floats:
    """A gradient of `size` steps through the colours `stops` (N, 3), placed at `at` (0 … 1) or evenly: (size, 3)."""
    places = np.linspace(0, 1, len(stops)) if at is None else np.asarray(at)
    lab = _to_lab(stops)
    steps = np.linspace(0, 1, size)
    mixed = np.stack([np.interp(steps, places, lab[:, channel]) for channel in range(3)], axis=1)
    return _from_lab(mixed)


def turned(stops: Floats, degrees: float) -> Floats:
    """The same colours with their hue turned around the OKLab circle."""
    lab = _to_lab(stops)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    lab[:, 1:] = lab[:, 1:] @ turn.T
    return _from_lab(lab)


def mix(one: Floats, other: Floats, share: float) -> Floats:
    """`one` with `share` of `other` in it."""
    lab = (1 - share) * _to_lab(np.atleast_2d(one)) + share * _to_lab(np.atleast_2d(other))
    return _from_lab(lab).reshape(3)


def ink(colour: Floats) -> tuple[float, float, float]:
    """A colour as OpenCV's drawing calls take it: 0 … 255."""
    blue, green, red = (float(value) * 255 for value in colour)
    return blue, green, red


def table(stops: Floats, at: Sequence[float] | None = None) -> NDArray[np.uint8]:
    """A gradient as a table of 256 colours, for `shade`."""
    return (ramp(stops, 256, at) * 255 + 0.5).astype(np.uint8)


def _to_lab(bgr: Floats) -> Floats:
    rgb = np.asarray(bgr, np.float64)[:, ::-1]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T)


def _from_lab(lab: Floats) -> Floats:
    linear = np.clip(((lab @ _FROM_LAB.T) ** 3) @ _FROM_LMS.T, 0, 1)
    rgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb[:, ::-1].astype(np.float32)
