"""Rain: a window at night, drops running down, the city out of focus behind them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, ramp, turned
from openforyou.demo.painting.light import smoothstep

LIGHTS = (
    "ffb347 ff7a3d ffd9a0 e8f0ff ff3b3b",
    "ff4fa3 7a5cff 35d0ff ffe066 ff8ad6",
    "4df0c8 4aa8ff e7fff9 ffcf6b ff6f59",
    "ffd27a ffe9c4 ff9d5c ff5470 9ad7ff",
)
GROUNDS = ("04070f 0b1526 1d2233", "08060f 1a1030 2b1d3d", "030a0d 08202b 12333a", "0a0806 1d1512 33221b")


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Each drop is a small lens: it shows the lights behind it upside down, where the glass only blurs them."""
    small = canvas.shrunk(2)
    hue = float(rng.uniform(-15, 15))
    column = ramp(turned(colours(str(rng.choice(GROUNDS))), hue), small.height)[:, None, :]
    ground = np.repeat(column, small.width, axis=1)
    city = _City(rng, canvas.shrunk(6), turned(colours(str(rng.choice(LIGHTS))), hue))
    glass = _Glass(rng, small)
    columns, rows = np.meshgrid(np.arange(small.width, dtype=np.float32), np.arange(small.height, dtype=np.float32))

    def frame(phase: float) -> Frame:
        lights = city.paint(phase)
        view = ground + cv2.resize(lights, (small.width, small.height), interpolation=cv2.INTER_CUBIC)
        lens = glass.lens(phase)
        bent_x, bent_y = columns + lens[:, :, 0], rows + lens[:, :, 1]
        seen = cv2.remap(view, bent_x, bent_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return canvas.enlarge(to_frame(np.asarray(seen + lens[:, :, 2:] * np.float32(0.5), np.float32)))

    return frame


@dataclass(frozen=True)
class _Lamp:
    x: float
    y: float
    radius: float
    tint: Floats
    beat: int
    offset: float
    drive: int


class _City:
    """Discs of light that breathe, and some that drive by."""

    def __init__(self, rng: Generator, tiny: Canvas, tints: Floats) -> None:
        self.tiny = tiny
        lamps = [
            _Lamp(
                x=float(rng.uniform(-0.05, tiny.aspect + 0.05)),
                y=float(np.clip(rng.normal(0.55, 0.2), 0.03, 1.0)),
                radius=float(rng.uniform(0.018, 0.06)),
                tint=tints[rng.integers(len(tints))] * np.float32(rng.uniform(0.22, 0.75)),
                beat=int(rng.integers(1, 4)),
                offset=float(rng.uniform(0, TAU)),
                drive=int(rng.choice([-1, 0, 0, 0, 1])),
            )
            for _ in range(int(rng.integers(26, 54)))
        ]
        self.driving = [lamp for lamp in lamps if lamp.drive]
        self.parked = [lamp for lamp in lamps if not lamp.drive]
        self.rest = np.zeros((tiny.height, tiny.width, 3), np.float32)
        for lamp in self.parked:
            self._light(self.rest, lamp, lamp.x, 1.0)

    def paint(self, phase: float) -> Floats:
        """The lights at a sixth of the size, (h, w, 3), to be added to the night."""
        light = self.rest * np.float32(0.9 + 0.1 * np.sin(TAU * 2 * phase))
        span = self.tiny.aspect + 0.2
        for lamp in self.driving:
            x = (lamp.x + lamp.drive * phase * span + 0.1) % span - 0.1
            self._light(light, lamp, x, 0.8 + 0.2 * float(np.sin(TAU * lamp.beat * phase + lamp.offset)))
        haze = cv2.GaussianBlur(light, (0, 0), 0.09 * self.tiny.height)
        return np.asarray(light + haze * np.float32(0.9), np.float32)

    def _light(self, light: Floats, lamp: _Lamp, x: float, strength: float) -> None:
        """A disc of bokeh: even inside, a little brighter at the rim, soft at the edge."""
        scale = self.tiny.height
        x, y, radius = x * scale, lamp.y * scale, lamp.radius * scale
        reach = int(radius + 2)
        left, top = int(x) - reach, int(y) - reach
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + 2 * reach + 1, light.shape[1]), min(top + 2 * reach + 1, light.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        across = np.arange(x0, x1, dtype=np.float32)[None, :] - np.float32(x)
        down = np.arange(y0, y1, dtype=np.float32)[:, None] - np.float32(y)
        away = np.hypot(across, down) / np.float32(radius)
        body = smoothstep(1.08, 0.86, away) * (0.75 + 0.35 * away**2)
        light[y0:y1, x0:x1] += body[:, :, None] * (lamp.tint * np.float32(strength))


class _Drop:
    """The lens of one drop: shift in x, shift in y and glint (h, w, 3), and where it covers the pane (h, w, 1)."""

    def __init__(self, radius_px: float, tall: float, height: int) -> None:
        radius = max(radius_px, 0.9)
        self.reach_x, self.reach_y = int(radius + 1.5), int(radius * tall + 1.5)
        across = np.arange(-self.reach_x, self.reach_x + 1, dtype=np.float32)[None, :] / np.float32(radius)
        down = np.arange(-self.reach_y, self.reach_y + 1, dtype=np.float32)[:, None] / np.float32(radius * tall)
        away = across**2 + down**2
        bend = np.float32(-0.11 * height)
        glint = smoothstep(0.3, 0.0, (across + 0.35) ** 2 + (down + 0.4) ** 2)
        glint -= np.float32(0.32) * away * smoothstep(0.4, 1.0, away)
        flat = np.zeros_like(away)
        self.cover = smoothstep(1.15, 0.75, away)[:, :, None]
        self.lens = np.stack([across * bend + flat, down * bend * np.float32(1.6) + flat, glint], axis=2) * self.cover

    def put(self, pane: Floats, x_px: float, y_px: float) -> None:
        """Onto `pane` (H, W, 3), over what is there."""
        left, top = int(x_px) - self.reach_x, int(y_px) - self.reach_y
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + self.lens.shape[1], pane.shape[1]), min(top + self.lens.shape[0], pane.shape[0])
        if x0 < x1 and y0 < y1:
            rows, columns = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
            part = pane[y0:y1, x0:x1]
            part *= 1 - self.cover[rows, columns]
            part += self.lens[rows, columns]


