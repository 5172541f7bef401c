"""MicroLens' *_pairs.csv, `user,item,timestamp`: who commented on which clip, and so wanted it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from openforyou.learn.readers import headed
from openforyou.learn.readers.columns import Columns, moment, number

LOOKS_LIKE = "MicroLens' *_pairs.csv with user,item,timestamp"
HEAD = ("user", "item", "timestamp")


def recognises(head: Sequence[str]) -> bool:
    """That head."""
    return set(HEAD) <= headed.names(head)


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    at_s: list[float] = []
    for line, (viewer, item, at) in headed.rows(path, HEAD):
        viewers.append(number(viewer, "a viewer", path, line))
        items.append(number(item, "an item", path, line))
        at_s.append(moment(at, path, line))
    return Columns.rated(viewers, items, None, at_s)
