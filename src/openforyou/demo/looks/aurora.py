"""Aurora: curtains of light over a mountain lake."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, ramp, turned
from openforyou.demo.painting.cutout import Cutout
from openforyou.demo.painting.light import smoothstep
from openforyou.demo.painting.noise import clouds, ridge

SKIES = ("030714 0a1a33 12354a", "05060f 141a3a 2b2a55", "020a12 06222e 0d4a4c", "070512 1b1233 3a2350")
LIGHTS = (
    "6dffb0 2fd6a3 7a4dff c13fd0",
    "a8ff78 3ce6c0 2f7dff 5b35c9",
    "ff9ad5 c86bff 5f6bff 2bd0c0",
    "d7ff9a 58e0a0 00b3b3 3355cc",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Two to four curtains drift over two ridges; the lake mirrors all of it."""
    small = canvas.shrunk(3)
    shore = float(rng.uniform(0.66, 0.8))
    sky_rows = max(4, int(shore * small.height))
    hue = float(rng.uniform(-14, 14))
    sky = ramp(turned(colours(str(rng.choice(SKIES))), hue), sky_rows)[:, None, :]
    curtains = [_Curtain(rng, small, turned(colours(str(rng.choice(LIGHTS))), hue)) for _ in range(rng.integers(2, 5))]
    stars = _stars(rng, canvas, int(shore * canvas.height))
    land = _mountains(rng, canvas, shore)
    ripple_x, ripple_y, drift = _ripples(rng, small, sky_rows)

    def frame(phase: float) -> Frame:
        light = np.repeat(sky, small.width, axis=1)
        for curtain in curtains:
            curtain.shine(light, phase)
        np.clip(light, 0, 1, out=light)
        picture = np.empty((small.height, small.width, 3), np.float32)
        picture[:sky_rows] = light
        moved = np.roll(drift, int(phase * len(drift)), axis=0)[: len(ripple_y)]
        mirrored = cv2.remap(light, ripple_x + moved * 5, ripple_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        picture[sky_rows:] = mirrored * np.float32(0.62)
        full = canvas.enlarge(to_frame(picture))
        rows = slice(0, stars.shape[0])
        twinkle = 0.75 + 0.25 * np.sin(TAU * phase * 3)
        full[rows] = cv2.addWeighted(full[rows], 1.0, stars, twinkle, 0)
        land.lay(full)
        return full

    return frame


class _Curtain:
    """A band of rays hanging from a wavering line, brightest at its lower edge."""

    def __init__(self, rng: Generator, small: Canvas, lights: Floats) -> None:
        self.x, self.y = small.grid()
        self.base = float(rng.uniform(0.28, 0.52))
        self.waves = [
            (k, float(rng.uniform(0.02, 0.08)) / k, rng.uniform(0, TAU), int(rng.choice([-1, 1]))) for k in (1, 2, 3)
        ]
        self.tall = float(rng.uniform(0.14, 0.3))
        self.strength = float(rng.uniform(0.55, 1.0))
        self.rays = clouds(rng, (64, small.width * 2), (2, int(rng.integers(18, 34))), 3, 0.6) ** 1.6
        self.colours = ramp(lights, 128)
        self.way = int(rng.choice([-1, 1]))

    def shine(self, sky: Floats, phase: float) -> None:
        """Add this curtain's light to the sky (rows, W, 3)."""
        rows, width = sky.shape[:2]
        turn = TAU * phase
        line = np.full_like(self.x, self.base)
        for cycles, reach, offset, way in self.waves:
            line += reach * np.sin(cycles * 5.2 * self.x + offset + way * turn)
        row = np.linspace(0, 64, 3, endpoint=False) + phase * 64
        blend = [self.rays[int(r) % 64] for r in row]
        shift = int(self.way * phase * 2 * width)
        ray = np.roll(blend[0], shift)[:width] * 0.5 + np.roll(blend[1], -shift)[:width] * 0.5
        above = (line - self.y[:rows]) / (self.tall * (0.5 + ray[None, :]))
        light = np.exp(-2.6 * np.maximum(above, 0)) * smoothstep(-0.22, 0.02, above) * ray[None, :] * self.strength
        place = np.clip(above * 110, 0, 127).astype(np.uint8)
        sky += self.colours[place] * (1.25 * light[:, :, None]).astype(np.float32)


def _stars(rng: Generator, canvas: Canvas, rows: int) -> Frame:
    stars = np.zeros((rows, canvas.width, 3), np.uint8)
    for _ in range(130):
        x, y = int(rng.integers(canvas.width)), int(rows * rng.random() ** 1.4)
        shine = int(rng.integers(60, 230))
        cv2.circle(
            stars, (x * 16, y * 16), int(rng.uniform(5, 15)), (shine, shine, shine * 9 // 10), -1, cv2.LINE_AA, 4
        )
    return stars


def _mountains(rng: Generator, canvas: Canvas, shore: float) -> Cutout:
    """Two ridges and their mirror images."""
    land = Cutout(canvas)
    span = np.linspace(-0.01, canvas.aspect + 0.01, 240, dtype=np.float32)
    tints = colours("16263a 070d18") if rng.random() < 0.6 else colours("1d2038 090a16")
    for depth, tint in enumerate(tints):
        line = ridge(rng, 240, 3 + 3 * depth, 6, 0.48) * float(rng.uniform(0.1, 0.2)) * (1.1 - 0.55 * depth) + 0.006
        for side, light in ((-1.0, 1.0), (0.8, 0.75)):
            edge = np.stack([span, shore + side * line], axis=1)
            corners = np.array([[span[-1], shore], [span[0], shore]])
            land.fill(np.concatenate([edge, corners]), tint * np.float32(light))
    return land


def _ripples(rng: Generator, small: Canvas, sky_rows: int) -> tuple[Floats, Floats, Floats]:
    """Where each pixel of the lake looks in the sky, and how its rows waver."""
    rows = small.height - sky_rows
    columns, lines = np.meshgrid(np.arange(small.width, dtype=np.float32), np.arange(rows, dtype=np.float32))
    wave = clouds(rng, (max(rows, 64), small.width), (24, 4), 2) - 0.5
    depth = 0.4 + 1.6 * lines[:, :1] / max(rows, 1)
    return columns, sky_rows - 1 - lines * 0.9 - depth, wave.astype(np.float32)


LOOK = Look(
    name="aurora",
    paint=paint,
    music=Music(
        tempo=(56, 66),
        scale="lydian",
        root=50,
        chords=((0, 4, 1, 4), (0, 1, 5, 4), (3, 0, 4, 0)),
        parts=(
            Part("chords", "glass", 0.8),
            Part("chords", "choir", 0.35, octave=1),
            Part("melody", "bell", 0.42, rate=1, octave=2, density=0.45),
            Part("air", "wind", 0.16),
        ),
        echo=0.55,
    ),
    words=Words(
        openings=(
            "Green fire",
            "Northern light",
            "Curtains of light",
            "The sky dances",
            "Aurora",
            "Polar night",
            "Solar wind",
            "Slow lightning",
        ),
        endings=(
            "over Lake Ylvern",
            "above the Skarn ridge",
            "at minus thirty",
            "before dawn",
            "mirrored twice",
            "without a sound",
            "at the edge of the map",
            "after the storm",
        ),
        lines=(
            "Waited four hours for four minutes of this.",
            "Colours as they came, nothing added.",
            "Aurora season has begun up here.",
            "The lake was so still that I lost the horizon.",
        ),
        tags=("aurora", "northernlights", "nightsky", "mountains", "lake"),
    ),
)
