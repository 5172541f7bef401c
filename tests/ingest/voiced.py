"""Clips with a given sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from tests.ingest.films import scene
from tests.ingest.tunes import RATE, Samples

SIZE, PER_S = (180, 320), 15


def film_with(path: Path, samples: Samples) -> Path:
    """A small clip, as long as its sound."""
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=PER_S, options={"preset": "ultrafast", "g": "15"})
        picture.width, picture.height = SIZE
        picture.pix_fmt = "yuv420p"
        sound = container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(round(len(samples) / RATE * PER_S)):
            frame = VideoFrame.from_ndarray(scene(SIZE, number / PER_S), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, PER_S)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        for start in range(0, len(samples), 1_024):
            part = np.ascontiguousarray(samples[None, start : start + 1_024])
            heard = AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = RATE, start, Fraction(1, RATE)
            container.mux(sound.encode(heard))
        container.mux(sound.encode(None))
    return path
