"""MovieLens without a head: `1::1193::5::978300760` (ratings.dat of 1M and 10M), or the same between tabs (u.data)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, decimal, moment, number, opened

LOOKS_LIKE = "MovieLens' ratings.dat (`viewer::item::rating::time`) or u.data (the same between tabs)"
ROW = re.compile(r"\d+(::|\t)\d+\1[0-5](\.\d+)?\1\d{6,}")


def recognises(head: Sequence[str]) -> bool:
    """Four numbers, the third of at most five stars and the fourth a time, on most lines."""
    return sum(ROW.fullmatch(line.strip()) is not None for line in head) > len(head) / 2


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    stars: list[float] = []
    at_s: list[float] = []
    with opened(path) as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            cells = text.strip().split("::" if "::" in text else "\t")
            if len(cells) != 4:
                raise BadInteractions(
                    path, f"has {len(cells)} columns instead of 4.", line=line, hint=f"It should be {LOOKS_LIKE}."
                )
            viewers.append(number(cells[0], "a viewer", path, line))
            items.append(number(cells[1], "an item", path, line))
            stars.append(decimal(cells[2], "a rating", path, line))
            at_s.append(moment(cells[3], path, line))
    return Columns.rated(viewers, items, stars, at_s)
