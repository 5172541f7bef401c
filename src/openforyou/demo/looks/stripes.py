"""Stripes: flat bands that bulge and ripple, as in the op art of the 1960s."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.light import smoothstep

SCHEMES = (
    "111111 f7f4ea",
    "12263a f4ede0 e4572e",
    "2b2d42 edf2f4 ef233c 8d99ae",
    "f6ae2d f26419 33658a 86bbd8",
    "fefae0 283618 dda15e",
    "ff99c8 fcf6bd d0f4de a9def9",
    "231942 e0b1cb 9f86c0",
    "006d77 edf6f9 e29578 83c5be",
)
PERIOD = 256


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """A smooth height says where in the cycle of bands each pixel lies; bumps wander through it."""
    small = canvas.shrunk(3)
    x, y = small.grid()
    x = x - np.float32(canvas.aspect / 2)
    y = y - np.float32(0.5)
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-40, 40)))
    kind = str(rng.choice(["rows", "rings", "spiral", "fans"]))
    bands = int(rng.integers(7, 13)) * (2 if len(stops) == 2 else 1)
    ground = _ground(kind, canvas, bands, float(rng.uniform(-0.6, 0.6)))
    bumps = [_Bump(rng, canvas.aspect, kind) for _ in range(int(rng.integers(2, 5)))]
    inks = _inks(stops, bands * 3.2 / canvas.height)
    laps = int(rng.choice([-2, -1, 1, 2]))
    lit = float(rng.uniform(0.25, 0.6))

    def frame(phase: float) -> Frame:
        lift = np.zeros((small.height, small.width), np.float32)
        for bump in bumps:
            lift += bump.height(x, y, phase)
        raised = lift * np.float32(bands * 0.33 * PERIOD) + np.float32((64 + laps * phase) * PERIOD)
        full = ground + cv2.resize(raised, (canvas.width, canvas.height), interpolation=cv2.INTER_CUBIC)
        index = full.astype(np.int32).astype(np.uint8)
        picture = cv2.LUT(cv2.merge([index, index, index]), inks[None])
        slope = cv2.Sobel(lift, cv2.CV_32F, 1, 1, ksize=3) * np.float32(26 * lit)
        shade = cv2.convertScaleAbs(np.clip(1 + slope - 0.25 * lit * np.abs(lift), 0.45, 1) * 255)
        veil = cv2.resize(shade, (canvas.width, canvas.height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.multiply(picture, cv2.merge([veil, veil, veil]), scale=1 / 255), np.uint8)

    return frame


class _Bump:
    """A round swelling on a closed path."""

    def __init__(self, rng: Generator, aspect: float, kind: str) -> None:
        self.x, self.y = float(rng.uniform(-0.3, 0.3)) * aspect, float(rng.uniform(-0.32, 0.32))
        self.reach = rng.uniform(0.04, 0.16, 2)
        self.cycles = rng.choice([-1, 1], 2)
        self.offset = rng.uniform(0, TAU, 3)
        self.size = float(rng.uniform(0.1, 0.22))
        self.strength = float(rng.choice([-1, 1])) * float(rng.uniform(0.5, 1.0)) * (0.6 if kind == "spiral" else 1.0)

    def height(self, x: Floats, y: Floats, phase: float) -> Floats:
        """How high each point is lifted."""
        at_x = self.x + self.reach[0] * np.sin(TAU * self.cycles[0] * phase + self.offset[0])
        at_y = self.y + self.reach[1] * np.cos(TAU * self.cycles[1] * phase + self.offset[1])
        swell = self.strength * (1 + 0.25 * np.sin(TAU * phase + self.offset[2]))
        away = ((x - np.float32(at_x)) ** 2 + (y - np.float32(at_y)) ** 2) / np.float32(self.size**2)
        return np.asarray(np.float32(swell) * np.exp(-away), np.float32)


def _ground(kind: str, canvas: Canvas, bands: int, slant: float) -> Floats:
    """The undisturbed pattern, in steps of a cycle; whole around a circle, so that no seam shows."""
    x, y = canvas.grid()
    x, y = x - np.float32(canvas.aspect / 2), y - np.float32(0.5)
    if kind == "rows":
        flat = (y + slant * x) * bands
    elif kind == "rings":
        flat = np.hypot(x, y) * bands * 1.4
    elif kind == "spiral":
        arms = max(2, round(bands / 4)) * (1 if slant > 0 else -1)
        flat = arms * np.arctan2(y, x) / TAU + np.log(np.hypot(x, y) + 0.03) * bands * 0.25
    else:
        flat = np.abs(x) * bands * 1.1 + np.abs(np.mod(y * 3, 1) - 0.5) * bands * 0.35
    return np.asarray(np.broadcast_to(flat * PERIOD, (canvas.height, canvas.width)), np.float32)


def _inks(stops: Floats, cycles_per_pixel: float) -> Frame:
    """One cycle as a table: flat bands whose edges are about a pixel wide."""
    place = (np.arange(PERIOD, dtype=np.float32) + 0.5) / PERIOD * len(stops)
    soft = min(0.45, max(0.04, cycles_per_pixel * len(stops) * 0.7))
    table = np.empty((PERIOD, 3), np.float32)
    for row, at in enumerate(place):
        band = int(at) % len(stops)
        share = float(smoothstep(1 - soft, 1, np.float32(at - int(at)).reshape(1))[0])
        table[row] = mix(stops[band], stops[(band + 1) % len(stops)], share)
    return (table * 255 + 0.5).astype(np.uint8)


LOOK = Look(
    name="stripes",
    paint=paint,
    music=Music(
        tempo=(116, 126),
        scale="phrygian",
        root=45,
        chords=((0, 0, 1, 0), (0, 5, 0, 1), (0,)),
        parts=(
            Part("beat", "kick", 0.85, pattern="x...x...x...x..."),
            Part("beat", "hat", 0.5, pattern="..x...x...x...x."),
            Part("beat", "shaker", 0.25, pattern="xxxxxxxxxxxxxxxx"),
            Part("arpeggio", "square", 0.55, rate=4, octave=0, density=0.6),
            Part("bass", "sub", 0.28, rate=2, octave=-1, density=0.8),
        ),
        echo=0.18,
    ),
    words=Words(
        openings=("Stripes", "Op art", "Moving lines", "Do not blink", "Bulge", "Two colours", "Wave field", "Optical"),
        endings=(
            "study 12",
            "that breathe",
            "for a gallery wall",
            "in motion",
            "after Tuesday",
            "with no centre",
            "and a headache",
            "on repeat",
        ),
        lines=(
            "The picture is flat. I promise.",
            "Stare at the middle for ten seconds.",
            "Two colours, no mercy.",
            "Lines are all you need.",
        ),
        tags=("opart", "stripes", "abstract", "illusion", "minimal"),
    ),
)
