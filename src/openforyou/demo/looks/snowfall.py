"""Snowfall: a forest in winter, flake by flake."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import disc, fill, glow, shine, stamped
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.light import backdrop
from openforyou.demo.painting.noise import ridge

SKIES = (
    "1b2a49 465f8f 9fb4d4 dfe8f3",
    "2b1f3f 6b4f7d c99bb0 f6dcd8",
    "0d1b2a 1f3a56 4d7699 a9c7da",
    "23303a 5d7480 a8bcc2 e9efee",
    "14202e 3a3f66 8a6f94 e8a99a",
)
WHITE = np.ones(3, np.float32)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Rows of firs fade into the haze, a cabin is lit, snow falls in three depths."""
    stops = turned(colours(str(rng.choice(SKIES))), float(rng.uniform(-10, 10)))
    forest, window = _forest(rng, canvas, stops)
    layers = [_Flakes(rng, canvas, depth) for depth in range(4)]
    wind = int(rng.choice([-1, 1]))
    lamp = glow(max(2, int(canvas.pixels(0.07))), np.array([0.25, 0.6, 1.0], np.float32), 2.6)

    def frame(phase: float) -> Frame:
        picture = forest.copy()
        if window is not None:
            flicker = 0.75 + 0.12 * np.sin(TAU * 3 * phase) + 0.08 * np.sin(TAU * 7 * phase)
            shine(picture, lamp, window[0], window[1], flicker)
        snow = layers[0].seen(phase, wind)
        for flakes in layers[1:]:
            snow = np.asarray(cv2.add(snow, flakes.seen(phase, wind)), np.uint8)
        return np.asarray(cv2.add(picture, cv2.merge([snow, snow, snow])), np.uint8)

    return frame


class _Flakes:
    """Snow at one depth: a sheet of flakes that tiles, slid down and swayed. Near flakes are large, soft and fast."""

    def __init__(self, rng: Generator, canvas: Canvas, depth: int) -> None:
        size = (0.0011, 0.0018, 0.003, 0.0058)[depth]
        count = (
            int(rng.integers(150, 330)),
            int(rng.integers(90, 170)),
            int(rng.integers(35, 75)),
            int(rng.integers(4, 14)),
        )
        self.sheet = np.zeros((canvas.height, canvas.width), np.uint8)
        for _ in range(count[depth]):
            x, y = float(rng.uniform(0, canvas.aspect)), float(rng.uniform(0, 1))
            light = WHITE * np.float32(rng.uniform(0.45, 1.0) * (0.75, 0.9, 0.95, 0.6)[depth])
            for over_x in (-canvas.aspect, 0, canvas.aspect):
                for over_y in (-1, 0, 1):
                    if -0.02 < x + over_x < canvas.aspect + 0.02 and -0.02 < y + over_y < 1.02:
                        disc(self.sheet, x + over_x, y + over_y, size * float(rng.uniform(0.7, 1.2)), light)
        if depth:
            blur = (0.0, 0.0006, 0.0012, 0.0032)[depth]
            self.sheet = np.asarray(cv2.GaussianBlur(self.sheet, (0, 0), max(0.3, canvas.pixels(blur))), np.uint8)
        self.sheet = np.tile(self.sheet, (2, 2))
        self.laps = (1, 1, 2, 3)[depth]
        self.sway = canvas.pixels(float(rng.uniform(0.01, 0.03)) * (depth + 1) / 2)
        self.offset = float(rng.uniform(0, TAU))
        self.across = int(rng.choice([0, 1])) if depth else 0

    def seen(self, phase: float, wind: int) -> Frame:
        """The flakes at a moment, as grey (H, W)."""
        height, width = self.sheet.shape[0] // 2, self.sheet.shape[1] // 2
        left = round(self.sway * np.sin(TAU * phase + self.offset) - wind * self.across * phase * width) % width
        top = round(-self.laps * phase * height) % height
        return self.sheet[top : top + height, left : left + width]


def _forest(rng: Generator, canvas: Canvas, stops: Floats) -> tuple[Frame, tuple[float, float] | None]:
    """The still scene, and where its lamp is if there is one."""
    scene = backdrop(canvas, stops, (0, 0.35, 0.62, 0.8))
    if rng.random() < 0.6:
        x, y = canvas.aspect * float(rng.uniform(0.2, 0.8)), float(rng.uniform(0.1, 0.3))
        pale = mix(stops[3], WHITE, 0.6)
        shine(scene, glow(int(canvas.pixels(0.16)), pale * np.float32(0.35), 2.5), x, y)
        disc(scene, x, y, float(rng.uniform(0.025, 0.05)), pale)
    low = float(rng.uniform(0.5, 0.68))
    if rng.random() < 0.55:
        _mountain(rng, canvas, scene, low + 0.02, stops)
    rows = int(rng.integers(3, 6))
    cabin_row = rows - 1 if rng.random() < 0.6 else -1
    window = None
    for row in range(rows):
        near = row / (rows - 1)
        level = float(np.interp(near, [0, 1], [low, 0.95]))
        tint = mix(mix(stops[2], stops[1], near), stops[0] * np.float32(0.55), near**1.2)
        _row_of_firs(rng, canvas, scene, (level, near), (tint, stops[3]))
        span = np.linspace(-0.01, canvas.aspect + 0.01, 120)
        drift = level - 0.03 * ridge(rng, 120, 2, 3)
        ground = np.concatenate([np.stack([span, drift], axis=1), [[span[-1], 1.01], [span[0], 1.01]]])
        snow = mix(mix(stops[3], WHITE, 0.5), stops[1], 0.5 * (1 - near) + 0.12)
        fill(scene, ground, snow)
        if row == cabin_row:
            window = _cabin(rng, canvas, scene, level - 0.012, near)
    return scene, window


