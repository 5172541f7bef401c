"""What people do to a clip before they post it as their own, each with parameters drawn at random.

The draws are continuous: no crop, angle or speed that the index itself tries is likelier than any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator

from openforyou.bench.copies.films import Film, Frames

Draw = Callable[[Generator, Film, Film], tuple[Film, str]]
"""From a film (and another, unrelated one) to the altered film, and what was done to it in words."""


def _each(film: Film, change: Callable[[Frames], Any]) -> Film:
    return replace(film, frames=np.stack([np.asarray(change(frame), np.uint8) for frame in film.frames]))


def _even(value: float) -> int:
    return max(32, 2 * round(value / 2))


def _resize(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    scale, stretch = rng.uniform(0.35, 0.8), rng.uniform(0.92, 1.08)
    size = (_even(width * scale * stretch), _even(height * scale))
    return _each(film, lambda frame: cv2.resize(frame, size, interpolation=cv2.INTER_AREA)), f"to {scale:.2f}"


def _grey(_rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    return _each(film, lambda frame: cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)), "grey"


def _colour(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    gains, gamma, lift = rng.uniform(0.7, 1.3, 3), rng.uniform(0.65, 1.5), rng.uniform(-20, 30)
    levels = np.arange(256, dtype=np.float64)[:, None] / 255
    curve = np.clip(255 * levels**gamma * gains + lift, 0, 255).astype(np.uint8)[None]  # (1, 256, 3)
    return _each(film, lambda frame: cv2.LUT(frame, curve)), f"gamma {gamma:.2f}"


def _mark(rng: Generator, film: Film, share: float, words: str) -> Film:
    height, width = film.frames.shape[1:3]
    wide, high = int(width * share), int(height * share * rng.uniform(0.25, 0.5))
    x, y = (int(rng.uniform(0.03, 0.97) * (room - 1)) for room in (width - wide, height - high))
    box, ink = rng.integers(0, 256, 3).tolist(), rng.integers(0, 256, 3).tolist()
    solid = rng.uniform(0.6, 1.0)

    def put(frame: Frames) -> Frames:
        marked = frame.copy()
        cv2.rectangle(marked, (x, y), (x + wide, y + high), box, -1)
        size = wide / (20 * len(words))
        cv2.putText(marked, words, (x + 4, y + high * 2 // 3), cv2.FONT_HERSHEY_DUPLEX, size, ink, 2, cv2.LINE_AA)
        return np.asarray(cv2.addWeighted(marked, solid, frame, 1 - solid, 0), np.uint8)

    return _each(film, put)


def _small_mark(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    share = rng.uniform(0.1, 0.22)
    return _mark(rng, film, share, "@mine"), f"{share:.2f} wide"


def _large_mark(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    share = rng.uniform(0.4, 0.75)
    return _mark(rng, film, share, "LOOK AT THIS"), f"{share:.2f} wide"


def _caption(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    share, at_top = rng.uniform(0.1, 0.27), rng.random() < 0.5
    bar = int(height * share)
    tint = int(rng.choice([0, 255]))

    def put(frame: Frames) -> Frames:
        out = frame.copy()
        top = 0 if at_top else height - bar
        out[top : top + bar] = tint
        place = (width // 20, top + bar * 2 // 3)
        cv2.putText(out, "wait for it...", place, cv2.FONT_HERSHEY_DUPLEX, width / 420, (255 - tint,) * 3, 2)
        return out

    return _each(film, put), f"{'top' if at_top else 'bottom'} {share:.2f}"


def _letterbox(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    bar, upright = rng.uniform(0.08, 0.3), rng.random() < 0.5
    pad = 2 * round((height if upright else width) * bar / 2)
    first = 2 * round(pad * rng.uniform(0.7, 1.3) / 2)
    top, bottom, left, right = (first, 2 * pad - first, 0, 0) if upright else (0, 0, first, 2 * pad - first)

    def put(frame: Frames) -> Frames:
        framed = cv2.copyMakeBorder(frame, top, bottom, left, right, cv2.BORDER_CONSTANT)
        return np.asarray(framed, np.uint8)

    return _each(film, put), f"bars {bar:.2f}"


def _blur_pad(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    wider = rng.uniform(1.3, 2.2)
    size = (_even(width * wider), height) if height > width else (width, _even(height * wider))
    sigma = rng.uniform(8, 20)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2

    def put(frame: Frames) -> Frames:
        scale = max(size[0] / width, size[1] / height)
        behind = cv2.resize(frame, None, fx=scale, fy=scale)
        left, top = (behind.shape[1] - size[0]) // 2, (behind.shape[0] - size[1]) // 2
        behind = cv2.GaussianBlur(behind[top : top + size[1], left : left + size[0]], (0, 0), sigma)
        behind[y : y + height, x : x + width] = frame
        return np.asarray(behind, np.uint8)

    return _each(film, put), f"{wider:.2f} as wide"


def _cropped(film: Film, shares: tuple[float, float, float, float], back: bool) -> Film:
    """Without these shares of left, right, top, bottom; blown up to the old size again where `back`."""
    height, width = film.frames.shape[1:3]
    left, right = int(width * shares[0]), int(width * (1 - shares[1]))
    top, bottom = int(height * shares[2]), int(height * (1 - shares[3]))
    size = (width, height) if back else (_even(right - left), _even(bottom - top))
    return _each(film, lambda frame: cv2.resize(frame[top:bottom, left:right], size))


def _crop_centred(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    share = rng.uniform(0.05, 0.30)
    side = share / 2
    return _cropped(film, (side, side, side, side), bool(rng.random() < 0.5)), f"{share:.2f} of each side"


def _crop_off_centre(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    across, down = rng.uniform(0.05, 0.30, 2)
    x, y = rng.choice([0.0, 1.0], 2) if rng.random() < 0.5 else rng.uniform(0, 1, 2)
    shares = (across * x, across * (1 - x), down * y, down * (1 - y))
    return _cropped(film, shares, bool(rng.random() < 0.5)), f"{across:.2f} × {down:.2f} at {x:.1f}, {y:.1f}"


def _rotation(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    angle = rng.uniform(1, 5) * rng.choice([-1, 1])
    zoom = rng.choice([1.0, 1.12])
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, zoom)
    return _each(film, lambda frame: cv2.warpAffine(frame, matrix, (width, height))), f"{angle:.1f}°"


def _mirror(_rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    return _each(film, lambda frame: cv2.flip(frame, 1)), "mirrored"


def _speed(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    factor = rng.uniform(0.8, 0.95) if rng.random() < 0.5 else rng.uniform(1.05, 1.25)
    count = int(len(film.frames) / factor)
    picked = np.minimum((np.arange(count) * factor + rng.uniform(0, 1)).astype(int), len(film.frames) - 1)
    return replace(film, frames=film.frames[picked]), f"{factor:.2f}×"


def _trim(rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    keep = max(0.4, 3.2 / film.seconds) + rng.uniform(0, 0.3)
    count = min(int(len(film.frames) * keep), len(film.frames) - 1)
    start = int(rng.integers(0, len(film.frames) - count))
    return replace(
        film, frames=film.frames[start : start + count]
    ), f"{count / film.per_s:.1f} s from {start / film.per_s:.1f} s"


def _picture_in_picture(rng: Generator, film: Film, other: Film) -> tuple[Film, str]:
    height, width = film.frames.shape[1:3]
    share = rng.uniform(0.45, 0.75)
    size = (_even(width * share), _even(height * share))
    x, y = (int(rng.uniform(0, 1) * (room - 1)) for room in (width - size[0], height - size[1]))
    out: list[Frames] = []
    for number, frame in enumerate(film.frames):
        behind = np.array(other.frames[number % len(other.frames)])
        behind = np.asarray(cv2.resize(behind, (width, height)), np.uint8)
        behind[y : y + size[1], x : x + size[0]] = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        out.append(behind)
    return replace(film, frames=np.stack(out)), f"{share:.2f} wide"


def _compression(_rng: Generator, film: Film, _: Film) -> tuple[Film, str]:
    return film, "strong"


SINGLE: dict[str, Draw] = {
    "resize": _resize,
    "compression": _compression,
    "grey": _grey,
    "colour": _colour,
    "small mark": _small_mark,
    "large mark": _large_mark,
    "caption bar": _caption,
    "letterbox": _letterbox,
    "blur pad": _blur_pad,
    "centred crop": _crop_centred,
    "off-centre crop": _crop_off_centre,
    "rotation": _rotation,
    "mirror": _mirror,
    "speed": _speed,
    "trim": _trim,
    "picture in picture": _picture_in_picture,
}
"""Each alteration by its name. Strong compression is left to whoever encodes."""
