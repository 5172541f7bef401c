"""Clips as phones hand them over: 720×1280 at 30 a second, with grain and sound, no two alike.

Half are compliant: their picture is taken over as it is, and only the small rendition is encoded. The others have more
bits than the platform hands on, and are encoded twice. Real clips come first where the folder of data is here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import chain, cycle
from multiprocessing import get_context
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from openforyou.bench.copies.films import PAINTED_HEIGHT, PAINTED_WIDTH, read
from openforyou.bench.copies.material import data_folder
from openforyou.core.progress import Progress
from openforyou.demo.film import start_worker
from openforyou.demo.looks import all_looks
from openforyou.demo.music.instruments import RATE_HZ
from openforyou.demo.music.score import perform
from openforyou.demo.painting.canvas import Canvas

WIDTH, HEIGHT, PER_S = 720, 1_280, 30
SOUND_BITS_PER_S = 128_000
GRAIN_LEVELS, GRAINS = 3.0, 8
"""Of a phone's sensor: without it an encoder has next to nothing to do."""
REAL = ("chair-orig-22-sd-bar.mp4", "bottle-detection.mp4", "pattern-hd-no-bar.mp4", "car-detection.mp4")
Picture = NDArray[np.uint8]


class Kind(StrEnum):
    """What becomes of the picture of a clip."""

    COMPLIANT = "compliant"
    ENCODED = "encoded"


BITS_PER_S = {Kind.COMPLIANT: 3_000_000, Kind.ENCODED: 6_000_000}


@dataclass(frozen=True, slots=True)
class Order:
    """One clip to be made: the `number`-th of all."""

    path: Path
    number: int
    kind: Kind
    seconds: float
    seed: int


def made(orders: Sequence[Order], processes: int, progress: Progress) -> None:
    """Make them, some at the same time, behind everything else that runs here."""
    if processes == 1:
        for number, order in enumerate(orders):
            make(order)
            progress(number, len(orders), "making clips")
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), start_worker) as pool:
        for number, _ in enumerate(pool.map(make, orders)):
            progress(number, len(orders), "making clips")


def make(order: Order) -> None:
    """Film one clip."""
    rng = np.random.default_rng([order.seed, order.number])
    look = list(all_looks().values())[order.number % len(all_looks())]
    grain = GRAIN_LEVELS * rng.standard_normal((GRAINS, HEIGHT, WIDTH, 1), np.float32)
    lighter, darker = (np.maximum(sign * grain, 0).astype(np.uint8).repeat(3, axis=3) for sign in (1, -1))
    with av.open(str(order.path), "w") as output:
        options = {"preset": "superfast", "x264-params": f"keyint={2 * PER_S}:bframes=0"}
        video = output.add_stream("libx264", rate=PER_S, options=options)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.codec_context.thread_count = 1
        video.bit_rate = BITS_PER_S[order.kind]
        audio = output.add_stream("aac", rate=RATE_HZ, layout="stereo")
        audio.bit_rate = SOUND_BITS_PER_S
        pictures = _pictures(order, rng)
        for number in range(round(order.seconds * PER_S)):
            which = int(rng.integers(GRAINS))
            pixels = cv2.subtract(cv2.add(_covering(next(pictures)), lighter[which]), darker[which])
            planes = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420), np.uint8)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, PER_S)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        samples = perform(look.music, order.seconds, rng)
        sound = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts = RATE_HZ, 0
        output.mux(audio.encode(sound))
        output.mux(audio.encode(None))


def _pictures(order: Order, rng: np.random.Generator) -> Iterator[Picture]:
    """Without end: a real clip to and fro, or a look on its round."""
    if order.number < len(REAL) and (path := data_folder() / REAL[order.number]).is_file():
        film = read(path, 0.0, order.seconds)
        times = max(1, round(PER_S / film.per_s))
        there = film.frames.repeat(times, axis=0) if times > 1 else film.frames
        yield from cycle(chain(there, there[::-1]))
    painter = list(all_looks().values())[order.number % len(all_looks())].paint(
        rng, Canvas(PAINTED_WIDTH, PAINTED_HEIGHT)
    )
    for number in cycle(range(round(order.seconds * PER_S))):
        yield np.asarray(painter(number / (order.seconds * PER_S)), np.uint8)


def _covering(picture: Picture) -> Picture:
    """At the size of the clip, its middle where its shape is another."""
    height, width = picture.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    size = (max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale)))
    large = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return np.ascontiguousarray(large[top : top + HEIGHT, left : left + WIDTH], np.uint8)
