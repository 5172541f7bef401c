"""Amazon reviews, whole: an object of JSON on each line, under the names of 2014 and 2018 or those of 2023."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, decimal, moment, named, opened

LOOKS_LIKE = "Amazon's reviews, JSON on each line (reviewerID, asin, overall, unixReviewTime or those of 2023)"
NAMES = (
    ("user_id", "parent_asin", "rating", "timestamp"),  # 2023; products that differ in colour share a parent.
    ("reviewerID", "asin", "overall", "unixReviewTime"),  # 2014 and 2018
)


def recognises(head: Sequence[str]) -> bool:
    """An object with one of those sets of names."""
    try:
        told = orjson.loads(head[0])
    except orjson.JSONDecodeError:
        return False
    return isinstance(told, dict) and any(set(names) <= told.keys() for names in NAMES)


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
            viewer, item, rating, at = _told(text, path, line)
            viewers.append(named(viewer, "a viewer", path, line))
            items.append(named(item, "an item", path, line))
            stars.append(decimal(rating, "a rating", path, line))
            at_s.append(moment(at, path, line))
    return Columns.rated(viewers, items, stars, at_s)


def _told(text: str, path: Path, line: int) -> list[str]:
    """Viewer, item, rating, time."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInteractions(path, f"is no JSON: {error}.", line=line, hint="Download it again.") from None
    for names in NAMES:
        if isinstance(told, dict) and set(names) <= told.keys():
            return [str(told[name]) for name in names]
    raise BadInteractions(path, f"lacks one of {', '.join(NAMES[0])}.", line=line, hint=f"It should be {LOOKS_LIKE}.")
