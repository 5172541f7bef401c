"""What every reader answers: the interactions of a file as columns, and the checks that hold for all formats."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.core.ids import MAX_ID
from openforyou.learn.errors import BadInteractions
from openforyou.learn.serving import Did, Floats

LIKED_FROM = 4.0
"""Stars from which a rating says "liked", on the five-star scale."""


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
        order = np.lexsort(keys)  # Stable; the last key sorts first.
        return replace(
            self,
            viewers=self.viewers[order],
            items=self.items[order],
            did=self.did[order],
            at_s=self.at_s[order],
            parts=None if self.parts is None else self.parts[order],
        )

    def watched(self) -> Floats:
        """(R,) a file says that something was watched, and not how much: all of it."""
        return np.ones(len(self.items), dtype=np.float32)


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
