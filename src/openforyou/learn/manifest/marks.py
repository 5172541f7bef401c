"""From a data set to the leaves of its tree."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from openforyou.learn.manifest.tree import CARRIED, KEY_BYTES, Tree, commitment_of, key_of
from openforyou.learn.online_data import rows_of
from openforyou.learn.types import Dataset

Secrets = Mapping[str, Mapping[int, bytes]]
"""By kind and id."""


def subjects_of(dataset: Dataset) -> dict[str, list[int]]:
    """All that is learned from, by kind: every item of the data set, and every viewer who has a row."""
    return {"item": dataset.item_ids.tolist(), "viewer": dataset.sequences.viewer_ids.tolist()}


def tree_of(dataset: Dataset, secrets: Secrets, nonce: bytes, before: Tree | None = None) -> Tree:
    """The tree over a data set. What is in the tree `before`, that of the version before, stays in it."""
    marks = {} if before is None else dict.fromkeys(before.keys, CARRIED)
    for kind, subjects in rows_by_subject(dataset).items():
        held = secrets[kind]
        for subject, rows in subjects.items():
            secret = held[subject]
            marks[key_of(secret, nonce, kind, subject)] = commitment_of(secret, nonce, rows)
    return Tree.of(marks)


def carried(tree: Tree) -> int:
    """How many leaves have no rows in the data set any more."""
    return sum(leaf[KEY_BYTES:] == CARRIED for leaf in tree.leaves)


def rows_by_subject(dataset: Dataset) -> dict[str, dict[int, bytes]]:
    """The bytes that are committed to: of a viewer their rows, of an item its content vector and the rows with it.

    A row is viewer, item (8 bytes each), Unix seconds (float64), share watched (float32), bits of `Did`, whether it
    made the viewer follow; little-endian, in the order of the data set: of an item by viewer.
    """
    sequences = dataset.sequences
    rows = rows_of(dataset, np.ones(len(sequences.items), dtype=bool))
    size = rows.dtype.itemsize
    packed = rows.tobytes()
    starts = (sequences.starts * size).tolist()
    viewers = {
        viewer: packed[starts[place] : starts[place + 1]] for place, viewer in enumerate(sequences.viewer_ids.tolist())
    }
    order = np.argsort(sequences.items, kind="stable")
    packed = rows[order].tobytes()
    ends = (np.searchsorted(sequences.items[order], np.arange(len(dataset.item_ids) + 1)) * size).tolist()
    content = [row.tobytes() for row in np.ascontiguousarray(dataset.content)]
    items = {
        item: content[place] + packed[ends[place] : ends[place + 1]]
        for place, item in enumerate(dataset.item_ids.tolist())
    }
    return {"item": items, "viewer": viewers}
