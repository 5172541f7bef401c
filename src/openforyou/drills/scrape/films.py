"""What is scraped: a film with a mark on it, and what scrapers make of films."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.demo.film import Format, shoot

SIZE = Format(width=360, height=640, fps=24)
SECONDS = 8.0
Picture = NDArray[np.uint8]  # (H, W, 3)
Alter = Callable[[Picture], Picture]


def film(path: Path, seed: int, look: str = "koi") -> Path:
    """A clip of one's own with a mark in its corner, as platforms put one."""
    plain = path.with_name(f"plain-{path.name}")
    shoot(plain, look, (seed,), SECONDS, SIZE)
    altered(plain, path, _marked)
    return path


def altered(source: Path, path: Path, alter: Alter, every: int = 1) -> Path:
    """Each frame through `alter`, encoded anew, without sound; `every` second frame alone makes it twice as fast."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        out = None
        for number, frame in enumerate(given.decode(video=0)):
            if number % every:
                continue
            picture = np.ascontiguousarray(alter(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)))
            picture = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            if out is None:
                out = made.add_stream("libx264", rate=SIZE.fps, options={"preset": "superfast", "crf": "26"})
                out.height, out.width, out.pix_fmt = picture.shape[0], picture.shape[1], "yuv420p"
            new = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            new.pts, new.time_base = number // every, Fraction(1, SIZE.fps)
            made.mux(out.encode(new))
        assert out is not None, f"{source} has no frame"
        made.mux(out.encode(None))
    return path


def resized(picture: Picture) -> Picture:
    """To two thirds."""
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(picture, (width * 2 // 3 // 2 * 2, height * 2 // 3 // 2 * 2)), np.uint8)


def mark_cut(picture: Picture) -> Picture:
    """The strip with the mark cut off, and as much of one side: off centre."""
    height, width = picture.shape[:2]
    return picture[: round(0.88 * height), round(0.07 * width) :]


def mirrored_under_a_bar(picture: Picture) -> Picture:
    """Mirrored, with a bar over the top, where a caption goes."""
    bar = np.full((picture.shape[0] // 8 // 2 * 2, picture.shape[1], 3), 245, np.uint8)
    words = cv2.putText(bar, "must see", (20, bar.shape[0] - 20), cv2.FONT_HERSHEY_SIMPLEX, 1, (20, 20, 20), 2)
    return np.concatenate([np.asarray(words, np.uint8), picture[:, ::-1]])


def filtered(picture: Picture) -> Picture:
    """Sepia, and darker."""
    grey = picture.mean(axis=2, keepdims=True)
    return np.asarray(np.clip(grey * np.array([0.55, 0.75, 0.85]), 0, 255), np.uint8)


def _marked(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    at = (width // 2, height - 20)
    return np.asarray(
        cv2.putText(picture.copy(), "@ada", at, cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 2), np.uint8
    )
