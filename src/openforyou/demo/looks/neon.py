"""Neon: a night drive over a glowing grid towards a striped sun."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import disc, fill, stroke, strokes
from openforyou.demo.painting.canvas import Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, ramp, turned
from openforyou.demo.painting.light import backdrop, bloom
from openforyou.demo.painting.noise import ridge

SCHEMES = (
    "0b0221 3a0f5c c2227a ff2fa0 27e8ff ffd35c ff3d8b",
    "020617 0d2350 2b5fc0 4de1ff ff4fd8 b6fff0 3f8cff",
    "12030f 4a0d2e d1403f ff7a3c ffcf5c fff0a8 ff3b4e",
    "04120f 0b3b3a 14907c 3dffb0 c46bff e9ffb0 2bd9a0",
    "0d0a26 2b1f66 8b4fd0 b98bff ff9df0 ffe3f8 7a5cff",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """The grid runs in true perspective: rows come nearer, columns meet in one point under the sun."""
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-35, 35)))
    horizon = float(rng.uniform(0.5, 0.62))
    middle = canvas.aspect * float(rng.uniform(0.42, 0.58))
    sun = _Sun(rng, canvas, (middle, horizon), stops)
    sky = _sky(rng, canvas, stops, sun)
    sun.hang(sky)
    range_line = ridge(rng, 90, int(rng.integers(3, 6)), 4, 0.5) * float(rng.uniform(0.05, 0.13))
    span = np.linspace(-0.02, canvas.aspect + 0.02, 90)
    gap = 0.12 + 0.88 * np.clip(np.abs(span - middle) / 0.2, 0, 1)
    peaks = np.stack([span, horizon - range_line * gap], axis=1).astype(np.float32)
    rows, speed = int(rng.integers(14, 22)), int(rng.integers(3, 8))
    columns = np.arange(-16, 17) * float(rng.uniform(0.045, 0.075))
    posts = _Posts(rng, (middle, horizon), stops[4])
    floor = stops[0] * np.float32(0.7)

    def frame(phase: float) -> Frame:
        picture = sky.copy()
        sun.draw(picture, phase)
        light = canvas.empty()
        fill(picture, np.concatenate([peaks, [[canvas.aspect, horizon], [0, horizon]]]), floor)
        stroke(light, peaks, stops[4] * np.float32(0.8), 0.0016)
        picture[int(horizon * canvas.height) :] = (floor * 255).astype(np.uint8)
        near = (np.arange(rows) + (phase * speed) % 1.0) / rows
        for share in near:
            y = horizon + (1.03 - horizon) * share**2.6
            tint = stops[3] * np.float32(0.2 + 0.8 * share)
            stroke(light, np.array([[-0.1, y], [canvas.aspect + 0.1, y]], np.float32), tint, 0.0012 + 0.0018 * share)
        feet = np.stack([middle + columns * 9, np.full(len(columns), 1.06)], axis=1)
        heads = np.stack([middle + columns * 0.22, np.full(len(columns), horizon)], axis=1)
        strokes(light, np.stack([heads, feet], axis=1), stops[3] * np.float32(0.75), 0.0016)
        posts.draw(light, phase)
        return np.asarray(cv2.add(picture, bloom(light, 1.3, 0.008)), np.uint8)

    return frame


class _Sun:
    """A disc in a gradient, cut by bars that sink and widen."""

    def __init__(self, rng: Generator, canvas: Canvas, foot: tuple[float, float], stops: Floats) -> None:
        self.radius = float(rng.uniform(0.13, 0.2))
        self.x, self.y = foot[0], foot[1] - self.radius * float(rng.uniform(0.45, 0.9))
        self.horizon = foot[1]
        self.bars = int(rng.integers(6, 10))
        self.top = max(0, int((self.y - self.radius) * canvas.height) - 2)
        self.bottom = int(self.horizon * canvas.height)
        self.left = max(0, int((self.x - self.radius) * canvas.height) - 2)
        self.right = int((self.x + self.radius) * canvas.height) + 3
        self.colour = ramp(np.stack([stops[5], mix(stops[5], stops[6], 0.5), stops[6]]), self.bottom - self.top)[
            :, None, :
        ]
        x, y = canvas.grid()
        x, y = x[:, self.left : self.right], y[self.top : self.bottom]
        self.cover = np.clip((self.radius - np.hypot(x - self.x, y - self.y)) * canvas.height + 0.5, 0, 1)[:, :, None]
        self.place = (y - self.y + self.radius) / (2 * self.radius)
        self.edge = np.float32(2 * self.radius * canvas.height / self.bars)

    def hang(self, sky: Frame) -> None:
        """Before the first `draw`: the sky that it hangs in."""
        self.behind = sky[self.top : self.bottom, self.left : self.right].astype(np.float32) / 255
        self.shine = (self.colour - self.behind) * self.cover

    def draw(self, frame: Frame, phase: float) -> None:
        """Onto `frame`, in place."""
        lane = (self.place * self.bars * 1.15 - phase * 2) % 1.0
        wide = np.clip((self.place - 0.38) * 0.95, 0, 0.62)
        open_ = np.where(wide > 0, np.clip((np.abs(lane - 0.5) - wide / 2) * self.edge, 0, 1), 1)
        lit = self.behind + self.shine * open_[:, :, None].astype(np.float32)
        frame[self.top : self.bottom, self.left : self.right] = to_frame(np.asarray(lit, np.float32))


class _Posts:
    """What stands beside the road: arches of light, lamps, or nothing."""

    def __init__(self, rng: Generator, foot: tuple[float, float], tint: Floats) -> None:
        self.kind = str(rng.choice(["arches", "triangles", "lamps", "nothing"]))
        self.middle, self.horizon = foot
        self.tint = tint
        self.count = int(rng.integers(4, 7))
        self.wide = float(rng.uniform(0.24, 0.32))

    def draw(self, light: Frame, phase: float) -> None:
        """Farthest first, onto `light`."""
        if self.kind == "nothing":
            return
        for share in sorted((np.arange(self.count) + phase * 2 % 1.0) / self.count):
            size = 0.05 * (1 / (1.04 - share)) - 0.048
            tint = self.tint * np.float32(min(1.0, 0.15 + share * 1.2))
            ground = self.horizon + size * (1.03 - self.horizon) * 1.1
            left, right = self.middle - size * self.wide * 1.6, self.middle + size * self.wide * 1.6
            top = ground - size * 0.75
            width = 0.001 + 0.0045 * size
            if self.kind == "arches":
                shape = [[left, ground], [left, top], [right, top], [right, ground]]
                stroke(light, np.array(shape, np.float32), tint, width)
            elif self.kind == "triangles":
                shape = [[left, ground], [self.middle, top - size * 0.25], [right, ground]]
                stroke(light, np.array(shape, np.float32), tint, width, closed=True)
            else:
                for x in (left, right):
                    stroke(light, np.array([[x, ground], [x, top]], np.float32), tint * np.float32(0.5), width)
                    disc(light, x, top, 0.012 * size + 0.001, tint)


def _sky(rng: Generator, canvas: Canvas, stops: Floats, sun: _Sun) -> Frame:
    """The gradient, the stars, and the sun's haze."""
    horizon = sun.horizon
    sky = backdrop(canvas, stops[:3], (0, horizon * 0.6, horizon))
    for _ in range(150):
        x, y = float(rng.uniform(0, canvas.aspect)), float(horizon * rng.random() ** 1.5)
        tint = mix(stops[2], np.ones(3, np.float32), float(rng.uniform(0.3, 0.9)))
        disc(sky, x, y, float(rng.uniform(0.0004, 0.0013)), tint)
    across, down = canvas.grid()
    away = np.maximum(np.hypot(across - sun.x, down - sun.y) - sun.radius, 0)
    haze = (np.exp(-((away / 0.08) ** 1.1)) * 0.42)[:, :, None] * stops[6]
    return to_frame(np.asarray(sky.astype(np.float32) / 255 + haze, np.float32))


