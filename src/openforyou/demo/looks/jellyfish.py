"""Jellyfish: bells of light that pulse through deep water."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import disc, fill, stroke, strokes
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, ramp, turned
from openforyou.demo.painting.light import bloom
from openforyou.demo.painting.noise import clouds

SEAS = (
    "0b6e8f 063f66 03183a 020817",
    "3a2a8c 1d1763 0b0a33 04030f",
    "0f8a7d 075560 03263b 010b14",
    "6a2c74 35185a 140a33 06030f",
)
BODIES = (
    "ff8ad8 ffd6f3 8a6bff",
    "7df3ff e0fdff 4a8bff",
    "ffb36b ffe9c7 ff5d8f",
    "b8ffcf f2fff6 3fd0a0",
    "d9b3ff fff0ff 6f7bff",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Light is added, never painted over: so a bell shows what is behind it, as gelatine does."""
    hue = float(rng.uniform(-15, 15))
    sea = ramp(turned(colours(str(rng.choice(SEAS))), hue), canvas.height)[:, None, :]
    water = to_frame(np.repeat(sea, canvas.width, axis=1))
    rays = _rays(rng, canvas.shrunk(6))
    tints = turned(colours(str(rng.choice(BODIES))), hue)
    count = int(rng.integers(3, 8))
    shoal = [_Jelly(rng, canvas, number / count, tints) for number in range(count)]
    motes = [
        (float(rng.uniform(0, canvas.aspect)), float(rng.uniform(0, 1)), float(rng.uniform(0.0006, 0.0018)))
        for _ in range(50)
    ]
    mote_tint = mix(tints[1], colours("0a3050")[0], 0.45)

    def frame(phase: float) -> Frame:
        beams = np.roll(rays, int(phase * rays.shape[1]), axis=1)[:, : canvas.width // 6]
        swayed = cv2.resize(beams, (canvas.width, canvas.height), interpolation=cv2.INTER_LINEAR)
        picture = np.asarray(cv2.add(water, cv2.merge([swayed, swayed, (swayed * 0.6).astype(np.uint8)])), np.uint8)
        light = canvas.empty()
        for x, y, size in motes:
            disc(light, x + 0.01 * np.sin(TAU * phase + 40 * x), (y - phase) % 1.0, size, mote_tint * np.float32(0.7))
        bells = canvas.empty(), canvas.empty()
        for number, jelly in enumerate(shoal):
            jelly.draw(light, bells[number % 2], phase)
        light = np.asarray(cv2.add(light, cv2.add(*bells)), np.uint8)
        return np.asarray(cv2.add(picture, bloom(light, 0.9, 0.014)), np.uint8)

    return frame


class _Jelly:
    """A bell that contracts, rises with each stroke, and trails arms and threads behind it."""

    def __init__(self, rng: Generator, canvas: Canvas, share: float, tints: Floats) -> None:
        self.x = canvas.aspect * float(rng.uniform(0.2, 0.8))
        self.start = share + float(rng.uniform(-0.08, 0.08))
        self.size = float(rng.choice([0.045, 0.07, 0.09, 0.13])) * float(rng.uniform(0.85, 1.2))
        self.strokes = int(rng.integers(2, 5))
        self.offset = float(rng.uniform(0, TAU))
        self.tilt = float(rng.uniform(-0.35, 0.35))
        self.body, self.rim, self.deep = tints
        self.ribs = int(rng.integers(7, 13))
        threads = int(rng.integers(9, 16))
        self.threads = np.linspace(-0.85, 0.85, threads)
        self.lengths = rng.uniform(1.8, 3.6, threads)
        self.wobble = rng.uniform(0, TAU, threads)
        self.faint = np.float32(np.interp(self.size, [0.04, 0.12], [0.45, 0.9]))

    def draw(self, light: Frame, bells: Frame, phase: float) -> None:
        """Draw the trailing parts onto `light`, the bell onto `bells`."""
        beat = TAU * self.strokes * phase + self.offset
        squeeze = np.sin(beat)
        wide, tall = self.size * (1 - 0.16 * squeeze), self.size * (0.86 + 0.16 * squeeze)
        span = 1 + 6 * self.size
        y = 1 + 1.2 * self.size - ((self.start + phase + 0.012 * np.sin(beat + 1.2)) % 1.0) * span
        x = self.x + 0.03 * np.sin(TAU * phase + self.offset)
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        turn = np.array([[cos, sin], [-sin, cos]])

        def placed(points: NDArray[np.float64]) -> Floats:
            return np.asarray((points * [wide, tall]) @ turn + [x, y], np.float32)

        self._trail(light, placed, beat)
        arc = np.linspace(np.pi, TAU, 26)
        dome = np.stack([np.cos(arc), np.sin(arc) * 1.05], axis=1)
        hem = np.linspace(1, -1, 26)
        frill = np.stack([hem, 0.1 + 0.06 * np.cos(hem * self.ribs * np.pi) - 0.1 * hem**2], axis=1)
        bell = np.concatenate([dome, frill])
        fill(bells, placed(bell), self.deep * np.float32(0.4) * self.faint)
        fill(bells, placed(bell * 0.8 + [0, -0.12]), self.body * np.float32(0.42) * self.faint)
        fill(bells, placed(bell * [0.45, 0.5] + [0, -0.3]), self.rim * np.float32(0.5) * self.faint)
        up = np.linspace(0, 1, 9)
        across = np.linspace(-0.82, 0.82, self.ribs)[:, None]
        ribs = np.stack(
            [across * np.cos(up * 1.25), np.broadcast_to(0.05 - np.sin(up * 1.4) * 0.98, (self.ribs, 9))], axis=2
        )
        strokes(bells, placed(ribs), self.rim * np.float32(0.42) * self.faint, 0.0012)
        stroke(bells, placed(dome), self.rim * np.float32(0.9) * self.faint, 0.0018)
        stroke(bells, placed(frill), self.body * self.faint, 0.0022)

    def _trail(self, light: Frame, placed: Callable[[NDArray[np.float64]], Floats], beat: float) -> None:
        down = np.linspace(0, 1, 12)
        wobble = self.wobble[:, None]
        sway = (0.1 * np.sin(beat - 4.5 * down + wobble) + 0.12 * np.sin(wobble)) * down
        x = self.threads[:, None] * (1 - 0.25 * down) + sway
        strokes(
            light,
            placed(np.stack([x, 0.05 + self.lengths[:, None] * down], axis=2)),
            self.body * np.float32(0.5) * self.faint,
            0.001,
        )
        arms = np.array([[-0.22], [0.0], [0.22]])
        x = arms + 0.22 * np.sin(beat - 3.5 * down + arms * 9) * down + 0.06 * np.sin(26 * down + arms * 20)
        y = np.broadcast_to(-0.1 + 1.9 * down, x.shape)
        strokes(light, placed(np.stack([x, y], axis=2)), self.rim * np.float32(0.55) * self.faint, 0.003)


def _rays(rng: Generator, tiny: Canvas) -> Frame:
    """Shafts of light from above, on a strip that tiles sideways: (h, 2w) grey."""
    width = 2 * tiny.width
    beams = clouds(rng, (4, width), (1, 9), 2)[0] ** 2
    y = np.linspace(0, 1, tiny.height)[:, None]
    slant = (np.arange(width)[None, :] + (y * tiny.height * 0.35)).astype(int) % width
    return np.asarray(beams[slant] * np.exp(-2.2 * y) * 95, np.uint8)


LOOK = Look(
    name="jellyfish",
    paint=paint,
    music=Music(
        tempo=(60, 70),
        scale="lydian",
        root=47,
        chords=((0, 1), (0, 4, 1, 5), (0, 2, 1, 4)),
        parts=(
            Part("chords", "choir", 0.6),
            Part("chords", "glass", 0.5, octave=1),
            Part("arpeggio", "electric", 0.3, rate=2, octave=1, density=0.6),
            Part("air", "bubbles", 0.3),
        ),
        echo=0.55,
    ),
    words=Words(
        openings=("Jellyfish", "Moon jellies", "Bells", "Deep water", "Drifters", "No bones", "Bloom", "Soft engines"),
        endings=(
            "of the Amber Trench",
            "at 300 metres",
            "going up",
            "with lights on",
            "in slow motion",
            "at feeding time",
            "that hum",
            "in the dark tank",
        ),
        lines=(
            "No brain, no plans, doing fine.",
            "Five hundred million years of this.",
            "Breathe with the big one.",
            "They rise, we relax.",
        ),
        tags=("jellyfish", "ocean", "underwater", "deepsea", "calm"),
    ),
)
