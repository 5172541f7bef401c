"""Kaleidoscope: coloured glass, folded into a flower."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import circle_points, disc, fill, ring, stamped, stroke
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, mix, table, turned
from openforyou.demo.painting.light import shade, veiled, vignette
from openforyou.demo.painting.noise import clouds

SCHEMES = (
    "2b0f54 ab1f65 ff4f69 fff7f8 ff8142 ffda45 3368dc 49e7ec",
    "003049 d62828 f77f00 fcbf49 eae2b7 2a9d8f 264653",
    "10002b 5a189a c77dff e0aaff 48bfe3 64dfdf 80ffdb",
    "081c15 1b4332 40916c 95d5b2 ffb703 fb8500 fefae0",
    "22223b 4a4e69 c9ada7 f2e9e4 e07a5f 81b29a f2cc8f",
    "03071e 6a040f dc2f02 f48c06 ffba08 fff3b0 3d5a80",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """The plane is folded into a wedge by mirrors; a turning table of shapes is seen through it.

    Only a quarter of the picture is computed where the number of mirrors is even: the rest is its reflection.
    """
    quarter = Canvas(canvas.width // 2, canvas.height // 2)
    mirrors = int(rng.choice([4, 6, 8, 10, 12]))
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-15, 15)))
    side = 768
    glass = _glass(rng, side, stops)
    fold_x, fold_y = _fold(quarter, canvas.height, mirrors)
    reach = float(rng.uniform(0.03, 0.07)) * side
    zoom = float(rng.uniform(0.75, 1.4)) * side
    way = int(rng.choice([-1, 1]))
    start = rng.uniform(0, TAU)
    pulse, sway = float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.1, 0.28))
    veil = vignette(canvas, 0.5)

    def frame(phase: float) -> Frame:
        turn = TAU * way * phase
        angle = start + sway * np.sin(turn)
        scale = zoom * (1 + pulse * np.sin(turn))
        cos, sin = np.float32(np.cos(angle) * scale), np.float32(np.sin(angle) * scale)
        middle_x = np.float32(side / 2 + reach * np.cos(turn))
        middle_y = np.float32(side / 2 + reach * np.sin(turn))
        part = cv2.remap(
            glass,
            fold_x * cos - fold_y * sin + middle_x,
            fold_x * sin + fold_y * cos + middle_y,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        half = cv2.hconcat([part, cv2.flip(part, 1)])
        return veiled(np.asarray(cv2.vconcat([half, cv2.flip(half, 0)]), np.uint8), veil)

    return frame


def _fold(quarter: Canvas, height: int, mirrors: int) -> tuple[Floats, Floats]:
    """For each pixel of the upper left quarter, where the mirrors send it, in units of the height."""
    x = (np.arange(quarter.width, dtype=np.float32)[None, :] + 0.5 - quarter.width) / height
    y = (np.arange(quarter.height, dtype=np.float32)[:, None] + 0.5 - quarter.height) / height
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    wedge = TAU / mirrors
    folded = np.abs(np.mod(angle, wedge) - wedge / 2)
    return (distance * np.cos(folded)).astype(np.float32), (distance * np.sin(folded)).astype(np.float32)


def _glass(rng: Generator, side: int, stops: Floats) -> Frame:
    """A square of marbled glass with shapes on it."""
    bands = clouds(rng, (side, side), (5, 5), 4, 0.5)
    glass = shade((bands * float(rng.uniform(2.0, 4.0))) % 1.0, table(np.concatenate([stops, stops[:1]])))
    glass = np.asarray(cv2.GaussianBlur(glass, (0, 0), 1.2), np.uint8)
    for _ in range(int(rng.integers(45, 110))):
        x, y = (float(value) for value in rng.uniform(0.03, 0.97, 2))
        size = 0.012 + 0.075 * float(rng.random()) ** 2
        tint = stops[rng.integers(len(stops))]
        kind = rng.integers(4)
        if kind == 0:
            disc(glass, x, y, size, tint)
            ring(glass, x, y, size, mix(tint, np.ones(3, np.float32), 0.5), 0.006)
        elif kind == 1:
            corners = circle_points(int(rng.integers(3, 7))) * np.float32(size) + np.array([x, y], np.float32)
            fill(glass, corners, tint)
            stroke(glass, corners, stops[0], 0.005, closed=True)
        elif kind == 2:
            for step in range(4):
                ring(glass, x, y, size * (1 - step / 4), stops[(rng.integers(len(stops)) + step) % len(stops)], 0.008)
        else:
            ends = stamped(np.stack([np.zeros(2), rng.uniform(-0.25, 0.25, 2)]), x, y)
            stroke(glass, ends, tint, float(rng.uniform(0.004, 0.014)))
    return glass


LOOK = Look(
    name="kaleidoscope",
    paint=paint,
    music=Music(
        tempo=(122, 136),
        scale="mixolydian",
        root=57,
        chords=((0, 0, 3, 3), (0, 4, 3, 0), (0, 6, 0, 3)),
        parts=(
            Part("arpeggio", "marimba", 0.55, rate=4, octave=0),
            Part("arpeggio", "marimba", 0.4, rate=3, octave=1, density=0.8),
            Part("bass", "pizzicato", 0.5, rate=1, octave=-1),
        ),
        echo=0.22,
    ),
    words=Words(
        openings=(
            "Kaleidoscope",
            "Mirror garden",
            "Mandala",
            "Folded glass",
            "Rose window",
            "Six-fold",
            "Symmetry study",
            "Turning glass",
        ),
        endings=(
            "in eight mirrors",
            "no. 19",
            "unfolding",
            "from a marble",
            "slowly",
            "with every colour",
            "seen from inside",
            "at noon",
        ),
        lines=(
            "Find the centre and stay there.",
            "Eight mirrors and a handful of glass.",
            "It never repeats. Well, it does.",
            "Symmetry is the whole trick.",
        ),
        tags=("kaleidoscope", "mandala", "symmetry", "pattern", "psychedelic"),
    ),
)
