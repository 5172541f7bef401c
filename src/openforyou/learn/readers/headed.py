"""Comma-separated files whose first line names the columns: the wanted ones of each row, wherever they stand."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import opened


def names(head: Sequence[str]) -> set[str]:
    """The columns that the first line names."""
    return {name.strip().lstrip("\ufeff") for name in head[0].split(",")}


def rows(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Each row's line and its cells of the `wanted` columns. Raises `BadInteractions`."""
    with opened(path) as file:
        lines = csv.reader(file)
        head = [name.strip().lstrip("\ufeff") for name in next(lines)]
        missing = [name for name in wanted if name not in head]
        if missing:
            raise BadInteractions(
                path, f"has no column {', '.join(missing)}.", line=1, hint=f"It needs {', '.join(wanted)}."
            )
        places = [head.index(name) for name in wanted]
        try:
            for cells in lines:
                if not cells:
                    continue
                if len(cells) != len(head):
                    told = f"has {len(cells)} columns instead of {len(head)}."
                    raise BadInteractions(path, told, line=lines.line_num, hint="Columns end at a comma.")
                yield lines.line_num, [cells[place] for place in places]
        except csv.Error as error:
            raise BadInteractions(path, f"{error}.", line=lines.line_num, hint="Save it as plain CSV.") from None
