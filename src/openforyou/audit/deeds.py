"""Leaves as columns: which of them can be deeds at all. Pure; the rules are those of `docs/counts.md`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from openforyou.events.leaf import DAILY, FORMAT, LEAF_BYTES, RETRACTABLE, Action
from openforyou.events.types import WATCH_MS_MAX

LEAF = np.dtype(
    [("format", "u1"), ("action", "u1"), ("subject", ">u8"), ("value", ">u4"), ("high", "<u8"), ("low", "<u8")]
)
"""A deed as it lies in the log; the nullifier in two halves."""
ROW = np.dtype(
    [("index", "<i8"), ("action", "u1"), ("subject", "<i8"), ("value", "<u4"), ("high", "<u8"), ("low", "<u8")]
)
"""A deed on its way through the check, with its place in the log."""
Rows = NDArray[np.void]  # (N,) of ROW
Mask = NDArray[np.bool_]

assert LEAF.itemsize == LEAF_BYTES
_DATED = (Action.SERVED, *sorted(DAILY))
_ONCE = (Action.NOT_INTERESTED, Action.REPORT)

_SECONDS_A_DAY = 86_400


def day_number(now: datetime) -> int:
    """Days since 1970-01-01, UTC."""
    return int(now.astimezone(UTC).timestamp()) // _SECONDS_A_DAY


def read_rows(leaves: bytes, indexes: NDArray[np.int64]) -> tuple[Rows, Mask]:
    """The rows of leaves of 30 bytes each, joined; and which of them have our format and a known action.

    The subject of a row that is out of range (`implausible`) may be anything.
    """
    held = np.frombuffer(leaves, dtype=LEAF)
    rows = np.empty(len(held), dtype=ROW)
    rows["index"] = indexes
    rows["subject"] = held["subject"].astype(np.uint64).view(np.int64)
    for name in ("action", "value", "high", "low"):
        rows[name] = held[name]
    known = (held["format"] == FORMAT) & (held["action"] >= min(Action)) & (held["action"] <= max(Action))
    return rows, known


def implausible(rows: Rows, today: int) -> Iterator[tuple[Mask, str]]:
    """What no deed can say: which rows, and what is wrong with them. `today` as `day_number` gives it."""
    action, value = rows["action"], rows["value"]
    yield rows["subject"] <= 0, "names nothing that can have an id"
    dated = np.isin(action, _DATED)
    yield dated & (value > today + 1), "is dated in the future"
    yield dated & (value == 0), "has no date"
    yield (action == Action.WATCH) & (value > WATCH_MS_MAX), "tells of more than a day watched at once"
    yield np.isin(action, _ONCE) & (value != 1), "has a value that its action does not have"
    yield is_turn(rows) & (value == 0), "has no turn"


def is_turn(rows: Rows) -> Mask:
    """Which rows can be taken back, so that their value is a turn."""
    return np.isin(rows["action"], sorted(RETRACTABLE))


def named(action: int) -> str:
    """`like`, `not interested`: an action in words."""
    return Action(action).name.lower().replace("_", " ")