LOOK = Look(
    name="neon",
    paint=paint,
    music=Music(
        tempo=(96, 112),
        scale="minor",
        root=45,
        chords=((0, 5, 2, 6), (0, 3, 5, 6), (0, 6, 5, 6)),
        parts=(
            Part("beat", "kick", 0.8, pattern="x...x...x...x..."),
            Part("beat", "snap", 0.5, pattern="....x.......x..."),
            Part("beat", "hat", 0.35, pattern="..x...x...x...x."),
            Part("bass", "saw", 0.55, rate=2, octave=-1),
            Part("arpeggio", "saw", 0.42, rate=4, octave=1, density=0.9),
            Part("chords", "strings", 0.4),
        ),
        echo=0.25,
    ),
    words=Words(
        openings=(
            "Night drive",
            "Neon grid",
            "Outrun",
            "Chrome Boulevard",
            "Arcade dreams",
            "Chrome sky",
            "Turbo",
            "Synthwave",
        ),
        endings=(
            "past the last exit",
            "at 88",
            "on cassette",
            "side B",
            "to Vector City",
            "with the top down",
            "until the tape ends",
            "level 3",
        ),
        lines=(
            "Insert coin.",
            "Headphones. Night. Go.",
            "The sun never sets on the grid.",
            "1985 called, it wants its horizon back.",
        ),
        tags=("synthwave", "neon", "retro", "80s", "outrun"),
    ),
)
