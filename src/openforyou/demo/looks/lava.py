"""Lava: slow blobs of warm light that merge and part."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, ramp, turned
from openforyou.demo.painting.light import smoothstep, veiled, vignette

SCHEMES = (
    "1a0633 5b0f6e d4145a ff6a3d ffd166",
    "04162e 0b4f6c 01baef 8ef9f3 fbfbff",
    "14213d 3d2c8d 916bbf c996cc ffd6ec",
    "0b2b26 1f6f54 7bc950 e9ff70 fff8cf",
    "2d0a1f 8c1c4b f2545b f9c784 fcf6e5",
    "0a0a23 13315c ee4266 ff9f1c ffe8a3",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Metaballs (Blinn, 1982): where the sum of 1/d² passes a threshold there is wax, lit as if it were round."""
    small = canvas.shrunk(3)
    x, y = small.grid()
    balls = _balls(rng, canvas.aspect)
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-18, 18)))
    ground = ramp(stops[:3] * np.float32(0.75), small.height)[:, None, :]
    wax = ramp(stops[1:], 256)[None]
    rings = float(rng.choice([0.0, 0.0, 2.0, 3.0]))
    slant = rng.uniform(-0.8, 0.8)
    lamp = np.array([slant, -0.8, 0.75]) / np.linalg.norm([slant, -0.8, 0.75])
    veil = vignette(canvas, 0.45)

    def frame(phase: float) -> Frame:
        field = np.zeros((small.height, small.width), np.float32)
        for ball in balls:
            at_x, at_y, radius = ball.place(phase)
            field += np.float32(radius**2) / ((x - at_x) ** 2 + (y - at_y) ** 2 + np.float32(1e-4))
        height = np.log1p(field)
        slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) * 4
        slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) * 4
        steep = 1 / np.sqrt(slope_x**2 + slope_y**2 + 1)
        facing = (-slope_x * lamp[0] - slope_y * lamp[1] + lamp[2]).astype(np.float32) * steep
        inside = smoothstep(0.62, 0.74, height)
        tone = np.clip(0.22 + 0.33 * (height - 0.7) + 0.42 * facing, 0, 1)
        if rings:
            tone = np.clip(tone + 0.07 * np.sin(TAU * rings * height), 0, 1)
        index = cv2.convertScaleAbs(tone, alpha=255)
        glint = (np.float32(0.55) * _sharpened(facing))[:, :, None]
        body = cv2.LUT(cv2.merge([index, index, index]), wax) + glint
        halo = np.clip(height / 0.7, 0, 1)[:, :, None] ** 3
        around = ground + halo * (wax[0, 90] * np.float32(0.45))
        share = inside[:, :, None]
        return veiled(canvas.enlarge(to_frame(around * (1 - share) + body * share)), veil)

    return frame


class _Ball:
    """One blob on its closed path: up and down like wax in a lamp, and a little sideways."""

    def __init__(self, rng: Generator, aspect: float) -> None:
        self.x, self.y = float(rng.uniform(0.1, 0.9)) * aspect, float(rng.uniform(0.12, 0.88))
        self.reach = float(rng.uniform(0.06, 0.24))
        self.sway = float(rng.uniform(0.02, 0.14))
        self.cycles, self.sway_cycles = int(rng.choice([-1, 1])), int(rng.choice([-1, 1]))
        self.offset, self.sway_offset = rng.uniform(0, TAU, 2)
        self.radius = float(rng.uniform(0.03, 0.085))

    def place(self, phase: float) -> tuple[float, float, float]:
        """x, y and radius, in units of the height."""
        up = np.sin(TAU * self.cycles * phase + self.offset)
        side = np.sin(TAU * self.sway_cycles * phase + self.sway_offset)
        return self.x + self.sway * side, self.y + self.reach * up, self.radius * (1 + 0.15 * side)


def _sharpened(facing: Floats) -> Floats:
    """The 28th power, by squaring: a small bright spot where the surface faces the lamp."""
    fourth = np.maximum(facing, 0) ** 2
    fourth *= fourth
    eighth = fourth * fourth
    return np.asarray(eighth * eighth * eighth * fourth, np.float32)


def _balls(rng: Generator, aspect: float) -> list[_Ball]:
    return [_Ball(rng, aspect) for _ in range(int(rng.integers(7, 15)))]


LOOK = Look(
    name="lava",
    paint=paint,
    music=Music(
        tempo=(84, 96),
        scale="dorian",
        root=45,
        chords=((0, 3), (0, 5, 3, 4), (0, 6)),
        parts=(
            Part("bass", "sub", 0.5, rate=0.5, octave=-1),
            Part("chords", "electric", 0.6, rate=2, octave=1),
            Part("melody", "square", 0.32, rate=2, octave=1, density=0.4),
            Part("beat", "snap", 0.4, pattern="....x.......x..."),
            Part("air", "bubbles", 0.25),
        ),
        echo=0.3,
    ),
    words=Words(
        openings=(
            "Lava lamp",
            "Warm blobs",
            "Wax and light",
            "Molten",
            "Slow bubbles",
            "Metaballs",
            "Goo study",
            "Soft collision",
        ),
        endings=(
            "at half speed",
            "in no hurry",
            "no. 7",
            "on a Sunday",
            "that almost touch",
            "in one colour",
            "for tired eyes",
            "merging",
        ),
        lines=(
            "They merge, they part, they merge.",
            "Watch the big one. Wait for it.",
            "Oddly satisfying, as ordered.",
            "A lava lamp that never needs a bulb.",
        ),
        tags=("lavalamp", "satisfying", "blobs", "metaballs", "3d"),
    ),
)
