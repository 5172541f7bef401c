"""Short films held in memory: read from files, painted by the demo's looks, and encoded to files again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.demo.looks import all_looks
from openforyou.demo.painting.canvas import Canvas

Frames = NDArray[np.uint8]
SIDE_PX = 640
PAINTED_WIDTH, PAINTED_HEIGHT, PAINTED_PER_S = 360, 640, 24
SOURCE_CRF = 21


@dataclass(frozen=True, slots=True)
class Film:
    """Moving pictures without sound: `frames` (N, H, W, 3) in blue, green, red, `per_s` of them a second."""

    frames: Frames
    per_s: float

    @property
    def seconds(self) -> float:
        """How long it runs."""
        return len(self.frames) / self.per_s


def read(path: Path, start_s: float, seconds: float) -> Film:
    """A span of a file, its longer side at most `SIDE_PX`."""
    frames = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        per_s = float(stream.average_rate or 25)
        first, last = round(start_s * per_s), round((start_s + seconds) * per_s)
        scale = min(1.0, SIDE_PX / max(stream.width, stream.height))
        width, height = (2 * round(side * scale / 2) for side in (stream.width, stream.height))
        for number, frame in enumerate(container.decode(stream)):
            if number >= last:
                break
            if number >= first:
                small = frame.reformat(width, height, format="bgr24", interpolation="AREA")
                frames.append(small.to_ndarray())
    return Film(np.stack(frames), per_s)


def painted(look: str, seed: int, seconds: float, start: float = 0.0, loop_s: float = 12.0) -> Film:
    """A clip of a look. Looks repeat after `loop_s`; `start` (seconds) says where in it to begin."""
    painter = all_looks()[look].paint(np.random.default_rng([seed, 0]), Canvas(PAINTED_WIDTH, PAINTED_HEIGHT))
    moments = start + np.arange(round(seconds * PAINTED_PER_S)) / PAINTED_PER_S
    return Film(np.stack([painter(float(moment / loop_s % 1.0)).copy() for moment in moments]), PAINTED_PER_S)


def write(film: Film, path: Path, crf: int = SOURCE_CRF, preset: str = "veryfast") -> Path:
    """Encode as H.264 at a quality of `crf`, by one of x264's presets."""
    height, width = film.frames.shape[1:3]
    rate = Fraction(film.per_s).limit_denominator(1_000)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=rate, options={"preset": preset, "crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        for number, pixels in enumerate(film.frames):
            planes = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, 1 / rate
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path
