"""Paper-cut: dunes of coloured paper, one behind the other."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.demo.look import Look, Words
from openforyou.demo.music.score import Music, Part
from openforyou.demo.painting.brush import circle_points, disc, fill, stamped
from openforyou.demo.painting.canvas import TAU, Canvas, Floats, Frame, Painter, to_frame
from openforyou.demo.painting.colour import colours, ramp, turned
from openforyou.demo.painting.light import veiled
from openforyou.demo.painting.noise import clouds, ridge

PAPERS = (
    "fff1e0 ffd7b0 f7a072 e36588 9a4c95 4d2d7a",
    "f3f7f0 cfe8d5 8fcdb4 4aa3a2 2b6f8a 1b3b5f",
    "fff6d6 ffe08a ffb84d f07f3c c2452d 6e1f2f",
    "f6eefc e3cdf4 c49be0 9a6cc4 6a489c 3a2a63",
    "fdf2f0 fbc9c0 f59a97 d9678a 8f4a85 40366b",
    "eef6fb c3e1f0 86c0dd 4f93c2 2f639a 1a3762",
)


def paint(rng: Generator, canvas: Canvas) -> Painter:
    """Five to seven sheets slide past each other, near ones faster; each throws a soft shadow on those behind."""
    count = int(rng.integers(5, 8))
    stops = turned(colours(str(rng.choice(PAPERS))), float(rng.uniform(-14, 14)))
    tints = ramp(stops, count + 2)
    if rng.random() < 0.25:
        tints = tints[::-1]
    way = int(rng.choice([-1, 1]))
    sheets = [_Sheet(rng, canvas, (depth, count, way), tints[depth + 1]) for depth in range(count)]
    sun = (canvas.aspect * float(rng.uniform(0.25, 0.75)), float(rng.uniform(0.16, 0.3)), float(rng.uniform(0.05, 0.1)))
    halos = int(rng.integers(2, 6))
    drifting = _Clouds(rng, canvas, tints[1])
    balloons = _Balloons(rng, canvas, tints)
    grain = _grain(rng, canvas)
    sky = np.broadcast_to((tints[0] * 255).astype(np.uint8), (canvas.height, canvas.width, 3)).copy()
    for step in range(halos, 0, -1):
        disc(sky, sun[0], sun[1], sun[2] * (1 + 0.55 * step), tints[0] + (tints[1] - tints[0]) * np.float32(0.7 / step))
    disc(sky, *sun, np.minimum(tints[0] * np.float32(0.4) + np.float32(0.6), 1))

    def frame(phase: float) -> Frame:
        picture = sky.copy()
        drifting.draw(picture, phase)
        balloons.draw(picture, phase)
        for sheet in sheets:
            sheet.lay(picture, phase)
        return veiled(picture, grain)

    return frame


class _Sheet:
    """One sheet with a cut edge that repeats; its shadow is a strip as long as the edge, blurred once."""

    def __init__(self, rng: Generator, canvas: Canvas, place: tuple[int, int, int], tint: Floats) -> None:
        depth, count, way = place
        self.tint = tint
        share = (depth + 1) / count
        self.period = canvas.aspect * (1.2 + 1.6 * share)
        self.way = way
        self.tall = float(rng.uniform(0.06, 0.17)) * (1.1 - 0.35 * share)
        self.level = float(np.interp(share, [0, 1], [0.42, 0.94])) + float(rng.uniform(-0.03, 0.03))
        self.points = 320
        line = ridge(rng, self.points, int(rng.integers(2, 5)), int(rng.choice([1, 1, 2, 4])), 0.35)
        self.edge = self.level - self.tall * line
        self.trees = [
            (float(rng.uniform(0, self.period)), float(rng.uniform(0.025, 0.06)) * (0.5 + share))
            for _ in range(int(rng.integers(0, 7)) if rng.random() < 0.5 else 0)
        ]
        self.start = float(rng.uniform(0, self.period))
        self.shadow, self.top = self._shade(canvas)

    def lay(self, frame: Frame, phase: float) -> None:
        """Draw the shadow, then the sheet, onto `frame`, in place."""
        height, width = frame.shape[:2]
        shift = (self.start + self.way * phase * self.period) % self.period
        left = int(shift * height) % (self.shadow.shape[1] // 2)
        rows = slice(self.top, self.top + self.shadow.shape[0])
        part = frame[rows]
        cv2.multiply(part, self.shadow[: part.shape[0], left : left + width], dst=part, scale=1 / 255)
        place = np.arange(-1, 2 * self.points + 1)
        x = place * self.period / self.points - left / height
        edge = np.stack([x, self.edge[place % self.points]], axis=1)
        corners = np.array([[x[-1], 1.02], [x[0], 1.02]])
        fill(frame, np.concatenate([edge, corners]), self.tint)
        for at, size in self.trees:
            for lap in (0, 1):
                foot = at + lap * self.period - left / height
                if -0.1 < foot < frame.shape[1] / height + 0.1:
                    ground = float(np.interp(at / self.period * self.points, np.arange(self.points), self.edge))
                    fill(frame, _pine(foot, ground + 0.006, size), self.tint)

    def _shade(self, canvas: Canvas) -> tuple[Frame, int]:
        span = round(self.period * canvas.height)
        strip = np.zeros((canvas.height, 2 * span, 3), np.uint8)
        place = np.arange(-8, 2 * self.points + 8)
        edge = np.stack([place * self.period / self.points, self.edge[place % self.points] - 0.004], axis=1)
        corners = np.array([[edge[-1, 0], 1.1], [edge[0, 0], 1.1]])
        fill(strip, np.concatenate([edge, corners]), np.ones(3, np.float32))
        quarter = cv2.resize(strip, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(quarter, (0, 0), max(0.8, canvas.pixels(0.012) / 4))
        full = cv2.resize(soft, (strip.shape[1], strip.shape[0]), interpolation=cv2.INTER_LINEAR)
        top = max(0, int((self.level - self.tall - 0.06) * canvas.height))
        bottom = min(canvas.height, int((self.level + 0.01) * canvas.height))
        dark = (full[top : max(bottom, top + 1)] * 0.4).astype(np.uint8)
        return np.asarray(255 - dark, np.uint8), top


class _Clouds:
    """A few paper clouds that cross the sky."""

    def __init__(self, rng: Generator, canvas: Canvas, tint: Floats) -> None:
        self.tint = np.minimum(tint * np.float32(0.35) + np.float32(0.65), 1)
        self.range = canvas.aspect + 0.4
        self.places = [
            (float(rng.uniform(0, self.range)), float(rng.uniform(0.06, 0.4)), float(rng.uniform(0.02, 0.045)))
            for _ in range(int(rng.integers(2, 6)))
        ]

    def draw(self, frame: Frame, phase: float) -> None:
        """Onto `frame`, in place."""
        for start, y, size in self.places:
            x = (start + phase * self.range) % self.range - 0.2
            for across, up, scale in ((-1.3, 0, 0.7), (-0.4, -0.35, 1.0), (0.7, -0.2, 0.85), (1.6, 0.05, 0.6)):
                bump = circle_points(32) * np.float32(size * scale) + np.array([x + across * size, y + up * size])
                bump[:, 1] = np.minimum(bump[:, 1], y + 0.3 * size)
                fill(frame, bump, self.tint)


class _Balloons:
    """Up to three balloons that rise and sink a little on their way."""

    def __init__(self, rng: Generator, canvas: Canvas, tints: Floats) -> None:
        self.range = canvas.aspect + 0.3
        self.flock = [
            (
                np.array([rng.uniform(0, self.range), rng.uniform(0.12, 0.36)]),
                float(rng.uniform(0.022, 0.05)),
                tints[rng.permutation(len(tints))[:2]],
                float(rng.uniform(0, TAU)),
            )
            for _ in range(int(rng.choice([0, 0, 1, 2, 3])))
        ]

    def draw(self, frame: Frame, phase: float) -> None:
        """Onto `frame`, in place."""
        for start, size, tints, offset in self.flock:
            x = (start[0] + phase * self.range) % self.range - 0.15
            place = np.array([x, start[1] + 0.02 * np.sin(TAU * phase + offset)])
            for wide, tint in ((1.0, tints[0]), (0.62, tints[1]), (0.25, tints[0])):
                envelope = circle_points(40) * [wide, 1.0]
                low = envelope[:, 1] > 0.45
                envelope[low, 0] *= 1.0 - 0.95 * (envelope[low, 1] - 0.45)
                envelope[low, 1] = 0.45 + (envelope[low, 1] - 0.45) * 1.6
                fill(frame, envelope * size + place, tint)
            basket = np.array([[-0.16, 1.55], [0.16, 1.55], [0.12, 1.8], [-0.12, 1.8]])
            fill(frame, basket * size + place, tints[0] * np.float32(0.7))


def _pine(x: float, foot: float, size: float) -> Floats:
    half = np.array([[0.0, -1.0], [0.2, -0.62], [0.1, -0.62], [0.28, -0.3], [0.14, -0.3], [0.36, 0.0]])
    other = half[::-1] * [-1, 1]
    return stamped(np.concatenate([half, other]), x, foot, size)


def _grain(rng: Generator, canvas: Canvas) -> Frame:
    fibres = clouds(rng, (canvas.height, canvas.width), (canvas.height // 5, canvas.width // 5), 2)
    return to_frame(np.repeat((0.94 + 0.06 * fibres)[:, :, None], 3, axis=2))


LOOK = Look(
    name="papercut",
    paint=paint,
    music=Music(
        tempo=(94, 106),
        scale="major",
        root=57,
        chords=((0, 4, 5, 3), (0, 3, 0, 4), (5, 3, 0, 4)),
        parts=(
            Part("arpeggio", "kalimba", 0.65, rate=2, octave=0),
            Part("melody", "kalimba", 0.35, rate=1, octave=1, density=0.6),
            Part("bass", "sub", 0.4, rate=0.5, octave=-2),
            Part("beat", "shaker", 0.3, pattern="x.x.x.x.x.x.x.xx"),
        ),
        echo=0.28,
    ),
    words=Words(
        openings=(
            "Paper hills",
            "Cut-out dunes",
            "Layers",
            "A paper morning",
            "Balloon weather",
            "Scissors and glue",
            "Folded valley",
            "Soft horizon",
        ),
        endings=(
            "in seven sheets",
            "of Pellow County",
            "going by",
            "from the train",
            "with one cloud",
            "by hand",
            "for a rainy day",
            "in pastel",
        ),
        lines=(
            "All paper, all patience.",
            "Look for the balloon.",
            "Seven layers and one lamp.",
            "Paper-cut landscape, animated sheet by sheet.",
        ),
        tags=("papercut", "papercraft", "landscape", "illustration", "parallax"),
    ),
)
