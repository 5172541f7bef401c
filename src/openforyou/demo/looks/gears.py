"""Gears: a clockwork that really meshes, in brushed metal."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import circle_points, fill
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.light import backdrop, veiled, vignette
from openforyou.demo.painting.noise import clouds

METALS = (
    "0f1418 2b2118 c8963e e8c27a 9a5b32",
    "10151d 1c2733 8fa6b8 c7d6e0 5b7286",
    "1a0f14 31161f d98a6a f0bfa0 a8483f",
    "0b1a18 12302b 6fb59a bfe3cf d9a441",
    "181022 2a1b3d a07fd0 d5bff2 e08fb0",
    "f1ead8 d9cdb0 d1495b edae49 30638e",
)
TEETH = (12, 18, 24, 30, 36, 48)
"""Multiples of six: after six teeth each wheel looks as before if its spokes are a multiple of teeth / 6."""


@dataclass(frozen=True)
class _Wheel:
    x: float
    y: float
    teeth: int
    start: float
    way: int
    module: float
    spokes: int

    @property
    def radius(self) -> float:
        """Of the pitch circle, where it meets its neighbours."""
        return self.module * self.teeth / 2


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """A train of wheels in front, and another one behind it, out of focus."""
    tints = turned(colours(str(rng.choice(METALS))), float(rng.uniform(-12, 12)))
    passing = 6 * int(rng.choice([-2, -1, 1, 2]))
    module = float(rng.uniform(0.0085, 0.014))
    front = _Train(rng, canvas, module, tints[2:])
    dim = np.stack([mix(tint, tints[1], 0.72) for tint in tints[2:]])
    back_canvas = canvas.shrunk(3)
    back = _Train(rng, back_canvas, module * 1.5, dim)
    wall = backdrop(back_canvas, tints[:2][:: int(rng.choice([-1, 1]))])
    veil = vignette(canvas, 0.5)

    def frame(phase: float) -> Frame:
        picture = wall.copy()
        back.lay(picture, -phase * passing)
        full = canvas.enlarge(picture)
        front.lay(full, phase * passing)
        return veiled(full, veil)

    return frame


class _Train:
    """Wheels that mesh. What they are made of stands still, as light on metal does; only their outline turns."""

    def __init__(self, rng: Generator, canvas: Canvas, module: float, tints: Floats) -> None:
        self.wheels = _mesh(rng, canvas, module)
        self.outlines = [_outline(wheel, rng) for wheel in self.wheels]
        self.metal = _metal(rng, canvas, self.wheels, tints)
        self.offset = max(1, round(canvas.pixels(0.007)))

    def lay(self, frame: Frame, teeth_passed: float) -> None:
        """Draw the train with its shadow onto `frame`, in place."""
        mask = np.zeros(frame.shape[:2], np.uint8)
        for wheel, outline in zip(self.wheels, self.outlines, strict=True):
            angle = wheel.start + wheel.way * TAU * teeth_passed / wheel.teeth
            cos, sin = np.cos(angle), np.sin(angle)
            turn = np.array([[cos, sin], [-sin, cos]], np.float32)
            place = np.array([wheel.x, wheel.y], np.float32)
            fill(mask, [contour @ turn + place for contour in outline], np.ones(3, np.float32))
        small = cv2.resize(mask, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), max(0.6, self.offset / 6))
        shadow = cv2.resize(255 - (soft * 0.62).astype(np.uint8), mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
        down = self.offset
        cv2.multiply(frame[down:], cv2.merge([shadow[:-down]] * 3), dst=frame[down:], scale=1 / 255)
        through = cv2.merge([mask] * 3)
        cv2.multiply(frame, 255 - through, dst=frame, scale=1 / 255)
        cv2.add(frame, cv2.multiply(self.metal, through, scale=1 / 255), dst=frame)


def _mesh(rng: Generator, canvas: Canvas, module: float) -> list[_Wheel]:
    """Wheels grown one from the other until the picture is full."""
    first = int(rng.choice(TEETH[2:]))
    x, y = canvas.aspect * rng.uniform(0.25, 0.75), rng.uniform(0.3, 0.7)
    wheels = [_Wheel(float(x), float(y), first, 0.0, 1, module, first // 6)]
    for _ in range(160):
        at = wheels[int(rng.integers(len(wheels)))]
        teeth, angle = int(rng.choice(TEETH)), float(rng.uniform(0, TAU))
        radius = module * teeth / 2
        reach = at.radius + radius
        x, y = at.x + reach * np.cos(angle), at.y + reach * np.sin(angle)
        inside = -0.6 * radius < x < canvas.aspect + 0.6 * radius and -0.6 * radius < y < 1 + 0.6 * radius
        gap = 1.7 * module
        clear = all(np.hypot(x - w.x, y - w.y) > w.radius + radius + gap for w in wheels if w is not at)
        if not inside or not clear:
            continue
        # A tooth of one faces a gap of the other: their places at the contact add up to half a tooth.
        share = (angle - at.start) * at.teeth / TAU
        start = angle + np.pi - (0.5 - share) * TAU / teeth
        spokes = max(3, teeth // 6 * (2 if teeth < 24 else 1))
        wheels.append(_Wheel(float(x), float(y), teeth, float(start), -at.way, module, spokes))
        if len(wheels) == 22:
            break
    return wheels


def _outline(wheel: _Wheel, rng: Generator) -> list[Floats]:
    """The toothed rim, the windows between its spokes, and the axle's hole, around (0, 0)."""
    module, radius = wheel.module, wheel.radius
    profile = np.array([[-0.29, -1.1], [-0.22, -0.9], [-0.11, 0.85], [0.11, 0.85], [0.22, -0.9], [0.29, -1.1]])
    tooth = np.arange(wheel.teeth)[:, None] + profile[:, 0][None, :]
    angle, reach = tooth.ravel() * TAU / wheel.teeth, radius + module * np.tile(profile[:, 1], wheel.teeth)
    contours = [np.stack([np.cos(angle) * reach, np.sin(angle) * reach], axis=1)]
    hub, rim = max(radius * 0.26, module * 1.6), radius - module * 2.6
    if rim - hub > module * 1.5:
        wide = 0.5 - float(rng.uniform(0.1, 0.2))
        round_holes = rng.random() < 0.35
        for spoke in range(wheel.spokes):
            middle = (spoke + 0.5) * TAU / wheel.spokes
            if round_holes:
                size = min((rim - hub) / 2, np.sin(np.pi / wheel.spokes) * (rim + hub) / 2 * 0.8)
                centre = np.array([np.cos(middle), np.sin(middle)]) * (rim + hub) / 2
                contours.append(circle_points(28) * size + centre)
                continue
            arc = np.linspace(-wide, wide, 9) * TAU / wheel.spokes + middle
            inner = np.linspace(wide * 0.75, -wide * 0.75, 7) * TAU / wheel.spokes + middle
            outer_edge = np.stack([np.cos(arc), np.sin(arc)], axis=1) * rim
            contours.append(np.concatenate([outer_edge, np.stack([np.cos(inner), np.sin(inner)], axis=1) * hub]))
    contours.append(circle_points(24) * module * 0.7)
    return [contour.astype(np.float32) for contour in contours]


