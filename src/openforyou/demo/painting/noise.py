"""Noise without seams: it tiles in every direction, so that scrolling through it loops."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.painting.canvas import Floats


def clouds(
    rng: Generator, size: tuple[int, int], cells: tuple[int, int], octaves: int = 4, gain: float = 0.5
) -> Floats:
    """Fractal value noise, 0 … 1, of `size` (H, W) pixels with `cells` (rows, columns) lumps in the first octave.

    Each octave has twice the lumps at `gain` of the strength; octaves finer than the pixels are left out.
    """
    total = np.zeros(size, np.float32)
    strength = 1.0
    for octave in range(octaves):
        rows, columns = cells[0] << octave, cells[1] << octave
        if rows > size[0] or columns > size[1]:
            break
        total += strength * _lumps(rng, size, rows, columns)
        strength *= gain
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def ridge(rng: Generator, size: int, cells: int, octaves: int = 5, gain: float = 0.5) -> Floats:
    """A skyline: one period of fractal noise in one dimension, 0 … 1, shape (size,)."""
    places = np.arange(size) / size
    total = np.zeros(size, np.float32)
    strength = 1.0
    for octave in range(octaves):
        count = cells << octave
        heights = rng.random(count)
        total += (strength * _smooth(heights, places * count)).astype(np.float32)
        strength *= gain
    total -= total.min()
    return total / max(float(total.max()), 1e-6)


def _smooth(heights: Floats, at: Floats) -> Floats:
    """Between random heights, with level tangents at each."""
    left = np.floor(at).astype(int)
    share = at - left
    share = share * share * (3 - 2 * share)
    count = len(heights)
    return np.asarray(heights[left % count] * (1 - share) + heights[(left + 1) % count] * share)


def _lumps(rng: Generator, size: tuple[int, int], rows: int, columns: int) -> Floats:
    lattice = np.pad(rng.random((rows, columns), dtype=np.float32), 2, mode="wrap")
    height, width = size
    # Where each pixel's centre falls in the padded lattice; the lattice wraps, so the picture does.
    y = (np.arange(height, dtype=np.float32) + 0.5) * rows / height + 1.5
    x = (np.arange(width, dtype=np.float32) + 0.5) * columns / width + 1.5
    map_x, map_y = np.meshgrid(x, y)
    return np.asarray(cv2.remap(lattice, map_x, map_y, cv2.INTER_CUBIC), np.float32)
