"""Nebula: a flight through coloured clouds and stars."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import glow, shine
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, table, turned
from openforyou.demo.painting.light import shade, smoothstep
from openforyou.demo.painting.noise import clouds

SCHEMES = (
    "02030a 10184a 4a1f7a c2407f ffb27a fff3d6",
    "01040a 062a3f 0f6f7a 5fc9a8 f7e7a1 ffffff",
    "050208 2b0a3d 7a1450 e0453f ffb347 fff5d9",
    "02020c 101a66 2f5bd0 7fb4ff e8d9ff ffffff",
    "030602 0b2f2a 3a6b35 b5b04a f5d491 fffbe8",
)
LAYERS = 3


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Three sheets of cloud grow towards us in turn, each fading in far off and out before it passes."""
    small = canvas.shrunk(3)
    side = 512
    detail = int(rng.integers(3, 6))
    sheets = [clouds(rng, (side, side), (detail, detail), 6, 0.56) for _ in range(LAYERS)]
    lift = float(rng.uniform(0.38, 0.47))
    stops = turned(colours(str(rng.choice(SCHEMES))), float(rng.uniform(-20, 20)))
    bend = float(rng.choice([-1, 1])) * float(rng.uniform(35, 80))
    schemes = [table(scheme, (0, 0.22, 0.45, 0.68, 0.88, 1)) for scheme in (stops, turned(stops, bend))]
    share = smoothstep(0.3, 0.7, clouds(rng, (small.height, small.width), (3, 2), 3))[:, :, None]
    spin = float(rng.choice([-1, 1])) * float(rng.uniform(10, 50))
    aim = np.array([small.width * rng.uniform(0.35, 0.65), small.height * rng.uniform(0.35, 0.65)])
    stars = _Stars(rng, canvas, aim / small.height)
    corner = rng.uniform(side * 0.3, side * 0.7, (LAYERS, 2))

    def frame(phase: float) -> Frame:
        density = np.zeros((small.height, small.width), np.float32)
        for layer, sheet in enumerate(sheets):
            near = (phase + layer / LAYERS) % 1.0
            look = cv2.getRotationMatrix2D((0, 0), spin * near, 0.55 * 6.0 ** (near - 0.5) * small.height / 320)
            look[:, 2] = aim - look[:, :2] @ corner[layer]
            seen = cv2.warpAffine(sheet, look, (small.width, small.height), borderMode=cv2.BORDER_WRAP)
            density += seen * np.float32(np.sin(np.pi * near) ** 2)
        tone = np.clip((density / 1.5 - lift) * 1.9 + 0.22, 0, 1) ** 1.25
        warm, cool = (shade(tone, scheme) for scheme in schemes)
        full = canvas.enlarge((warm * share + cool * (1 - share)).astype(np.uint8))
        stars.shine(full, phase)
        return full

    return frame


class _Stars:
    """Stars that come out of one point, faster the nearer; bright ones have a halo."""

    def __init__(self, rng: Generator, canvas: Canvas, aim: Floats) -> None:
        count = int(rng.integers(130, 260))
        angle, reach = rng.uniform(0, TAU, count), np.sqrt(rng.uniform(0.004, 1, count)) * 0.5
        self.way = np.stack([np.cos(angle) * reach, np.sin(angle) * reach], axis=1)
        self.depth = rng.uniform(0, 1, count)
        self.size = rng.uniform(0.4, 1.0, count) ** 2
        self.aim = aim
        self.halo = glow(max(3, int(canvas.pixels(0.018))), np.array([1.0, 0.9, 0.82], np.float32), 4)

    def shine(self, frame: Frame, phase: float) -> None:
        """Draw each with a short trail, in place."""
        near = (self.depth + phase) % 1.0
        head, tail = self._place(near), self._place(np.maximum(near - 0.012, 0))
        light = self.size * np.minimum(near * 2.5, 1)
        scale = frame.shape[0] * 16
        for one, other, strength, close in zip(head, tail, light, near, strict=True):
            grey = int(70 + 185 * strength)
            start, end = (int(v) for v in other * scale), (int(v) for v in one * scale)
            cv2.line(frame, tuple(start), tuple(end), (grey, grey, grey), 1, cv2.LINE_AA, 4)
            if strength > 0.5:
                shine(frame, self.halo, float(one[0]), float(one[1]), float((strength - 0.3) * (1.2 - close)))

    def _place(self, near: Floats) -> Floats:
        return np.asarray(self.aim + self.way * (0.16 / (1.06 - near))[:, None], np.float32)


LOOK = Look(
    name="nebula",
    paint=paint,
    music=Music(
        tempo=(52, 60),
        scale="minor",
        root=40,
        chords=((0, 5), (0, 3, 5, 2), (0, 6, 5, 6)),
        parts=(
            Part("chords", "strings", 0.7),
            Part("chords", "choir", 0.5, octave=1),
            Part("bass", "sub", 0.5, rate=0.25, octave=0),
            Part("melody", "celesta", 0.28, rate=2, octave=3, density=0.3),
        ),
        echo=0.6,
    ),
    words=Words(
        openings=(
            "Into the nebula",
            "Warp",
            "Star nursery",
            "Dust and starlight",
            "Deep field",
            "Flight through",
            "Cosmic weather",
            "A billion suns",
        ),
        endings=(
            "at ten times light",
            "past Orrery Station",
            "in the Lantern cluster",
            "without a map",
            "sector 88",
            "towards the core",
            "on autopilot",
            "and back by eight",
        ),
        lines=(
            "Full screen, lights off.",
            "Every point is somebody's sun.",
            "No stars were harmed in this flight.",
            "Space is mostly nothing. This part is not.",
        ),
        tags=("space", "nebula", "stars", "scifi", "galaxy"),
    ),
)
