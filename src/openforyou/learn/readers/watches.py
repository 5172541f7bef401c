"""Kuaishou's logs: who watched which clip for how long. KuaiRand's log_*.csv, KuaiRec's big_matrix.csv.

An action means what it means on the platform: a view is two seconds or the whole clip, complete is the whole clip, a
skip is less than a view. What was only on screen says nothing, and is left out; so is a row without a time (KuaiRec's
small_matrix.csv has some), and a later look at a clip that the viewer has met before, because a feed offers none twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.readers import headed
from openforyou.learn.readers.columns import Columns, decimal, moment, number, opened
from openforyou.learn.rules import DURATION_MS_MIN, WATCHED_MAX
from openforyou.learn.serving import Did

LOOKS_LIKE = "KuaiRand's log_*.csv or KuaiRec's big_matrix.csv (user_id, video_id, how long, when)"
VIEWER, ITEM = "user_id", "video_id"
KUAIRAND = ("play_time_ms", "duration_ms", "time_ms")
KUAIREC = ("play_duration", "video_duration", "timestamp")
FOLLOW = "is_follow"
DEEDS = {"is_like": Did.LIKE, "is_forward": Did.SHARE, "is_hate": Did.NOT_INTERESTED}
VIEW_MS = 2_000


def recognises(head: Sequence[str]) -> bool:
    """A head with those names."""
    told = headed.names(head)
    return {VIEWER, ITEM} <= told and any(set(names) <= told for names in (KUAIRAND, KUAIREC))


def read(path: Path) -> Columns:
    """The file's interactions. Raises `BadInteractions`."""
    names, marks = _columns(path)
    viewers: list[int] = []
    items: list[int] = []
    figures: list[tuple[float, ...]] = []
    for line, (viewer, item, played, lasts, at, *marked) in headed.rows(path, [VIEWER, ITEM, *names, *marks]):
        if not at.strip():
            continue
        viewers.append(number(viewer, "a viewer", path, line))
        items.append(number(item, "an item", path, line))
        figures.append(
            (
                decimal(played, "a time watched", path, line),
                decimal(lasts, "a duration", path, line),
                moment(at, path, line),
                *(decimal(mark, f"0 or 1 of {name}", path, line) for name, mark in zip(marks, marked, strict=True)),
            )
        )
    told = np.array(figures).reshape(-1, 3 + len(marks))  # (R, 3 + M)
    return _columns_of(
        np.array(viewers, np.int64), np.array(items, np.int64), told, dict(zip(marks, told.T[3:] > 0, strict=True))
    )


def _columns(path: Path) -> tuple[tuple[str, str, str], list[str]]:
    """How the file calls time watched, duration and time; and the deeds that it has."""
    with opened(path) as file:
        told = headed.names([next(file).rstrip("\r\n")])
    return KUAIRAND if set(KUAIRAND) <= told else KUAIREC, [name for name in (*DEEDS, FOLLOW) if name in told]


def _columns_of(
    viewers: NDArray[np.int64],
    items: NDArray[np.int64],
    told: NDArray[np.float64],
    marks: Mapping[str, NDArray[np.bool_]],
) -> Columns:
    played_ms, duration_ms, at_s = told[:, 0], np.maximum(told[:, 1], DURATION_MS_MIN), told[:, 2]
    whole = played_ms >= duration_ms
    seen = whole | (played_ms >= VIEW_MS)
    did = np.where(seen, int(Did.VIEW), 0) | np.where(whole, int(Did.COMPLETE), 0)
    did |= np.where((played_ms > 0) & ~seen, int(Did.SKIP), 0)
    for name, bit in DEEDS.items():
        did |= np.where(marks.get(name, False), int(bit), 0)
    follows = marks.get(FOLLOW, np.zeros(len(viewers), dtype=bool))
    columns = Columns(
        viewers=viewers,
        items=items,
        did=did.astype(np.uint8),
        at_s=at_s,
        has_times=True,
        shares=np.minimum(played_ms / duration_ms, WATCHED_MAX).astype(np.float32),
        follows=follows,
    )
    says = np.flatnonzero((did > 0) | follows)
    by_time = says[np.argsort(at_s[says], kind="stable")]
    pairs = np.stack([viewers[by_time], items[by_time]], axis=1)
    first = np.unique(pairs, axis=0, return_index=True)[1]
    return columns.take(np.sort(by_time[first]))
