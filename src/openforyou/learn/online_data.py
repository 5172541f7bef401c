"""A data set that moves along with the platform: what lost its right is taken out, what came since is put in. Pure.

However it moved, it is the very data set that a full reading of the same moment gives: same items, viewers and rows in
the same order. So counting and training need not know how it came about.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.serving import Floats
from openforyou.learn.types import Dataset, Ids, Mask, RightsSnapshot, Sequences
from openforyou.pipeline.lookup import positions

ROW = np.dtype([("viewer", "i8"), ("item", "i8"), ("at_s", "f8"), ("watched", "f4"), ("did", "u1"), ("followed", "?")])
"""What one viewer did with one item, as it is read."""
PAIR = np.dtype([("viewer", "i8"), ("item", "i8")])
_COLUMNS = ("did", "followed", "watched", "at_s")


@dataclass(frozen=True, slots=True)
class Standing:
    """What the door let through at one look, and what it takes to look again."""

    dataset: Dataset
    durations_ms: Ids  # (N,) of the items
    viewers: Ids  # (A,) ascending: all who allow learning, whether they did anything or not
    settled: datetime
    """By the database's clock: whatever was stamped before it is in the data set."""


@dataclass(frozen=True, slots=True)
class Later:
    """One look at what came since."""

    before: Dataset
    """The data set of the look before, less everything that has lost its right by now."""
    after: Standing
    thinned: Ids
    """Viewers who lost rows between the look before and `before`: themselves, or an item of theirs."""
    read: Ids
    """Viewers whose rows were read anew between `before` and `after`."""
    deeds: NDArray[np.void]
    """(M,) of PAIR, ascending: with which items somebody did something since. Each has a row in `after`."""


def rows_by_viewer(sequences: Sequences, viewers: Ids) -> Ids:
    """Numbers of all rows of those viewers (ids, ascending; those without rows count nothing), in order."""
    at = positions(sequences.viewer_ids, viewers)
    at = at[at >= 0]
    first, length = sequences.starts[at], np.diff(sequences.starts)[at]
    return np.repeat(first - np.cumsum(length) + length, length) + np.arange(int(length.sum()))


def row_numbers(dataset: Dataset, pairs: NDArray[np.void]) -> NDArray[np.int64]:
    """(M,) the row of each (viewer, item) of PAIR; -1 where there is none."""
    rows = rows_by_viewer(dataset.sequences, np.unique(pairs["viewer"]))
    held = pairs_of(dataset, rows)
    order = np.argsort(held)
    at = np.searchsorted(held[order], pairs)
    found = np.full(len(pairs), -1)
    inside = np.flatnonzero(at < len(held))
    match = held[order[at[inside]]] == pairs[inside]
    found[inside[match]] = rows[order[at[inside[match]]]]
    return found


def pairs_of(dataset: Dataset, rows: Ids) -> NDArray[np.void]:
    """(viewer, item) by their ids, of row numbers: (R,) of PAIR."""
    sequences = dataset.sequences
    pairs = np.empty(len(rows), dtype=PAIR)
    pairs["viewer"] = sequences.viewer_ids[np.searchsorted(sequences.starts, rows, side="right") - 1]
    pairs["item"] = dataset.item_ids[sequences.items[rows]]
    return pairs


def restricted(dataset: Dataset, items: Ids, viewers: Ids) -> tuple[Dataset, Ids]:
    """Without what is not among the allowed `items` and `viewers` (ids, ascending), and which viewers lost rows."""
    item_stays = positions(items, dataset.item_ids) >= 0
    viewer_stays = positions(viewers, dataset.sequences.viewer_ids) >= 0
    if item_stays.all() and viewer_stays.all():
        return dataset, np.empty(0, np.int64)
    sequences = dataset.sequences
    viewer = np.repeat(np.arange(len(sequences)), np.diff(sequences.starts))
    stays = item_stays[sequences.items] & viewer_stays[viewer]
    lost = sequences.viewer_ids[np.unique(viewer[~stays])]
    rows = rows_of(dataset, stays)
    item_ids = dataset.item_ids[item_stays]
    kept = replace(
        dataset,
        item_ids=item_ids,
        content=dataset.content[item_stays],
        sequences=sequences_of(rows, item_ids),
        digest=_chained(dataset.digest, rows[:0], dataset.item_ids[~item_stays], lost),
    )
    return kept, lost


def moved(
    before: Dataset, item_ids: Ids, content: Floats, read: Ids, rows: NDArray[np.void], rights: RightsSnapshot
) -> Dataset:
    """`before` with other items, and with `rows` (of ROW) in place of all rows of the viewers in `read`."""
    stays = np.ones(len(before.sequences.items), dtype=bool)
    stays[rows_by_viewer(before.sequences, read)] = False
    kept = rows_of(before, stays)
    together = np.concatenate([kept, rows])
    together = together[np.argsort(together["viewer"], kind="stable")]
    return replace(
        before,
        item_ids=item_ids,
        content=content,
        sequences=sequences_of(together, item_ids),
        rights=rights,
        digest=_chained(before.digest, rows, item_ids[positions(before.item_ids, item_ids) < 0], read),
    )


def rows_of(dataset: Dataset, which: Mask) -> NDArray[np.void]:
    """The rows that `which` (R,) names, under public ids: (M,) of ROW."""
    sequences = dataset.sequences
    rows = np.empty(int(np.count_nonzero(which)), dtype=ROW)
    rows["viewer"] = np.repeat(sequences.viewer_ids, np.diff(sequences.starts))[which]
    rows["item"] = dataset.item_ids[sequences.items[which]]
    for column in _COLUMNS:
        rows[column] = getattr(sequences, column)[which]
    return rows


def sequences_of(rows: NDArray[np.void], item_ids: Ids) -> Sequences:
    """Rows of ROW, by viewer in order, as columns."""
    viewer_ids, first = np.unique(rows["viewer"], return_index=True)
    columns: dict[str, NDArray[Any]] = {column: np.ascontiguousarray(rows[column]) for column in _COLUMNS}
    return Sequences(
        viewer_ids=viewer_ids,
        starts=np.append(first, len(rows)).astype(np.int64),
        items=np.searchsorted(item_ids, rows["item"]).astype(np.int32),
        **columns,
    )


def _chained(digest: str, rows: NDArray[np.void], *ids: Ids) -> str:
    """SHA-256 over the digest so far and what the step changed: the whole need not be read for it."""
    sha256 = hashlib.sha256(digest.encode())
    for array in (rows, *ids):
        sha256.update(np.ascontiguousarray(array).tobytes())
    return sha256.hexdigest()
