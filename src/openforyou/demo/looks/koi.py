"""Koi: a pond from above, fish gliding under lily pads."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import circle_points, fill, ring, stamped
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.cutout import Cutout
from openforyou.demo.painting.light import veiled, vignette
from openforyou.demo.painting.noise import clouds

PONDS = (
    "0f3d3e 1f6f6b 6fc3b0",
    "12304a 22618a 7fc4df",
    "1d3b2a 3c7a4f a9d18e",
    "0e5a6b 2fa3a8 c7f2e6",
    "0d2b33 17555c 58a6a0",
)
COATS = ("fff7ee f2542d", "ff8c42 ffd9a0", "fdf6ec 2b2b33", "ffd34e fff3c4", "e8e4f0 c8553d", "f6f6f6 ff6b4a")


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Each fish bends along the path that it swims; light from the waves plays over all of it."""
    small = canvas.shrunk(4)
    stops = turned(colours(str(rng.choice(PONDS))), float(rng.uniform(-10, 10)))
    bottom = _bottom(rng, canvas, stops)
    water = _Water(rng, small, stops[2])
    shoal = [_Koi(rng, canvas) for _ in range(int(rng.integers(4, 9)))]
    pads = _pads(rng, canvas)
    depth = max(1, round(canvas.pixels(0.018)))
    veil = vignette(canvas, 0.5)

    def frame(phase: float) -> Frame:
        shapes = [fish.shapes(phase) for fish in shoal]
        shadow = np.zeros((small.height, small.width), np.uint8)
        for parts in shapes:
            fill(shadow, parts[0][0], np.ones(3, np.float32))
        soft = cv2.GaussianBlur(shadow, (0, 0), max(0.8, small.pixels(0.006)))
        grown = cv2.resize(
            255 - (soft * 0.5).astype(np.uint8), (canvas.width, canvas.height), interpolation=cv2.INTER_LINEAR
        )
        picture = bottom.copy()
        cv2.multiply(picture[depth:], cv2.merge([grown[:-depth]] * 3), dst=picture[depth:], scale=1 / 255)
        for parts in shapes:
            for outline, tint in parts:
                fill(picture, outline, tint)
        light = cv2.resize(water.light(phase), (canvas.width, canvas.height), interpolation=cv2.INTER_LINEAR)
        picture = np.asarray(cv2.add(picture, light), np.uint8)
        pads.lay(picture)
        return veiled(picture, veil)

    return frame


