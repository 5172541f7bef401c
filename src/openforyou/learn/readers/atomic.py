"""RecBole's atomic files: tab-separated, the head names each column and its type, as `user_id:token`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, decimal, number, opened

LOOKS_LIKE = "RecBole's .inter with user_id:token, item_id:token and timestamp:float"
VIEWER, ITEM, STARS, TIME = "user_id", "item_id", "rating", "timestamp"


def recognises(head: Sequence[str]) -> bool:
    """A head of typed columns."""
    return "\t" in head[0] and all(":" in cell for cell in head[0].split("\t"))


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    stars: list[float] = []
    at_s: list[float] = []
    with opened(path) as file:
        names = [cell.partition(":")[0] for cell in next(file).rstrip("\r\n").split("\t")]
        missing = {VIEWER, ITEM, TIME} - set(names)
        if missing:
            raise BadInteractions(
                path, f"has no column {', '.join(sorted(missing))}.", line=1, hint=f"It should be {LOOKS_LIKE}."
            )
        for line, text in enumerate(file, 2):
            cells = text.rstrip("\r\n").split("\t")
            if len(cells) != len(names):
                raise BadInteractions(
                    path, f"has {len(cells)} columns instead of {len(names)}.", line=line, hint="Columns end at a tab."
                )
            row = dict(zip(names, cells, strict=True))
            viewers.append(number(row[VIEWER], "a viewer", path, line))
            items.append(number(row[ITEM], "an item", path, line))
            at_s.append(decimal(row[TIME], "a time", path, line))
            if STARS in row:
                stars.append(decimal(row[STARS], "a rating", path, line))
    return Columns.rated(viewers, items, stars or None, at_s)
