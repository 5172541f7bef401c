"""Dusk: the sun goes down behind a glittering sea."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import fill, stroke
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, ramp, turned
from openforyou.demo.painting.cutout import Cutout
from openforyou.demo.painting.light import smoothstep
from openforyou.demo.painting.noise import clouds, ridge

SKIES = (
    "1b1f4b 5a3a7e c8556b f78f5b ffd48a",
    "0f2540 2f5d84 7fa6b3 f3c98b ffe9c2",
    "2a0f3a 7a1f57 d9485f ff9a56 ffe08a",
    "0b1b3b 274b7a 8d6aa8 ec8fa3 ffd1b0",
    "10222b 1f5560 5aa08f e8c872 fff0b8",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Clouds drift, waves roll in perspective, and the sun's road glitters."""
    small = canvas.shrunk(2)
    horizon = float(rng.uniform(0.5, 0.66))
    sky_rows = int(horizon * small.height)
    stops = turned(colours(str(rng.choice(SKIES))), float(rng.uniform(-10, 10)))
    sun = (canvas.aspect * float(rng.uniform(0.25, 0.75)), horizon - float(rng.uniform(0.0, 0.16)))
    radius = float(rng.uniform(0.045, 0.085))
    sky = _sky(small, sky_rows, stops, sun, radius)
    veil = clouds(rng, (sky_rows, small.width * 2), (int(rng.integers(5, 10)), 3), 5, 0.55)
    cover = float(rng.uniform(0.46, 0.62))
    cloud_light = mix(stops[-1], stops[2], 0.35)
    sea = _Sea(rng, small, sky_rows, sun[0], stops)
    dark = mix(stops[0], stops[2], 0.25) * np.float32(0.6)
    islands, life = _islands(rng, canvas, horizon, dark), _Life(rng, canvas, horizon, dark)

    def frame(phase: float) -> Frame:
        picture = np.empty((small.height, small.width, 3), np.float32)
        drifted = np.roll(veil, int(phase * veil.shape[1]), axis=1)[:, : small.width]
        thick = smoothstep(cover, cover + 0.3, drifted)[:, :, None] * np.float32(0.55)
        picture[:sky_rows] = sky * (1 - thick) + cloud_light * thick
        picture[sky_rows:] = sea.paint(phase)
        full = canvas.enlarge(to_frame(picture))
        islands.lay(full)
        life.draw(full, phase)
        return full

    return frame


def _sky(small: Canvas, rows: int, stops: Floats, sun: tuple[float, float], radius: float) -> Floats:
    x, y = small.grid()
    sky = np.repeat(ramp(stops, rows, (0, 0.35, 0.62, 0.84, 1))[:, None, :], small.width, axis=1)
    away = np.hypot(x - sun[0], y[:rows] - sun[1])
    glow = np.exp(-(away**2) / 0.03)[:, :, None] * np.float32(0.35)
    disc = smoothstep(radius + 0.002, radius - 0.002, away)[:, :, None]
    core = mix(stops[-1], np.ones(3, np.float32), 0.6)
    return np.asarray((sky + glow * stops[-1]) * (1 - disc) + core * disc, np.float32)


class _Sea:
    """Two layers of waves, seen in perspective, that mirror the sky by their slope."""

    def __init__(self, rng: Generator, small: Canvas, sky_rows: int, sun_x: float, stops: Floats) -> None:
        rows = small.height - sky_rows
        x, _ = small.grid()
        near = (np.arange(rows, dtype=np.float32)[:, None] + 1.2) / rows  # 0 at the horizon, 1 at our feet
        depth = 1 / (near + 0.09)
        size = 256
        self.texture = clouds(rng, (size, size), (int(rng.integers(20, 34)), 9), 3, 0.55)
        across = (x - small.aspect / 2) * depth
        self.map_x = np.asarray(across * size * 1.5, np.float32)
        self.map_y = np.asarray(np.broadcast_to(depth * size * 0.72, across.shape), np.float32)
        self.size = size
        self.water = ramp(np.stack([mix(stops[3], stops[1], 0.55), stops[1], stops[0] * np.float32(0.8)]), rows)[
            :, None, :
        ]
        self.mirror = stops[3]
        spread = 0.03 + 0.16 * near
        self.road = (np.exp(-(((x - sun_x) / spread) ** 2)) * (1 - 0.5 * near)).astype(np.float32)
        self.core = mix(stops[-1], np.ones(3, np.float32), 0.4)
        self.rough = np.asarray(0.35 + 0.65 * np.sqrt(near), np.float32)

    def paint(self, phase: float) -> Floats:
        """The sea (rows, W, 3)."""
        one = self._waves(phase * self.size, phase * self.size)
        other = self._waves(-phase * self.size + 91, phase * self.size + 47)
        slope = (one + other - 1) * self.rough
        lit = np.clip(0.5 + 1.5 * slope, 0, 1)[:, :, None]
        sea = self.water * (0.78 + 0.3 * lit) + self.mirror * (np.float32(0.3) * lit**2)
        spark = smoothstep(0.02, 0.16, slope) * self.road
        return np.asarray(sea + self.core * (spark + 0.18 * self.road)[:, :, None], np.float32)

    def _waves(self, shift_x: float, shift_y: float) -> Floats:
        return np.asarray(
            cv2.remap(
                self.texture,
                self.map_x + np.float32(shift_x),
                self.map_y - np.float32(shift_y),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_WRAP,
            ),
            np.float32,
        )


