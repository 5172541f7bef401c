"""What every reader answers: the interactions of a file as columns, and the checks that hold for all formats."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import MAX_ID
from openforyou.learn.errors import BadInteractions
from openforyou.learn.serving import Did, Floats

LIKED_FROM = 4.0
"""Stars from which a rating says "liked", on the five-star scale."""
GZIP = b"\x1f\x8b"
MILLISECONDS_FROM = 1e11
"""A time from here on counts milliseconds: as seconds it would lie after the year 5000."""


@dataclass(frozen=True, slots=True)
class Columns:
    """R interactions. `has_times` says whether `at_s` means anything; without it the file's order is the order."""

    viewers: NDArray[np.int64]  # (R,)
    items: NDArray[np.int64]  # (R,)
    did: NDArray[np.uint8]  # (R,) bits of Did
    at_s: NDArray[np.float64]  # (R,)
    has_times: bool
    ordered: bool = True
    """False: a viewer's rows are a set."""
    parts: NDArray[np.uint8] | None = None
    """(R,) 0 to train on, 1 to validate by, 2 to test by, where the source says so."""
    content: tuple[NDArray[np.int64], Floats] | None = None
    """Items (N,), ascending, and their content (N, C), where the source brings it."""
    shares: Floats | None = None
    """(R,) how much of each clip was watched, 0 … 2, where the source says so."""
    follows: NDArray[np.bool_] | None = None
    """(R,) whether it made the viewer follow its creator, where the source says so."""

    @classmethod
    def plain(cls, viewers: list[int], items: list[int]) -> Columns:
        """Watched, at times that nobody wrote down."""
        rows = len(viewers)
        return cls(
            np.array(viewers, dtype=np.int64),
            np.array(items, dtype=np.int64),
            np.full(rows, int(Did.VIEW), dtype=np.uint8),
            np.zeros(rows),
            has_times=False,
        )

    @classmethod
    def rated(cls, viewers: list[int], items: list[int], stars: list[float] | None, at_s: list[float]) -> Columns:
        """Watched at known times; liked where there are stars and enough of them."""
        did = np.full(len(viewers), int(Did.VIEW), dtype=np.uint8)
        if stars is not None:
            did[np.array(stars) >= LIKED_FROM] |= int(Did.LIKE)
        return cls(
            np.array(viewers, dtype=np.int64), np.array(items, dtype=np.int64), did, np.array(at_s), has_times=True
        )

    def in_order(self, path: Path) -> Columns:
        """By viewer, oldest first. Rows of one moment keep the file's order."""
        if not len(self.viewers):
            raise BadInteractions(path, "holds no interaction.", hint="Give a file with at least one row.")
        keys: list[NDArray[Any]] = [self.viewers]
        if self.parts is not None:
            keys.insert(0, self.parts)
        if self.has_times:
            keys.insert(0, self.at_s)
        return self.take(np.lexsort(keys))  # Stable; the last key sorts first.

    def take(self, rows: NDArray[np.int64]) -> Columns:
        """Some of the rows, in that order."""
        return replace(
            self,
            viewers=self.viewers[rows],
            items=self.items[rows],
            did=self.did[rows],
            at_s=self.at_s[rows],
            parts=None if self.parts is None else self.parts[rows],
            shares=None if self.shares is None else self.shares[rows],
            follows=None if self.follows is None else self.follows[rows],
        )

    def watched(self) -> Floats:
        """(R,) how much of each clip; all of it where a file says that it was watched, and not how much."""
        return np.ones(len(self.items), dtype=np.float32) if self.shares is None else self.shares

    def followed(self) -> NDArray[np.bool_]:
        """(R,) whether it made the viewer follow its creator."""
        return np.zeros(len(self.items), dtype=bool) if self.follows is None else self.follows


def opened(path: Path) -> TextIO:
    """A file as text, unpacked where it is packed with gzip."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
    return gzip.open(path, "rt", encoding="utf-8", newline="") if packed else path.open(encoding="utf-8", newline="")


def named(text: str, what: str, path: Path, line: int) -> int:
    """An id for a name, the same in every file: 63 bits of its SHA-256. Raises `BadInteractions` for an empty one."""
    if not text.strip():
        raise BadInteractions(path, f"{what} has no name.", line=line, hint="Remove the line.")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") & MAX_ID


def moment(text: str, path: Path, line: int) -> float:
    """Unix seconds, of a time in seconds or in milliseconds. Raises `BadInteractions`."""
    value = decimal(text, "a time", path, line)
    return value / 1000 if value >= MILLISECONDS_FROM else value


def number(text: str, what: str, path: Path, line: int) -> int:
    """An id of the file: a whole number from 0 on. Raises `BadInteractions`."""
    if text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= MAX_ID:
        return int(text)
    raise BadInteractions(path, f"{text[:40]!r} is not {what}.", line=line, hint="Ids are whole numbers from 0 on.")


def decimal(text: str, what: str, path: Path, line: int) -> float:
    """A finite number. Raises `BadInteractions`."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise BadInteractions(path, f"{text[:40]!r} is not {what}.", line=line, hint="Write a number.")
    return value
