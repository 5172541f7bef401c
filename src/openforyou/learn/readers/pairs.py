"""`viewer item`, one line each, a viewer's lines in order of time: the form of SASRec's ml-1m.txt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, number, opened

LOOKS_LIKE = "`viewer item` on each line"


def recognises(head: Sequence[str]) -> bool:
    """Two words on most lines, so that one short line in a file of lists, or a torn one here, does not decide."""
    rows = [len(line.split()) for line in head]
    return sum(count == 2 for count in rows) > len(rows) / 2 and head[0].split()[0].isdecimal()


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    with opened(path) as file:
        for line, text in enumerate(file, 1):
            words = text.split()
            if not words:
                continue
            if len(words) != 2:
                raise BadInteractions(
                    path, f"has {len(words)} words instead of 2.", line=line, hint=f"It should read {LOOKS_LIKE}."
                )
            viewers.append(number(words[0], "a viewer", path, line))
            items.append(number(words[1], "an item", path, line))
    return Columns.plain(viewers, items)