def _islands(rng: Generator, canvas: Canvas, horizon: float, dark: Floats) -> Cutout:
    scene = Cutout(canvas)
    if rng.random() < 0.75:
        span = np.linspace(-0.01, canvas.aspect + 0.01, 160, dtype=np.float32)
        line = np.maximum(ridge(rng, 160, 2, 6, 0.5) - float(rng.uniform(0.35, 0.6)), 0) * float(rng.uniform(0.08, 0.2))
        base = np.array([[span[-1], horizon + 0.001], [span[0], horizon + 0.001]])
        edge = np.stack([span, horizon - line], axis=1)
        scene.fill(np.concatenate([edge, base]), dark)
    return scene


class _Life:
    """A sail that rocks, and birds that cross the sky; now and then neither."""

    def __init__(self, rng: Generator, canvas: Canvas, horizon: float, dark: Floats) -> None:
        self.dark = dark
        tall = float(rng.uniform(0.05, 0.11))
        self.boat = [shape * np.float32(tall) for shape in _BOAT] if rng.random() < 0.65 else []
        self.foot = np.array([canvas.aspect * rng.uniform(0.2, 0.8), horizon + 0.01 + tall * 0.1], np.float32)
        count = int(rng.integers(3, 8)) if rng.random() < 0.5 else 0
        self.range = canvas.aspect + 0.1
        self.birds = np.stack(
            [
                rng.uniform(0, self.range / 2, count),
                horizon * rng.uniform(0.3, 0.7, count),
                rng.uniform(0.006, 0.011, count),
                rng.uniform(0, TAU, count),
            ],
            axis=1,
        )

    def draw(self, frame: Frame, phase: float) -> None:
        """Onto `frame`, in place."""
        tilt = 0.05 * np.sin(TAU * phase * 2)
        turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]], np.float32)
        for shape in self.boat:
            fill(frame, shape @ turn + self.foot, self.dark)
        for x, y, span, offset in self.birds:
            lift = 0.55 + 0.45 * np.sin(TAU * phase * 9 + offset)
            beat = np.array([[-1, -0.55 * lift], [-0.5, -0.5 * lift], [0, 0], [0.5, -0.5 * lift], [1, -0.55 * lift]])
            place = [(x + phase * self.range) % self.range - 0.05, y + 0.01 * np.sin(TAU * phase + offset)]
            stroke(frame, (beat * span + place), self.dark, 0.0018)


_BOAT = [
    np.array(shape, np.float32)
    for shape in (
        [[0.02, -1], [0.02, -0.12], [0.46, -0.12]],
        [[-0.03, -0.86], [-0.03, -0.14], [-0.34, -0.14]],
        [[-0.38, -0.08], [0.52, -0.08], [0.38, 0.04], [-0.28, 0.04]],
    )
]


LOOK = Look(
    name="dusk",
    paint=paint,
    music=Music(
        tempo=(72, 84),
        scale="mixolydian",
        root=52,
        chords=((0, 6, 3, 0), (0, 3, 4, 3), (5, 3, 0, 4)),
        parts=(
            Part("air", "waves", 0.7),
            Part("arpeggio", "harp", 0.5, rate=2, octave=0, density=0.85),
            Part("chords", "warm", 0.35, octave=-1),
        ),
        echo=0.35,
    ),
    words=Words(
        openings=(
            "Last light",
            "Golden hour",
            "The sun goes down",
            "Evening tide",
            "Sail home",
            "Quiet water",
            "Sunset",
            "One more minute",
        ),
        endings=(
            "off Cape Marrow",
            "in Saltwick Bay",
            "with the boats in",
            "and nobody talks",
            "on the west shore",
            "by the lighthouse road",
            "in late summer",
            "over open sea",
        ),
        lines=(
            "Stay for the glitter on the water.",
            "Same pier, every evening, never the same sea.",
            "Turn the sound on for the waves.",
            "Sunset number 212 of this year.",
        ),
        tags=("sunset", "ocean", "goldenhour", "sea", "waves"),
    ),
)
