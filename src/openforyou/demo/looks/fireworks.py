"""Fireworks: shells burst over a city on the water."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import glow, shine, stamped, strokes
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter
from openforyou.demo.painting.colour import colours, mix, turned
from openforyou.demo.painting.cutout import Cutout
from openforyou.demo.painting.light import backdrop, bloom

NIGHTS = ("02040c 0a1030 1f1f4a", "04040a 14102b 3a1d44", "020809 08222b 154049", "05030a 1c0d26 47203a")
SPARKS = (
    "ffd166 ff6b35 fff3d0 f72585",
    "72efdd 80a8ff ffffff c77dff",
    "ff4d6d ffb3c1 ffd166 ffffff",
    "b5ff6b 3ddc97 fff07c 54c6eb",
    "ff9e00 ffd000 ffea8a ff5400",
)
AIR = 3.4
"""How fast drag stops a spark, per life."""
RISE = 0.12
"""How long a shell climbs, as a share of the clip."""


@dataclass(frozen=True)
class _Burst:
    start: float
    life: float
    x: float
    y: float
    ways: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Where each spark would come to rest, from the centre: the outer ones, then the inner."""
    tints: Floats
    fall: float
    crackle: bool


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Sparks slow down in the air, sink and fade; the water doubles them."""
    hue = float(rng.uniform(-15, 15))
    night = colours(str(rng.choice(NIGHTS)))
    shore = float(rng.uniform(0.72, 0.82))
    rows = int(shore * canvas.height)
    sky = backdrop(canvas, night, (0, shore * 0.6, 1))
    city = _city(rng, canvas, shore)
    sparks = turned(colours(str(rng.choice(SPARKS))), hue)
    count = int(rng.integers(9, 15))
    bursts = [_burst(rng, canvas, sparks, (number + rng.uniform(0, 0.8)) / count) for number in range(count)]
    water = canvas.height - rows
    columns, lines = np.meshgrid(
        np.arange(canvas.width // 2, dtype=np.float32), np.arange(water // 2, dtype=np.float32)
    )
    laps = int(rng.integers(3, 7))
    smoke = glow(int(canvas.pixels(0.3)), mix(night[2], sparks[0], 0.5) * np.float32(0.4), 2.2)

    def frame(phase: float) -> Frame:
        light = canvas.empty()
        for burst in bursts:
            _draw(light, burst, phase)
            age = (phase - burst.start) % 1.0 / burst.life
            if age < 1:
                shine(light, smoke, burst.x, burst.y, (1 - age) ** 3)
        light = bloom(light, 1.4, 0.01)
        picture = np.asarray(cv2.add(sky, light), np.uint8)
        city.lay(picture)
        half = cv2.resize(picture[:rows], (canvas.width // 2, rows // 2), interpolation=cv2.INTER_LINEAR)
        wave = (1 + lines / 30) * np.sin(lines * (0.9 - 0.5 * lines / max(water, 1)) + TAU * laps * phase)
        mirror = cv2.remap(
            half,
            columns + wave.astype(np.float32),
            rows // 2 - 1 - lines * 2.4,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        dim = cv2.convertScaleAbs(mirror, alpha=0.62)
        picture[rows:] = cv2.resize(dim, (canvas.width, water), interpolation=cv2.INTER_LINEAR)
        return picture

    return frame


def _burst(rng: Generator, canvas: Canvas, sparks: Floats, start: float) -> _Burst:
    """A ball, a ring seen at a slant, a willow that falls far, or a ball whose sparks blink out."""
    kind = int(rng.integers(5))
    count, size = int(rng.integers(60, 130)), float(rng.uniform(0.13, 0.28))
    height, angle = rng.uniform(-1, 1, count), rng.uniform(0, TAU, count)
    flat = np.sqrt(1 - height**2)
    way = np.stack([flat * np.cos(angle), height], axis=1) * size
    if kind == 1:
        lean = float(rng.uniform(-0.6, 0.6))
        way = np.stack([np.cos(angle), np.sin(angle) * 0.4 + lean * np.cos(angle)], axis=1) * size
    inner = rng.random(count) < 0.3
    way[inner] *= 0.5
    return _Burst(
        start=start % 1.0,
        life=float(rng.uniform(0.34, 0.46)) * (1.25 if kind == 2 else 1.0),
        x=canvas.aspect * float(rng.uniform(0.15, 0.85)),
        y=float(rng.uniform(0.14, 0.46)),
        ways=(way[~inner], way[inner]),
        tints=sparks[rng.integers(len(sparks), size=2)],
        fall=0.16 if kind == 2 else 0.05,
        crackle=kind == 3,
    )


def _draw(light: Frame, burst: _Burst, phase: float) -> None:
    """One shell at a moment: first its way up, then its sparks with their tails."""
    age = (phase - burst.start) % 1.0
    if age > 1 - RISE:
        up = (age - (1 - RISE)) / RISE
        head, tail = (1.0 + (burst.y - 1.0) * (1 - (1 - at) ** 2) for at in (up, max(up - 0.09, 0)))
        strokes(light, np.array([[[burst.x, head], [burst.x, tail]]], np.float32), colours("d2aa78")[0], 0.001)
        return
    share = age / burst.life
    if share >= 1:
        return
    fade = np.float32((1 - share) ** 0.8)
    for way, tint in zip(burst.ways, burst.tints, strict=True):
        shown = way
        if burst.crackle and share > 0.45:
            shown = way[(np.arange(len(way)) * 7 + int(share * 60)) % 3 == 0]
        tails = np.stack([_places(burst, shown, max(share - lag, 0.0)) for lag in (0, 0.025, 0.06, 0.11, 0.18)], axis=1)
        white = max(0.0, 1 - share * 6)
        bright = tint * np.float32(1 - white) + np.float32(white)
        if len(shown):
            strokes(light, tails, tint * fade * np.float32(0.3), 0.001)
            strokes(light, tails[:, :3], tint * fade * np.float32(0.65), 0.001)
            strokes(light, tails[:, :2], bright * fade, 0.0019)


def _places(burst: _Burst, way: NDArray[np.float64], share: float) -> Floats:
    """Where sparks are: drag lets them approach their reach, gravity pulls them down."""
    moved = way * (1 - np.exp(-AIR * share)) + [burst.x, burst.y + burst.fall * share**2]
    return np.asarray(moved, np.float32)


def _city(rng: Generator, canvas: Canvas, shore: float) -> Cutout:
    """Towers with lit windows."""
    city = Cutout(canvas)
    wall, lamp = colours("070912 ffd58a")
    x = -0.02
    while x < canvas.aspect:
        wide, tall = float(rng.uniform(0.025, 0.06)), float(rng.uniform(0.02, 0.13)) * float(rng.uniform(0.5, 1.0))
        box = np.array([[x, shore + 0.002], [x, shore - tall], [x + wide, shore - tall], [x + wide, shore + 0.002]])
        city.fill(box, mix(wall, colours("1a2038")[0], float(rng.uniform(0, 0.5))))
        for row in np.arange(shore - tall + 0.008, shore - 0.006, 0.008):
            for column in np.arange(x + 0.006, x + wide - 0.005, 0.008):
                if rng.random() < 0.33:
                    pane = stamped(np.array([[0, 0], [0.0032, 0], [0.0032, 0.0036], [0, 0.0036]]), column, row)
                    city.fill(pane, lamp * np.float32(rng.uniform(0.35, 1.0)))
        x += wide + float(rng.uniform(-0.004, 0.008))
    return city


LOOK = Look(
    name="fireworks",
    paint=paint,
    music=Music(
        tempo=(90, 104),
        scale="major",
        root=50,
        chords=((0, 4, 5, 3), (3, 4, 0, 0), (0, 5, 3, 4)),
        parts=(
            Part("beat", "boom", 0.65, pattern="x.....x....x...."),
            Part("air", "sparks", 0.95),
            Part("chords", "strings", 0.6),
            Part("arpeggio", "bell", 0.25, rate=2, octave=1, density=0.6),
        ),
        echo=0.45,
    ),
    words=Words(
        openings=(
            "Fireworks",
            "Finale",
            "The harbour show",
            "Boom",
            "Sky flowers",
            "Midnight",
            "Willow shells",
            "Founders' night",
        ),
        endings=(
            "over Brackwater",
            "from the roof",
            "and the echo",
            "seen twice",
            "in gold",
            "one minute past",
            "for the whole town",
            "with reflections",
        ),
        lines=(
            "Wait for the willow.",
            "The water had the better view.",
            "Three, two, one.",
            "Sound on, but warn the dog.",
        ),
        tags=("fireworks", "celebration", "city", "night", "sparkle"),
    ),
)
