"""Fireflies: a summer meadow at night."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import disc, fill, glow, shine, strokes
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.cutout import Cutout
from openforyou.demo.painting.light import backdrop
from openforyou.demo.painting.noise import clouds, ridge

NIGHTS = (
    "05101f 0c2b3a 1c5a55 5b9a6b",
    "0a0a24 1b1f4f 3d3f7a 8a6f9c",
    "04140f 0c3327 24663f 93a85a",
    "120a1e 2f1a3f 6a3352 c0705a",
    "061320 10324f 2c6b86 8fc3b4",
)
LAMPS = ("ffe27a", "d8ff8a", "ffc46b", "b9ffcf")


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """The grass sways in three depths; between them lights rise, wander and pulse."""
    stops = turned(colours(str(rng.choice(NIGHTS))), float(rng.uniform(-12, 12)))
    horizon = float(rng.uniform(0.55, 0.7))
    night = _night(rng, canvas, stops, horizon)
    lamp = colours(str(rng.choice(LAMPS)))[0]
    meadow = [
        _Grass(rng, canvas, float(np.interp(depth, [0, 2], [horizon + 0.06, 1.03])), depth, stops) for depth in range(3)
    ]
    swarms = [_Swarm(rng, canvas, lamp, depth, horizon) for depth in range(3)]

    def frame(phase: float) -> Frame:
        picture = night.copy()
        for grass, swarm in zip(meadow, swarms, strict=True):
            swarm.shine(picture, phase)
            grass.draw(picture, phase)
        swarms[-1].shine(picture, phase + 0.37)
        return picture

    return frame


class _Grass:
    """One row of blades: curved lines that the same gust bends one after the other."""

    def __init__(self, rng: Generator, canvas: Canvas, foot: float, depth: int, stops: Floats) -> None:
        count = (190, 100, 44)[depth]
        self.x = rng.uniform(-0.05, canvas.aspect + 0.05, count)
        self.tall = rng.uniform(0.5, 1.0, count) * (0.09, 0.15, 0.24)[depth]
        self.lean = rng.normal(0, 0.25, count)
        self.ground_x = np.linspace(-0.06, canvas.aspect + 0.06, 60)
        self.ground_y = foot - ridge(rng, 60, 4, 3) * 0.035
        self.foot = np.interp(self.x, self.ground_x, self.ground_y) + rng.uniform(0, 0.02, count)
        self.tint = mix(stops[1], stops[0] * np.float32(0.4), (0.1, 0.5, 1.0)[depth]) * np.float32(
            (0.75, 0.6, 0.55)[depth]
        )
        self.width = (0.0022, 0.0034, 0.0055)[depth]
        self.gust = float(rng.uniform(0.08, 0.2))
        self.wave = float(rng.uniform(4, 9))

    def draw(self, frame: Frame, phase: float) -> None:
        """The ground, then every blade over it."""
        corners = np.array([[self.ground_x[-1], 1.01], [self.ground_x[0], 1.01]])
        edge = np.stack([self.ground_x, self.ground_y], axis=1)
        fill(frame, np.concatenate([edge, corners]), self.tint)
        bend = self.lean + self.gust * np.sin(TAU * (2 * phase) - self.wave * self.x)
        up = np.linspace(0, 1, 4)
        x = self.x[:, None] + (bend * self.tall)[:, None] * up**2
        y = self.foot[:, None] - self.tall[:, None] * up
        blades = np.stack([x, y], axis=2).astype(np.float32)
        strokes(frame, blades, self.tint, self.width)
        if self.width > 0.003:
            strokes(frame, blades[:, :2], self.tint, self.width * 1.9)


class _Swarm:
    """Lights on closed paths, each with its own pulse."""

    def __init__(self, rng: Generator, canvas: Canvas, lamp: Floats, depth: int, horizon: float) -> None:
        count = int(rng.integers(9, 17))
        self.x, self.y = rng.uniform(0, canvas.aspect, count), rng.normal(horizon + 0.06 * depth, 0.13, count)
        self.reach = rng.uniform(0.015, 0.09, (count, 2))
        self.cycles = rng.choice([-2, -1, 1, 2], (count, 2))
        self.offset = rng.uniform(0, TAU, (count, 3))
        self.pulse = rng.integers(1, 4, count)
        self.core = (0.0016, 0.0024, 0.0036)[depth]
        self.tint = mix(lamp, np.ones(3, np.float32), 0.55)
        self.halo = glow(int(canvas.pixels((0.022, 0.036, 0.06)[depth])), lamp, 3.2)

    def shine(self, frame: Frame, phase: float) -> None:
        """Add the lights to `frame`, in place."""
        x = self.x + self.reach[:, 0] * np.sin(TAU * self.cycles[:, 0] * phase + self.offset[:, 0])
        y = self.y + self.reach[:, 1] * np.cos(TAU * self.cycles[:, 1] * phase + self.offset[:, 1])
        light = np.clip(0.5 + 0.7 * np.sin(TAU * self.pulse * phase + self.offset[:, 2]), 0, 1)
        for at_x, at_y, strength in zip(x, y, light, strict=True):
            shine(frame, self.halo, float(at_x), float(at_y), float(strength) * 0.9)
            if strength > 0.25:
                disc(frame, float(at_x), float(at_y), self.core, self.tint)


def _night(rng: Generator, canvas: Canvas, stops: Floats, horizon: float) -> Frame:
    """Sky, stars, a moon, far trees and mist."""
    sky = backdrop(canvas, stops, (0, horizon * 0.55, horizon * 0.85, min(horizon + 0.1, 1)))
    for _ in range(90):
        x, y = rng.uniform(0, canvas.aspect), horizon * rng.random() ** 1.3
        disc(sky, float(x), float(y), float(rng.uniform(0.0004, 0.0011)), mix(stops[2], np.ones(3, np.float32), 0.55))
    moon_x, moon_y = canvas.aspect * float(rng.uniform(0.2, 0.8)), horizon * float(rng.uniform(0.15, 0.5))
    pale = mix(stops[3], np.ones(3, np.float32), 0.75)
    shine(sky, glow(int(canvas.pixels(0.22)), pale * np.float32(0.5), 3), moon_x, moon_y)
    disc(sky, moon_x, moon_y, float(rng.uniform(0.02, 0.042)), pale)
    trees = Cutout(canvas)
    for depth in range(3):
        span = np.linspace(-0.01, canvas.aspect + 0.01, 300)
        line = ridge(rng, 300, 5 + 2 * depth, 6, 0.62) * (0.15 - 0.035 * depth)
        edge = np.stack([span, horizon + 0.035 * depth - line], axis=1)
        corners = np.array([[span[-1], horizon + 0.2], [span[0], horizon + 0.2]])
        tint = mix(stops[2], stops[0], 0.35 + 0.25 * depth)
        trees.fill(np.concatenate([edge, corners]), tint)
    trees.lay(sky)
    _, down = canvas.grid()
    thick = 0.15 + 0.25 * clouds(rng, (canvas.height, canvas.width), (12, 2), 3)
    mist = (thick * np.exp(-(((down - horizon - 0.06) / 0.05) ** 2)))[:, :, None]
    clear = sky.astype(np.float32) / 255
    hazy = clear + mist * (stops[3] - clear)
    return np.asarray(cv2.GaussianBlur(to_frame(hazy.astype(np.float32)), (0, 0), 0.6), np.uint8)


LOOK = Look(
    name="fireflies",
    paint=paint,
    music=Music(
        tempo=(78, 90),
        scale="pentatonic",
        root=55,
        chords=((0, 3, 2, 0), (0, 2, 4, 2), (0, 4, 3, 1)),
        parts=(
            Part("air", "night", 0.22),
            Part("arpeggio", "celesta", 0.5, rate=2, octave=1, density=0.8),
            Part("chords", "warm", 0.5, octave=-1),
        ),
        echo=0.4,
    ),
    words=Words(
        openings=(
            "Fireflies",
            "Summer meadow",
            "Little lanterns",
            "Glow",
            "After dark",
            "Moonrise",
            "Tall grass",
            "June night",
        ),
        endings=(
            "in Wren Hollow",
            "by the old fence",
            "at the edge of the wood",
            "before bed",
            "counting to forty",
            "with crickets",
            "down at the creek",
            "that blink back",
        ),
        lines=(
            "They only do this for two weeks a year.",
            "Crickets included, turn it up.",
            "How many did you count?",
            "Mum said five more minutes.",
        ),
        tags=("fireflies", "summer", "meadow", "night", "nature"),
    ),
)
