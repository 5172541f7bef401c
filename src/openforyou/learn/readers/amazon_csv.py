"""Amazon reviews, ratings only: 2014's `user,item,rating,time`, 2018's `item,user,rating,time`, 2023's with a head.

Without a head, whichever of the first two columns holds more product numbers (ten characters: B and letters, or an
ISBN) is the item. Times are seconds until 2018 and milliseconds in 2023.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers import headed
from openforyou.learn.readers.columns import Columns, decimal, moment, named, opened

LOOKS_LIKE = "Amazon's ratings (`user,item,rating,timestamp` or with the head user_id,parent_asin,rating,timestamp)"
HEAD = ("user_id", "parent_asin", "rating", "timestamp")
ROW = re.compile(r"[0-9A-Za-z_]+,[0-9A-Za-z_]+,[1-5](\.0)?,\d{9,13}")
PRODUCT = re.compile(r"B[0-9A-Z]{9}|\d{9}[\dX]")
SNIFFED_LINES = 1_000


def recognises(head: Sequence[str]) -> bool:
    """That head; or rows of that form, with product numbers."""
    if set(HEAD) <= headed.names(head):
        return True
    rows = [line.split(",") for line in head if ROW.fullmatch(line.strip())]
    return len(rows) > len(head) / 2 and max(_products(rows)) > len(rows) / 2


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    stars: list[float] = []
    at_s: list[float] = []
    for line, (viewer, item, rating, at) in _rows(path):
        viewers.append(named(viewer, "a viewer", path, line))
        items.append(named(item, "an item", path, line))
        stars.append(decimal(rating, "a rating", path, line))
        at_s.append(moment(at, path, line))
    return Columns.rated(viewers, items, stars, at_s)


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    with opened(path) as file:
        first = [line.strip() for _, line in zip(range(SNIFFED_LINES), file, strict=False)]
    if set(HEAD) <= headed.names(first):
        yield from headed.rows(path, HEAD)
        return
    left, right = _products([line.split(",") for line in first if ROW.fullmatch(line)])
    with opened(path) as file:
        for line, text in enumerate(file, 1):
            if not text.strip():
                continue
            cells = text.strip().split(",")
            if len(cells) != len(HEAD):
                raise BadInteractions(
                    path, f"has {len(cells)} columns instead of 4.", line=line, hint=f"It should be {LOOKS_LIKE}."
                )
            yield line, [cells[1], cells[0], *cells[2:]] if left > right else cells


def _products(rows: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many of the first and of the second cells are product numbers."""
    return sum(PRODUCT.fullmatch(row[0]) is not None for row in rows), sum(
        PRODUCT.fullmatch(row[1]) is not None for row in rows
    )
