"""MovieLens' `ratings.csv`: a head `userId,movieId,rating,timestamp`, a rating a line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, decimal, number, opened

LOOKS_LIKE = "MovieLens' ratings.csv with userId,movieId,rating,timestamp"
HEAD = ["userId", "movieId", "rating", "timestamp"]


def recognises(head: Sequence[str]) -> bool:
    """That head."""
    return head[0].split(",")[:2] == HEAD[:2]


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    stars: list[float] = []
    at_s: list[float] = []
    with opened(path) as file:
        rows = csv.reader(file)
        if next(rows) != HEAD:
            raise BadInteractions(path, "has another head.", line=1, hint=f"It should be {','.join(HEAD)}.")
        for cells in rows:
            line = rows.line_num
            if len(cells) != len(HEAD):
                raise BadInteractions(
                    path, f"has {len(cells)} columns instead of {len(HEAD)}.", line=line, hint="Columns end at a comma."
                )
            viewers.append(number(cells[0], "a viewer", path, line))
            items.append(number(cells[1], "an item", path, line))
            stars.append(decimal(cells[2], "a rating", path, line))
            at_s.append(decimal(cells[3], "a time", path, line))
    return Columns.rated(viewers, items, stars, at_s)
