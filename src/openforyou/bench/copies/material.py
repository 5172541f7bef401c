"""The films that copies are made of: real clips where the folder of data is here, and painted ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from openforyou.bench.copies.films import Film, painted, read
from openforyou.demo.looks import all_looks

REAL: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("chair-orig-22-sd-bar.mp4", (1.0, 12.0)),
    ("bottle-detection.mp4", (2.0, 22.0)),
    ("car-detection.mp4", (3.0, 18.0)),
    ("pattern-hd-no-bar.mp4", (0.3,)),
    ("doorknob-hd-no-bar.mp4", (0.2,)),
)
"""Files, and where spans begin: two of one file are of the same scene."""
SECONDS = 6.0


def films(count: int, seed: int) -> Iterator[tuple[str, str, Film]]:
    """At most `count` films as name, scene, film. Two of the same scene are never copies of each other."""
    given = [(name, start) for name, starts in REAL for start in starts]
    folder = data_folder()
    real = [(name, start) for name, start in given if (folder / name).is_file()][: (count + 1) // 2]
    for name, start in real:
        yield f"{name.partition('-')[0]} at {start:.0f} s", name, read(folder / name, start, SECONDS)
    looks = list(all_looks())
    order = np.random.default_rng(seed).permutation(len(looks))
    for number in range(count - len(real)):
        look = looks[order[(number // 2) % len(looks)]]  # Two of each look: alike, and no copies.
        yield f"{look} {number % 2}", f"{look} {number % 2}", painted(look, 1_000 * seed + number, SECONDS)


def data_folder() -> Path:
    """Where real clips lie: `$OPENFORYOU_DATA`, or beside the repository."""
    beside = Path(__file__).parents[5] / "shared" / "data"
    return Path(os.environ.get("OPENFORYOU_DATA", beside)) / "clips"