class _Koi:
    """A fish on a closed path, drawn around its spine: where it was a moment ago, its tail is now."""

    def __init__(self, rng: Generator, canvas: Canvas) -> None:
        self.middle = np.array([canvas.aspect * rng.uniform(0.25, 0.75), rng.uniform(0.15, 0.85)])
        self.reach = np.array([rng.uniform(0.12, 0.3), rng.uniform(0.12, 0.35)])
        self.offset = rng.uniform(0, TAU, 3)
        self.way = int(rng.choice([-1, 1]))
        self.length = float(rng.uniform(0.13, 0.22))
        self.beats = int(rng.integers(5, 9))
        self.base, self.patch = colours(str(rng.choice(COATS)))
        self.patches = [
            (float(rng.uniform(0.08, 0.75)), float(rng.uniform(0.08, 0.2)), float(rng.uniform(-0.5, 0.5)))
            for _ in range(4)
        ]
        times = np.linspace(0, 1, 400)
        walked = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(self._path(times), axis=0).T))])
        self.times, self.walked = times, walked

    def shapes(self, phase: float) -> list[tuple[Floats, Floats]]:
        """Outlines with their colours, the whole body first."""
        spine, side = self._spine(phase)
        along = np.linspace(0, 1, len(spine))
        half = 0.135 * self.length * np.clip(np.sin(np.pi * along**0.62), 0, 1) ** 0.75 * (1.02 - 0.55 * along)
        half[0] = 0.02 * self.length
        body = np.concatenate([spine + side * half[:, None], (spine - side * half[:, None])[::-1]])
        beat = np.sin(TAU * self.beats * phase + self.offset[2])
        parts = [(body.astype(np.float32), self.base)]
        fin = mix(self.base, colours("ffffff")[0], 0.35)
        back = spine[-1] - spine[-3]
        back /= max(float(np.hypot(*back)), 1e-6)
        out = np.array([-back[1], back[0]])
        swing = out * beat * 0.06
        tips = [(0.0, 0.05), (0.22, 0.17), (0.17, 0.05), (0.13, 0.0), (0.17, -0.05), (0.22, -0.17), (0.0, -0.05)]
        tail = np.array([spine[-2] + (back * far + out * wide + swing * far * 4) * self.length for far, wide in tips])
        parts.append((tail.astype(np.float32), fin))
        for hand in (-1, 1):
            root = spine[4] + hand * side[4] * half[4]
            forward = spine[2] - spine[5]
            sweep = hand * side[4] * (0.13 + 0.03 * beat) * self.length
            reach = np.array(
                [[0, 0.2], [0.5, 0.25], [0.9, 0.0], [1.05, -0.35], [0.95, -0.75], [0.7, -0.95], [0.35, -0.7], [0, -0.4]]
            )
            paddle = root + reach[:, :1] * sweep + reach[:, 1:] * forward
            parts.insert(1, (paddle.astype(np.float32), fin))
        for at, size, across in self.patches:
            parts.append((self._blotch(spine, side, half, (at, size, across)), self.patch))
        eye_ring = circle_points(10) * 0.012 * self.length
        for hand in (-1, 1):
            eye = spine[1] + hand * side[1] * half[1] * 0.72
            parts.append(((eye_ring + eye).astype(np.float32), np.zeros(3, np.float32)))
        return parts

    def _spine(self, phase: float) -> tuple[Floats, Floats]:
        """18 points from nose to tail, and the direction across at each."""
        count = 18
        nose = np.interp(phase % 1.0, self.times, self.walked)
        back = (nose - np.linspace(0, self.length, count)) % self.walked[-1]
        spine = self._path(np.interp(back, self.walked, self.times))
        ahead = -np.gradient(spine, axis=0)
        ahead /= np.maximum(np.hypot(*ahead.T), 1e-6)[:, None]
        side = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
        along = np.linspace(0, 1, count)
        wave = 0.055 * self.length * along**1.6 * np.sin(TAU * (self.beats * phase - 0.9 * along) + self.offset[2])
        return spine + side * wave[:, None], side

    def _path(self, time: Floats) -> Floats:
        turn = TAU * self.way * time + self.offset[0]
        x = np.cos(turn) + 0.25 * np.cos(2 * turn + self.offset[1])
        y = np.sin(turn) + 0.2 * np.sin(3 * turn + self.offset[2])
        return np.asarray(self.middle + np.stack([x, y], axis=1) * self.reach)

    def _blotch(self, spine: Floats, side: Floats, half: Floats, place: tuple[float, float, float]) -> Floats:
        """A patch of the coat: an oval in the body's own coordinates, kept inside the outline."""
        at, size, across = place
        oval = circle_points(22).astype(np.float64)
        oval *= 1 + 0.18 * np.sin(3 * np.arctan2(oval[:, 1], oval[:, 0]) + at * 20)[:, None]
        along = np.clip(at + oval[:, 0] * size, 0.02, 0.95) * (len(spine) - 1)
        wide = np.clip(across + oval[:, 1] * 0.75, -0.96, 0.96)
        places = np.arange(len(spine))
        columns = [np.interp(along, places, values) for values in (*spine.T, *side.T, half)]
        return np.stack(
            [columns[0] + columns[2] * columns[4] * wide, columns[1] + columns[3] * columns[4] * wide], axis=1
        ).astype(np.float32)


class _Water:
    """Moving light: where two drifting noises agree there is a bright line; and rings that widen."""

    def __init__(self, rng: Generator, small: Canvas, tint: Floats) -> None:
        self.small = small
        side = (small.height, small.height)
        self.sheets = [clouds(rng, side, (7, 7), 3, 0.5) for _ in range(2)]
        self.tint = tint
        self.rings = [
            (float(rng.uniform(0, small.aspect)), float(rng.uniform(0, 1)), float(rng.uniform(0, 1)))
            for _ in range(int(rng.integers(2, 5)))
        ]

    def light(self, phase: float) -> Frame:
        """To be added to the picture, at the small size."""
        height, width = self.small.height, self.small.width
        step = int(phase * height)
        one = np.roll(self.sheets[0], (step, step), axis=(0, 1))[:, :width]
        other = np.roll(self.sheets[1], (-step, step), axis=(0, 1))[:, :width]
        lines = np.clip(1 - 7 * np.abs(one - other), 0, 1) ** 2 * 0.2
        layer = np.zeros((height, width, 3), np.uint8)
        for x, y, start in self.rings:
            age = (phase + start) % 1.0
            for lag in (0.0, 0.045, 0.09):
                if age > lag:
                    ring(layer, x, y, 0.3 * (age - lag) + 0.004, self.tint * np.float32(0.35 * (1 - age) ** 1.5), 0.004)
        return np.asarray(cv2.add(to_frame(lines[:, :, None] * self.tint), layer), np.uint8)