def _metal(rng: Generator, canvas: Canvas, wheels: list[_Wheel], tints: Floats) -> Frame:
    """Each wheel's colour with the two-sided sheen of turned metal, over the area that it sweeps."""
    x, y = canvas.grid()
    metal = np.zeros((canvas.height, canvas.width, 3), np.float32)
    nearest = np.full((canvas.height, canvas.width), np.inf, np.float32)
    brushed = clouds(rng, (canvas.height, canvas.width), (90, 12), 3) * 0.12
    for wheel in wheels:
        away = np.hypot(x - wheel.x, y - wheel.y)
        closer = away - wheel.radius < nearest
        nearest = np.where(closer, away - wheel.radius, nearest)
        sheen = np.cos(2 * (np.arctan2(y - wheel.y, x - wheel.x) + 0.9)) ** 2
        grooves = 0.05 * np.sin(away * 900) * (away < wheel.radius * 0.24)
        bevel = 0.16 * np.clip(1 - np.abs(away - (wheel.radius - 2.4 * wheel.module)) / 0.0025, 0, 1)
        light = 0.62 + 0.5 * sheen + brushed + grooves + bevel
        tint = tints[int(rng.integers(len(tints)))]
        metal = np.where(closer[:, :, None], light[:, :, None] * tint, metal)
    return to_frame(np.asarray(metal, np.float32))


LOOK = Look(
    name="gears",
    paint=paint,
    music=Music(
        tempo=(104, 118),
        scale="minor",
        root=50,
        chords=((0, 3, 4, 0), (0, 5, 3, 4), (0, 0, 5, 4)),
        parts=(
            Part("beat", "tick", 0.28, pattern="x.x.x.x."),
            Part("beat", "tock", 0.28, pattern=".x...x.x"),
            Part("arpeggio", "pizzicato", 0.7, rate=2, octave=0),
            Part("arpeggio", "pizzicato", 0.4, rate=4, octave=1, density=0.55),
            Part("bass", "pizzicato", 0.7, rate=1, octave=-1),
        ),
        echo=0.2,
    ),
    words=Words(
        openings=(
            "Clockwork",
            "Gear train",
            "Brass and steel",
            "The machine room",
            "Escapement",
            "Teeth that meet",
            "Cogs",
            "Movement",
        ),
        endings=(
            "of the Ostrel tower",
            "calibre 36",
            "under the dial",
            "turning true",
            "wound this morning",
            "in close-up",
            "no. 4",
            "that never slips",
        ),
        lines=(
            "Every tooth meets its gap. Count them.",
            "Mesh: perfect. Oil: fresh.",
            "Follow the smallest gear.",
            "Mechanical things that just work.",
        ),
        tags=("gears", "clockwork", "mechanical", "engineering", "steampunk"),
    ),
)
