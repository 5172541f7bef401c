"""Rows on the disk, parted by a key: all rows of one key lie in one bucket, and one bucket fits into memory.

The keys come from the log and so from somebody who may want them all in one place. Which bucket a key falls into is
therefore drawn anew for each check (multiply-shift hashing: Dietzfelbinger et al., "A reliable randomized algorithm for
the closest-pair problem", 1997), and cannot be foreseen.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROWS_A_BUCKET = 100_000
BUCKETS_MAX = 4_096
PIECE_ROWS = 500_000


class Parting:
    """Which of `count` buckets a key belongs to."""

    def __init__(self, rows: int) -> None:
        self.count = min(max(1, -(-rows // ROWS_A_BUCKET)), BUCKETS_MAX)
        self._odd = np.uint64(secrets.randbits(64) | 1)
        self._other_odd = np.uint64(secrets.randbits(64) | 1)

    def joined(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """One key for two halves."""
        return high + low * self._other_odd

    def of(self, keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """(N,) keys → (N,) buckets."""
        mixed = (keys * self._odd) >> np.uint64(32)  # wraps around, as it should
        return (mixed % np.uint64(self.count)).astype(np.uint16)


class Buckets:
    """Rows of one dtype in the files `name-0`, `name-1` … of `folder`. A bucket keeps the order in which they came."""

    def __init__(self, folder: Path, name: str, parting: Parting, dtype: np.dtype[np.void]) -> None:
        self._folder, self._name, self._parting, self._dtype = folder, name, parting, dtype

    @property
    def count(self) -> int:
        """How many there are."""
        return self._parting.count

    def add(self, rows: NDArray[np.void], keys: NDArray[np.uint64]) -> None:
        """Put each row into the bucket of its key."""
        where = self._parting.of(keys)
        order = np.argsort(where, kind="stable")
        parted = rows[order]
        ends = np.cumsum(np.bincount(where, minlength=self.count))
        start = 0
        for bucket, end in enumerate(ends.tolist()):
            if end > start:
                # Opened for each piece: a log of any size needs one file at a time, and not one a bucket.
                with self._path(bucket).open("ab") as file:
                    file.write(parted[start:end].tobytes())
            start = end

    def size(self, bucket: int) -> int:
        """How many rows it has."""
        path = self._path(bucket)
        return path.stat().st_size // self._dtype.itemsize if path.exists() else 0

    def rows(self, bucket: int) -> NDArray[np.void]:
        """All of them."""
        path = self._path(bucket)
        return np.fromfile(path, dtype=self._dtype) if path.exists() else np.empty(0, dtype=self._dtype)

    def pieces(self, bucket: int) -> Iterator[NDArray[np.void]]:
        """All of them, a piece at a time, however many there are."""
        if not self.size(bucket):
            return
        with self._path(bucket).open("rb") as file:
            while len(piece := np.fromfile(file, dtype=self._dtype, count=PIECE_ROWS)):
                yield piece

    def drop(self, bucket: int) -> None:
        """Delete it, to have the disk back."""
        self._path(bucket).unlink(missing_ok=True)

    def _path(self, bucket: int) -> Path:
        return self._folder / f"{self._name}-{bucket}"