def _bottom(rng: Generator, canvas: Canvas, stops: Floats) -> Frame:
    """Water over pebbles."""
    small = canvas.shrunk(2)
    depth = clouds(rng, (small.height, small.width), (3, 2), 4)[:, :, None]
    ground = to_frame(stops[0] * (1 - depth) + stops[1] * depth)
    for _ in range(170):
        place = np.array([rng.uniform(0, canvas.aspect), rng.uniform(0, 1)])
        stone = circle_points(9) * rng.uniform(0.6, 1, (9, 1)) * rng.uniform(0.008, 0.028) * [1, 0.8] + place
        fill(
            ground,
            stone.astype(np.float32),
            mix(stops[0], stops[1], float(rng.uniform(0, 1))) * np.float32(rng.uniform(0.8, 1.08)),
        )
    return canvas.enlarge(np.asarray(cv2.GaussianBlur(ground, (0, 0), max(0.5, small.pixels(0.0035))), np.uint8))


def _pads(rng: Generator, canvas: Canvas) -> Cutout:
    """Lily pads at the edges, some in flower."""
    pads = Cutout(canvas)
    green, petal, heart = colours("3f8f4f"), colours("f7a8c4 ffffff ffd6a5 d9b8ff"), colours("ffd24a")[0]
    for _ in range(int(rng.integers(4, 10))):
        edge = rng.random() < 0.75
        x = float(
            rng.choice([rng.uniform(-0.02, 0.12), rng.uniform(canvas.aspect - 0.12, canvas.aspect + 0.02)])
            if edge
            else rng.uniform(0, canvas.aspect)
        )
        y, size, notch = float(rng.uniform(0, 1)), float(rng.uniform(0.035, 0.085)), float(rng.uniform(0, TAU))
        arc = np.linspace(notch + 0.22, notch + TAU - 0.22, 40)
        leaf = np.concatenate([np.stack([np.cos(arc), np.sin(arc)], axis=1), [[0, 0]]])
        tint = turned(green, float(rng.uniform(-25, 25)))[0]
        pads.fill(stamped(leaf, x, y + 0.006, size), tint * np.float32(0.45))
        pads.fill(stamped(leaf, x, y, size), tint)
        pads.fill(stamped(leaf, x, y, size * 0.82), mix(tint, np.ones(3, np.float32), 0.12))
        veins = np.stack([np.zeros((8, 2)), np.stack([np.cos(arc[::5]), np.sin(arc[::5])], axis=1) * 0.88], axis=1)
        pads.strokes(stamped(veins, x, y, size), tint * np.float32(0.78), 0.001)
        if rng.random() < 0.35:
            tint = petal[rng.integers(len(petal))]
            for layer, count in ((0.62, 9), (0.4, 7)):
                for turn in np.linspace(0, TAU, count, endpoint=False) + layer:
                    shape = np.array([[0, 0], [0.5, -0.2], [1, 0], [0.5, 0.2]]) * layer * size
                    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
                    pads.fill(stamped(shape @ spin, x, y), tint * np.float32(0.8 + 0.5 * (0.62 - layer)))
            pads.fill(stamped(circle_points(16), x, y, size * 0.12), heart)
    return pads


LOOK = Look(
    name="koi",
    paint=paint,
    music=Music(
        tempo=(64, 74),
        scale="hirajoshi",
        root=57,
        chords=((0, 2, 0, 3), (0, 3, 1, 2), (0, 0, 2, 4)),
        parts=(
            Part("air", "stream", 0.22),
            Part("melody", "koto", 0.6, rate=2, octave=0, density=0.6),
            Part("arpeggio", "koto", 0.3, rate=1, octave=-1, density=0.7),
        ),
        echo=0.35,
    ),
    words=Words(
        openings=(
            "Koi",
            "The pond",
            "Lily pads",
            "Seven fish",
            "Still water",
            "Gold and white",
            "Temple garden",
            "Ripples",
        ),
        endings=(
            "at the Moss Garden",
            "from the bridge",
            "after rain",
            "at feeding time",
            "in a circle",
            "under the leaves",
            "this morning",
            "named one by one",
        ),
        lines=(
            "The black one is called Monday.",
            "They know the sound of the gate.",
            "Sit down, watch the fish.",
            "Nobody has ever been stressed here.",
        ),
        tags=("koi", "pond", "zen", "fish", "garden"),
    ),
)