def _mountain(rng: Generator, canvas: Canvas, scene: Frame, foot: float, stops: Floats) -> None:
    """A range far off, its upper half white."""
    span = np.linspace(-0.01, canvas.aspect + 0.01, 200)
    line = ridge(rng, 200, int(rng.integers(2, 4)), 6, 0.5) * float(rng.uniform(0.15, 0.3))
    snow_line = line.max() * 0.45 + 0.02 * ridge(rng, 200, 30, 2)
    for height, tint in (
        (line, mix(stops[1], stops[2], 0.5)),
        (np.maximum(line - snow_line, 0), mix(stops[2], WHITE, 0.45)),
    ):
        top = np.stack([span, foot - line], axis=1)
        bottom = np.stack([span, foot - line + height], axis=1)[::-1]
        fill(scene, np.concatenate([top, bottom]), tint)


def _row_of_firs(
    rng: Generator, canvas: Canvas, scene: Frame, place: tuple[float, float], tints: tuple[Floats, Floats]
) -> None:
    (level, near), (tint, sky) = place, tints
    snow = mix(mix(sky, WHITE, 0.4), tint, 0.35 * (1 - near) + 0.04)
    for _ in range(int(np.interp(near, [0, 1], [34, 7]) * float(rng.uniform(0.45, 1.1)))):
        x = float(rng.uniform(-0.05, canvas.aspect + 0.05))
        tall = float(rng.uniform(0.6, 1.15)) * float(np.interp(near, [0, 1], [0.09, 0.34]))
        tiers = int(rng.integers(4, 7))
        for tier in range(tiers):
            top = level - tall * (1 - tier / (tiers + 0.8))
            drop, half = tall * 0.34, tall * (0.09 + 0.19 * (tier + 1) / tiers)
            bough = np.array(
                [
                    [0, 0],
                    [half, drop],
                    [half * 0.45, drop * 0.9],
                    [0, drop * 1.06],
                    [-half * 0.5, drop * 0.88],
                    [-half, drop],
                ]
            )
            fill(scene, stamped(bough, x, top), tint)
            cap = np.array(
                [
                    [0, 0],
                    [half * 0.62, drop * 0.62],
                    [half * 0.2, drop * 0.46],
                    [-half * 0.1, drop * 0.6],
                    [-half * 0.4, drop * 0.4],
                ]
            )
            if near > 0.2:
                fill(scene, stamped(cap, x, top), snow)


def _cabin(rng: Generator, canvas: Canvas, scene: Frame, foot: float, near: float) -> tuple[float, float]:
    size = 0.05 + 0.05 * near
    x = canvas.aspect * float(rng.uniform(0.25, 0.75))
    wood, warm = colours("2a1c1a ffcf73")
    shapes = (
        (((-0.8, 0.1), (-0.8, -0.6), (0.8, -0.6), (0.8, 0.1)), wood),
        (((-0.8, -0.55), (0, -1.15), (0.8, -0.55)), wood),
        (((0.4, -0.9), (0.4, -1.4), (0.62, -1.4), (0.62, -0.75)), wood),
        (((-1.05, -0.5), (0, -1.35), (1.05, -0.5), (0.9, -0.45), (0, -1.1), (-0.9, -0.45)), WHITE * np.float32(0.94)),
        (((-0.25, -0.15), (-0.25, -0.5), (0.25, -0.5), (0.25, -0.15)), warm),
    )
    for corners, tint in shapes:
        fill(scene, stamped(np.array(corners), x, foot, size), tint)
    return x, foot - 0.33 * size


LOOK = Look(
    name="snowfall",
    paint=paint,
    music=Music(
        tempo=(66, 76),
        scale="major",
        root=53,
        chords=((0, 5, 3, 4), (0, 2, 3, 4), (3, 0, 4, 5)),
        parts=(
            Part("melody", "celesta", 0.5, rate=1, octave=1, density=0.75),
            Part("arpeggio", "harp", 0.3, rate=3, octave=0, density=0.7),
            Part("chords", "strings", 0.5),
            Part("air", "wind", 0.2),
        ),
        echo=0.45,
    ),
    words=Words(
        openings=(
            "Snowfall",
            "First snow",
            "Winter forest",
            "The cabin",
            "Quiet woods",
            "White evening",
            "Flakes",
            "Snowed in",
        ),
        endings=(
            "on Larch Pass",
            "all night long",
            "with the stove on",
            "at Fernrock",
            "in big slow flakes",
            "and no tracks yet",
            "under the moon",
            "until the road closes",
        ),
        lines=(
            "You can hear how quiet it is.",
            "Snowed in until Tuesday. No complaints.",
            "Warm window, cold nose.",
            "Best watched under a blanket.",
        ),
        tags=("snow", "winter", "forest", "cabin", "cozy"),
    ),
)