class _Glass:
    """The pane: drops that sit, and drops that run with a wet track above them."""

    def __init__(self, rng: Generator, small: Canvas) -> None:
        self.small = small
        height = small.height
        self.still = np.zeros((height, small.width, 3), np.float32)
        for _ in range(int(rng.integers(320, 620))):
            drop = _Drop((0.0014 + 0.0125 * float(rng.random()) ** 4) * height, 1.1, height)
            drop.put(self.still, float(rng.uniform(0, small.width)), float(rng.uniform(0, height)))
        self.runners = []
        for _ in range(int(rng.integers(7, 13))):
            radius = float(rng.uniform(0.01, 0.018)) * height
            track = [_Drop(radius * (0.42 - 0.055 * step), 1.0, height) for step in range(1, 6)]
            place = (
                float(rng.uniform(0.01, small.aspect - 0.01)),
                float(rng.uniform(0, 1)),
                float(rng.uniform(0, TAU)),
            )
            self.runners.append((place, [_Drop(radius, 1.35, height), *track]))

    def lens(self, phase: float) -> Floats:
        """The map at a moment."""
        lens = self.still.copy()
        height = self.small.height
        for (x, start, offset), drops in self.runners:
            y = (start + phase + 0.035 * np.sin(TAU * 2 * phase + offset)) % 1.0 * 1.3 - 0.12
            for step, drop in reversed(list(enumerate(drops))):
                above = y - 0.034 * step - (0.004 * np.sin(offset * step) if step else 0)
                drop.put(lens, (x + 0.007 * np.sin(9 * above + offset)) * height, above * height)
        return lens


LOOK = Look(
    name="rain",
    paint=paint,
    music=Music(
        tempo=(70, 80),
        scale="dorian",
        root=50,
        chords=((1, 4, 0, 5), (0, 3, 1, 4), (5, 1, 4, 0)),
        parts=(
            Part("air", "rain", 0.7),
            Part("chords", "electric", 0.75, rate=1),
            Part("melody", "electric", 0.3, rate=1, octave=1, density=0.4),
            Part("beat", "kick", 0.4, pattern="x.........x....."),
            Part("beat", "snap", 0.3, pattern="....x.......x..."),
            Part("air", "crackle", 0.2),
        ),
        echo=0.25,
    ),
    words=Words(
        openings=(
            "Rain on glass",
            "Night window",
            "City lights, blurred",
            "Bus stop",
            "Late train",
            "Wet neon",
            "Drops",
            "Inside, dry",
        ),
        endings=(
            "on Harrow Street",
            "at 2 a.m.",
            "with tea",
            "from the ninth floor",
            "until morning",
            "while waiting",
            "in November",
            "and lo-fi",
        ),
        lines=(
            "Rain sounds to fall asleep to.",
            "Pick a drop and race it.",
            "The city is prettier out of focus.",
            "Lo-fi and a wet window, that's the clip.",
        ),
        tags=("rain", "lofi", "bokeh", "citylights", "cozy"),
    ),
)
