"""The least that any platform must do with a clip: decode it once, and encode the sizes that are handed out.

With the settings of ingest, and nothing else: no sound, no poster, no preview, no look at what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import perf_counter, process_time

from openforyou.ingest import rules
from openforyou.ingest.opening import opened
from openforyou.ingest.probe import BT709
from openforyou.ingest.renditions import Encoded, Recipe
from openforyou.ingest.shaping import Scaler
from openforyou.ingest.transcode import SMALL_CRF
from openforyou.ingest.types import Limits, Size


@dataclass(frozen=True, slots=True)
class Cost:
    """Of so many clips: seconds by the clock, and of all cores together."""

    clips: int
    wall_s: float
    cpu_s: float


def measured(clips: Sequence[Path], folder: Path, workers: int) -> Cost:
    """Transcode every clip, `workers` of them at a time on one thread each."""
    start, start_cpu = perf_counter(), process_time()
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(lambda clip: transcoded(clip, folder), clips):
            continue
    return Cost(len(clips), perf_counter() - start, process_time() - start_cpu)


def transcoded(clip: Path, folder: Path) -> tuple[Path, ...]:
    """The files that are made of one clip."""
    with opened(clip, clip.name, Limits()) as file:
        picture = file.picture
        picture.codec_context.thread_count = 1
        sizes = rules.ladder((picture.width, picture.height))
        recipe = Recipe(sizes[0], Fraction(picture.average_rate or 30), BT709, 1)
        recipes = [recipe, *(replace(recipe, size=size, crf=SMALL_CRF) for size in sizes[1:])]
        paths = tuple(folder / f"{clip.stem}-{one.size.short}.mp4" for one in recipes)
        made = [
            (Encoded(path, one, None), _scaler(one.size, sizes[0])) for path, one in zip(paths, recipes, strict=True)
        ]
        for frame in file.container.decode(picture):
            time = Fraction(frame.pts or 0) * Fraction(frame.time_base or 1)
            for encoded, scale in reversed(made):  # Encoding gives a frame its new time: the scaled ones are first.
                encoded.picture(frame if scale is None else scale(frame), time)
        for encoded, _ in made:
            encoded.close()
    return paths


def _scaler(size: Size, large: Size) -> Scaler | None:
    return None if size == large else Scaler(size, 1)
