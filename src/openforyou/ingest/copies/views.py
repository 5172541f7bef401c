"""The views of a frame by which it is looked for: whole, mirrored, without bars, and some of its inside.

Crops that lie on no grid are found by local features; views find what has few corners.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.copies import pdq

CROPS = (0.95, 0.9, 0.8, 0.7)
FLAT_STD = 6.0
"""A row or column that varies less is a bar."""
BAR_SHARE_MAX = 0.45
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""


def inner_box(grey: NDArray[np.uint8]) -> Box:
    """What is left of a picture (H, W) without flat bars on opposite sides; the whole where that is next to nothing."""
    height, width = grey.shape
    top, bottom = _bars(grey.std(axis=1))
    left, right = _bars(grey.std(axis=0))
    if bottom - top < (1 - 2 * BAR_SHARE_MAX) * height or right - left < (1 - 2 * BAR_SHARE_MAX) * width:
        return 0, 0, width, height
    return left, top, right, bottom


def _bars(spread: NDArray[np.float64]) -> tuple[int, int]:
    busy = np.flatnonzero(spread > FLAT_STD)
    return (int(busy[0]), int(busy[-1]) + 1) if len(busy) else (0, len(spread))


def crop_box(width: int, height: int, share: float) -> Box:
    """The middle `share` of a picture."""
    x, y = round(width * (1 - share) / 2), round(height * (1 - share) / 2)
    return x, y, width - x, height - y


def small(grey: NDArray[np.uint8], box: Box | None = None) -> NDArray[np.uint8]:
    """The picture, or what lies in `box`, at PDQ's own size."""
    if box is not None:
        left, top, right, bottom = box
        grey = grey[top:bottom, left:right]
    return np.asarray(cv2.resize(grey, (pdq.SIDE_PX, pdq.SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)


def boxes(grey: NDArray[np.uint8]) -> list[Box]:
    """Each view of a frame, whole first."""
    height, width = grey.shape
    return [(0, 0, width, height), inner_box(grey), *(crop_box(width, height, share) for share in CROPS)]
