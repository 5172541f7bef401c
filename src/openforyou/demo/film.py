"""From a look to a file: pictures and sound go straight into the encoders, no frame is kept.

The file is one that the platform can hand on as it is: H.264 of a size below that from which a second rendition is
made, and of a bit rate within the platform's bounds. So a clip is encoded once, which is most of what it costs.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import parent_process
from pathlib import Path

import av
import cv2
import numpy as np

from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ, Samples
from openforyou.demo.music.score import perform
from openforyou.demo.painting.canvas import Canvas, Painter

VIDEO_OPTIONS = {
    "preset": "superfast",
    "crf": "20",
    "maxrate": "1300k",
    "bufsize": "1300k",
    "x264-params": "bframes=0:rc-lookahead=10:mbtree=1:keyint=48",
}
BT601, LIMITED_RANGE = 6, 1
"""OpenCV's luma and chroma are ITU-R BT.601's, in video range; the file says so."""
NICENESS = 5
AUDIO_BITS_PER_S = 160_000
AUDIO_OPTIONS = {"aac_coder": "fast"}


@dataclass(frozen=True, slots=True)
class Format:
    """How large, how smooth."""

    width: int = 432
    height: int = 768
    fps: int = 24


def start_worker() -> None:
    """Make this process a film worker: one thread, behind everything else, and gone when its parent is."""
    cv2.setNumThreads(1)
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then stops its workers.
    threading.Thread(target=_leave_with_parent, name="parent-watch", daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def shoot(path: Path, look_name: str, seed: Sequence[int], seconds: float, form: Format) -> None:
    """Film one clip into `path` (.mp4). The same arguments give the same bytes on the same machine."""
    look = all_looks()[look_name]
    picture, sound = (np.random.default_rng([*seed, track]) for track in (0, 1))
    painter = look.paint(picture, Canvas(form.width, form.height))
    samples = perform(look.music, seconds, sound)
    _encode(path, painter, samples, round(seconds * form.fps), form)


def _encode(path: Path, painter: Painter, samples: Samples, frames: int, form: Format) -> None:
    with av.open(str(path), "w") as output:
        video = output.add_stream("libx264", rate=form.fps, options=VIDEO_OPTIONS)
        video.width, video.height, video.pix_fmt = form.width, form.height, "yuv420p"
        context = video.codec_context
        context.thread_count = 1
        context.colorspace = context.color_primaries = context.color_trc = BT601
        context.color_range = LIMITED_RANGE
        audio = output.add_stream("aac", rate=RATE_HZ, layout="stereo", options=AUDIO_OPTIONS)
        audio.bit_rate = AUDIO_BITS_PER_S
        for number in range(frames):
            planes = np.asarray(cv2.cvtColor(painter(number / frames), cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, form.fps)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts = RATE_HZ, 0
        output.mux(audio.encode(sound))
        output.mux(audio.encode(None))
