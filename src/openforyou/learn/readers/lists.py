"""`viewer item item …`, one line a viewer, items in order of time: the form of S3-Rec's beauty.txt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, number, opened

LOOKS_LIKE = "`viewer item item …` on each line"


def recognises(head: Sequence[str]) -> bool:
    """Numbers, more than two on most lines."""
    rows = [line.split() for line in head]
    return sum(len(words) > 2 for words in rows) >= len(rows) / 2 and rows[0][0].isdecimal()


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    first_line: dict[int, int] = {}
    with opened(path) as file:
        for line, text in enumerate(file, 1):
            words = text.split()
            if not words:
                continue
            viewer = number(words[0], "a viewer", path, line)
            if viewer in first_line:
                raise BadInteractions(
                    path,
                    f"viewer {viewer} stands on line {first_line[viewer]} already.",
                    line=line,
                    hint="Put everything of one viewer on one line.",
                )
            if len(words) == 1:
                raise BadInteractions(path, f"viewer {viewer} has no item.", line=line, hint="Remove the line.")
            first_line[viewer] = line
            viewers += [viewer] * (len(words) - 1)
            items += [number(word, "an item", path, line) for word in words[1:]]
    return Columns.plain(viewers, items)
