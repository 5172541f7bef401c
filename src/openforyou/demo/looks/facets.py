"""Facets: a folded sheet of triangles that breathes in slanting light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, ramp, turned

SCHEMES = (
    "0b132b 1c2541 3a506b 5bc0be e8fff9",
    "3d0814 8c1c3a e0475b ffa07a fff0d4",
    "10002b 3c096c 9d4edd ff9ecf fff0f5",
    "073b3a 0b6e4f 21b573 c9e265 fffbd6",
    "2b1a12 7a3b1d d9822b f6c667 fff6dc",
    "0a1f44 1f5aa6 5fb0e5 c4e7ff fffdf5",
    "33272a 594a4e ff8ba7 ffc6c7 fffffe",
)
_SHIFT = 4


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Corners rise and fall with three waves; each triangle is lit by its slope and tinted by its height."""
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-30, 30)))
    tints = (ramp(stops, 256) * 255).astype(np.float32)
    corners, triangles = _mesh(rng, canvas)
    waves = [_Wave(rng, canvas.aspect, number) for number in range(3)]
    lamp_angle = float(rng.uniform(0, TAU))
    sway = int(rng.choice([-1, 1]))
    spread, relief = float(rng.uniform(0.42, 0.7)), float(rng.uniform(0.9, 1.5))
    slant = float(rng.uniform(-0.35, 0.35))
    drift = float(rng.uniform(0.004, 0.014))

    def frame(phase: float) -> Frame:
        height = np.zeros(len(corners))
        for wave in waves:
            height += wave(corners, phase)
        shaken = corners + drift * np.stack(
            [np.cos(TAU * phase + 9 * corners[:, 1]), np.sin(TAU * phase + 7 * corners[:, 0])], axis=1
        )
        points = np.concatenate([shaken, height[:, None] * 0.07 * relief], axis=1)[triangles]  # (N, 3, 3)
        normal = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        normal *= np.sign(normal[:, 2:])
        angle = lamp_angle + 0.7 * sway * np.sin(TAU * phase)
        lamp = np.array([np.cos(angle) * 0.72, np.sin(angle) * 0.72, 0.69])
        middle = points.mean(axis=1)
        tone = 0.55 + spread * (normal @ lamp - 0.69) + 0.1 * height[triangles].mean(axis=1)
        tone += 0.34 * (0.5 - middle[:, 1]) + slant * (middle[:, 0] - canvas.aspect / 2)
        grown = middle[:, None, :2] + (points[:, :, :2] - middle[:, None, :2]) * 1.035
        return _draw(canvas, grown, tints[np.clip(tone * 255, 0, 255).astype(int)])

    return frame


def _draw(canvas: Canvas, outlines: NDArray[np.float64], inks: Floats) -> Frame:
    picture = canvas.empty()
    picture[:] = inks.mean(axis=0)
    placed = np.round((outlines * canvas.height - 0.5) * (1 << _SHIFT)).astype(np.int32)
    for outline, ink in zip(placed, inks.tolist(), strict=True):
        cv2.fillConvexPoly(picture, outline, ink, cv2.LINE_AA, _SHIFT)
    return picture


class _Wave:
    """One travelling wave with a whole number of cycles a clip."""

    def __init__(self, rng: Generator, aspect: float, number: int) -> None:
        self.way = rng.normal(0, 1, 2)
        self.way *= rng.uniform(4, 9) * (1 + 0.6 * number) / np.hypot(*self.way)
        self.cycles = int(rng.choice([-1, 1])) * (1 + number // 2)
        self.offset = float(rng.uniform(0, TAU))
        self.strength = 1 / (1 + 0.7 * number)
        self.middle = np.array([aspect * rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9)])
        self.round = rng.random() < 0.4

    def __call__(self, corners: NDArray[np.float64], phase: float) -> NDArray[np.float64]:
        out = corners - self.middle
        along = np.hypot(*out.T) * np.hypot(*self.way) if self.round else out @ self.way
        return np.asarray(self.strength * np.sin(along + TAU * self.cycles * phase + self.offset))


def _mesh(rng: Generator, canvas: Canvas) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Corners (M, 2) past every edge, and triangles (N, 3) as indices: a lattice, more or less shaken."""
    columns = int(rng.integers(5, 10))
    wide = canvas.aspect / columns
    tall = wide * float(rng.choice([0.87, 0.87, 1.2]))
    rows = int(1 / tall) + 4
    columns += 4
    row, column = np.mgrid[0:rows, 0:columns]
    shift = 0.5 * (row % 2) if rng.random() < 0.75 else np.zeros_like(row)
    x, y = (column + shift - 2) * wide, (row - 1.5) * tall
    shake = float(rng.choice([0.0, 0.16, 0.3]))
    corners = np.stack([x.ravel(), y.ravel()], axis=1) + rng.uniform(-shake, shake, (x.size, 2)) * wide
    at = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    odd = (np.arange(rows - 1) % 2 == 1)[:, None]
    first = np.where(odd[..., None], np.stack([a, b, d], -1), np.stack([a, b, c], -1))
    second = np.where(odd[..., None], np.stack([a, d, c], -1), np.stack([b, d, c], -1))
    return corners, np.concatenate([first.reshape(-1, 3), second.reshape(-1, 3)])


LOOK = Look(
    name="facets",
    paint=paint,
    music=Music(
        tempo=(100, 112),
        scale="dorian",
        root=52,
        chords=((0, 3, 0, 6), (0, 2, 3, 6), (5, 6, 0, 0)),
        parts=(
            Part("arpeggio", "bell", 0.3, rate=2, octave=0),
            Part("arpeggio", "glass", 0.3, rate=1, octave=1, density=0.7),
            Part("chords", "warm", 0.4, octave=-1),
            Part("beat", "shaker", 0.25, pattern="..x...x...x...x."),
        ),
        echo=0.4,
    ),
    words=Words(
        openings=(
            "Facets",
            "Low poly",
            "Folded light",
            "Crystal sheet",
            "Origami sea",
            "Triangles",
            "Paper wind",
            "Polygon weather",
        ),
        endings=(
            "at low tide",
            "no. 31",
            "breathing",
            "under one lamp",
            "in motion",
            "with soft edges",
            "unfolded",
            "for screens",
        ),
        lines=(
            "Three corners at a time.",
            "One sheet, four hundred folds.",
            "Geometry, but make it calm.",
            "Low poly, high mood.",
        ),
        tags=("lowpoly", "geometry", "origami", "abstract", "polygons"),
    ),
)
