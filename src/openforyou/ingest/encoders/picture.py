"""What a clip looks like: its colours, where light and colour lie, which way edges run, how its surfaces are textured.

Statistics over the first frame of each moment, averaged: no network and no download. Each part has its mean removed,
so that two clips are alike by what sets them apart from an even picture and not by what all pictures share.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.ingest.encoders.sample import Describes, Floats, Sample, unit

Values = NDArray[Any]

HUES, LIGHTS, CHROMAS = 12, 5, 5
GRID, COLOUR_GRID = 4, 2
ANGLES, STRENGTHS = 12, 8
SCALES, PATTERNS = (1, 2, 4), 10
"""Distances in pixels at which a pixel is held against its eight neighbours, and the kinds of what is found."""
FLAT = 0.01
"""Lightness that a neighbour must have more to count as brighter: below lies the noise of cameras."""
WEIGHTS = {"colour": 0.15, "layout": 0.10, "edges": 0.25, "texture": 0.50}
"""Share of each part in the squared length."""
LENGTH_MIN = 0.05
"""A part shorter than this has next to nothing to tell, and is not blown up to its full share."""

# fmt: off
TYPICAL_EDGES = np.array([
    0.08, -0.01, -0.03, -0.04, -0.03, 0.04, 0.07, -0.01, -0.04, -0.04, -0.04, 0.05,
    -0.22, -0.09, 0.09, 0.18, 0.18, 0.12, -0.02, -0.24,
])
TYPICAL_TEXTURE = np.array([
    0.40, 0.03, 0.04, 0.18, 0.08, -0.11, -0.17, -0.18, -0.22, -0.06,
    0.27, 0.04, 0.01, 0.13, 0.05, -0.09, -0.15, -0.13, -0.19, 0.04,
    0.18, 0.06, 0.00, 0.10, 0.02, -0.09, -0.13, -0.09, -0.16, 0.12,
])
# fmt: on
"""What `_edges` and `_texture` say of clips on average: half over nine real clips, half over 48 painted ones in sixteen
looks. Taken off, so that what is left is what sets a clip apart."""


class PictureEncoder:
    """96 numbers: 22 of colour, 24 of layout, 20 of edges, 30 of texture."""

    name = "picture-1"
    dim = HUES + LIGHTS + CHROMAS + GRID**2 + 2 * COLOUR_GRID**2 + ANGLES + STRENGTHS + len(SCALES) * PATTERNS
    declares = frozenset({Describes.PICTURE})

    def __call__(self, sample: Sample) -> Floats:
        parts: dict[str, list[Values]] = {name: [] for name in WEIGHTS}
        for frame in sample.frames[:, 0]:
            lab = cv2.cvtColor(np.ascontiguousarray(frame, dtype=np.float32) / 255, cv2.COLOR_RGB2LAB)
            light = np.ascontiguousarray(lab[..., 0] / 100)  # 0 … 1
            chroma = lab[..., 1:] / 100  # about −1 … 1
            parts["colour"].append(_colours(light, chroma))
            parts["layout"].append(_layout(light, chroma))
            parts["edges"].append(_edges(light) - TYPICAL_EDGES)
            parts["texture"].append(_texture(light) - TYPICAL_TEXTURE)
        return unit(np.concatenate([_part(np.mean(parts[name], axis=0), share) for name, share in WEIGHTS.items()]))


def _part(values: Values, share: float) -> Values:
    """Length √share, or less where there is next to nothing to tell."""
    return np.asarray(values * np.sqrt(share) / max(float(np.linalg.norm(values)), LENGTH_MIN), dtype=np.float32)


def _centred_roots(counts: Values) -> Values:
    """A histogram as square roots (Hellinger: distances of distributions become Euclidean), mean removed."""
    roots = np.sqrt(counts / max(float(counts.sum()), 1e-9))
    return np.asarray(roots - roots.mean(), dtype=np.float32)


def _colours(light: Values, chroma: Values) -> Values:
    """Hues weighted by how strong they are, then the spread of lightness and of strength. (22,)"""
    strength = np.hypot(chroma[..., 0], chroma[..., 1])
    angle = np.arctan2(chroma[..., 1], chroma[..., 0]) % (2 * np.pi)
    place = angle.ravel() * (HUES / (2 * np.pi))
    low = np.floor(place).astype(np.int64)
    share = place - low
    weight = strength.ravel()
    # Each pixel counts for the two hues that it lies between: a small shift of colour shifts the histogram a little.
    hues = np.bincount(low % HUES, weight * (1 - share), HUES) + np.bincount((low + 1) % HUES, weight * share, HUES)
    coloured = min(1.0, float(strength.mean()) / 0.1)
    lights = np.histogram(light, LIGHTS, (0, 1.0001))[0]
    chromas = np.histogram(np.clip(strength, 0, 0.6), CHROMAS, (0, 0.6001))[0]
    told = [coloured * _centred_roots(hues), _centred_roots(lights), _centred_roots(chromas)]
    return np.concatenate(told).astype(np.float32)


def _layout(light: Values, chroma: Values) -> Values:
    """A tiny picture: lightness on 4×4 against its mean, both colour axes on 2×2. (24,)"""
    coarse = cv2.resize(light, (GRID, GRID), interpolation=cv2.INTER_AREA)
    tints = cv2.resize(np.ascontiguousarray(chroma), (COLOUR_GRID, COLOUR_GRID), interpolation=cv2.INTER_AREA)
    return np.concatenate([(coarse - coarse.mean()).ravel(), 2 * tints.ravel()]).astype(np.float32)


def _edges(light: Values) -> Values:
    """Which way edges run, weighted by how strong they are, and how their strengths are spread. (20,)"""
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1)
    strength = np.hypot(across, down)
    angle = np.floor((np.arctan2(down, across) % np.pi) * (ANGLES / np.pi)).astype(np.int64) % ANGLES
    ways = np.bincount(angle.ravel(), strength.ravel(), ANGLES)
    spread = np.histogram(np.log10(strength + 1e-3), STRENGTHS, (-3, 0.9))[0]
    return np.concatenate([_centred_roots(ways), _centred_roots(spread)])


def _texture(light: Values) -> Values:
    """Uniform local binary patterns (Ojala et al., 2002) at three distances. (30,)

    Around each pixel, which of eight neighbours are brighter: none to all of them in one run (nine kinds: spots, line
    ends, edges, corners), or in several runs (the tenth). Blind to turning, to lightness and to place.
    """
    smooth = cv2.GaussianBlur(light, (3, 3), 0.8)
    return np.concatenate([_centred_roots(_pattern_counts(smooth, step)) for step in SCALES])


def _pattern_counts(light: Values, step: int) -> Values:
    """How many pixels have each kind of surroundings, (10,)."""
    if min(light.shape) <= 2 * step:
        return np.ones(PATTERNS)
    height, width = light.shape
    centre = light[step : height - step, step : width - step] + FLAT
    code = np.zeros(centre.shape, dtype=np.uint8)
    for bit, (down, right) in enumerate(_AROUND):
        top, left = step * (1 + down), step * (1 + right)
        neighbour = light[top : top + centre.shape[0], left : left + centre.shape[1]]
        code |= (neighbour > centre).astype(np.uint8) << bit
    return np.bincount(_KIND[code].ravel(), minlength=PATTERNS)


_AROUND = ((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))
"""Down and right from the pixel, in the order of a walk around it."""


def _kinds() -> NDArray[np.uint8]:
    """The kind of each of the 256 surroundings: how many are brighter, or 9 where they are not in one run."""
    kinds = np.empty(256, dtype=np.uint8)
    for code in range(256):
        turned = (code >> 1) | ((code & 1) << 7)
        changes = (code ^ turned).bit_count()
        kinds[code] = code.bit_count() if changes <= 2 else PATTERNS - 1
    return kinds


_KIND = _kinds()
