"""A catalogue to be searched at size: prints put together from painted frames, each feature a little changed.

Harder than a real one of that size: many items share what they were put together from.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openforyou.bench.copies.films import painted
from openforyou.demo.looks import all_looks
from openforyou.ingest.copies import pdq
from openforyou.ingest.copies.features import CODE_BYTES, features
from openforyou.ingest.copies.index import INDEXED_MAX
from openforyou.ingest.copies.prints import Print

FRAMES, ITEMS_AT_ONCE = 10, 4_000
CHANGED_SHARE = 0.06
"""Of the bits of each feature."""
CHANGES = 50_000
POOL_SEEDS = (101, 102)


def pool() -> NDArray[np.uint8]:
    """(N, 32) codes of features of frames that no film of the benchmark has."""
    codes = []
    for look in all_looks():
        for seed in POOL_SEEDS:
            film = painted(look, seed, 0.1, start=3.0)
            codes.append(features(film.frames[0].mean(axis=2).astype(np.uint8)).codes)
    return np.concatenate(codes)


def distractors(count: int, seed: int) -> Iterator[list[tuple[int, Print]]]:
    """`count` items by negative ids, some thousands at a time."""
    rng, codes = np.random.default_rng(seed), pool()
    changes = np.packbits(rng.random((CHANGES, 8 * CODE_BYTES)) < CHANGED_SHARE, axis=1)
    for start in range(0, count, ITEMS_AT_ONCE):
        size = min(ITEMS_AT_ONCE, count - start)
        yield [(-1 - start - number, _print(rng, codes, changes)) for number in range(size)]


def _print(rng: np.random.Generator, codes: NDArray[np.uint8], changes: NDArray[np.uint8]) -> Print:
    total = FRAMES * INDEXED_MAX
    return Print(
        width=180,
        height=320,
        times_ms=np.arange(FRAMES, dtype=np.int32) * 1_000,
        hashes=rng.integers(0, 256, (FRAMES, pdq.BYTES)).astype(np.uint8),
        inner=np.zeros((FRAMES, pdq.BYTES), np.uint8),
        of=np.repeat(np.arange(FRAMES, dtype=np.int32), INDEXED_MAX),
        places=rng.uniform(0, 180, (total, 2)).astype(np.float32),
        codes=codes[rng.integers(0, len(codes), total)] ^ changes[rng.integers(0, CHANGES, total)],
    )
