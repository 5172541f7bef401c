"""A folder with train.txt, valid.txt and test.txt (`viewer item` a line, in no order) and features: DiffMM's form.

Features lie in `*_feat.npy`, one row an item: each is centred and brought to unit length, and all stand side by side.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.errors import BadInteractions
from openforyou.learn.readers.columns import Columns, number
from openforyou.learn.serving import Did, Floats

LOOKS_LIKE = "a folder with train.txt, valid.txt, test.txt and *_feat.npy"
PARTS = ("train.txt", "valid.txt", "test.txt")


def recognises(folder: Path) -> bool:
    """All three files."""
    return all((folder / name).is_file() for name in PARTS)


def read(folder: Path) -> Columns:
    """The folder's interactions and content. Raises `BadInteractions`."""
    viewers: list[int] = []
    items: list[int] = []
    parts: list[int] = []
    for part, name in enumerate(PARTS):
        asked: set[int] = set()
        with (folder / name).open(encoding="utf-8") as file:
            for line, text in enumerate(file, 1):
                words = text.split()
                if not words:
                    continue
                if len(words) != 2:
                    raise BadInteractions(
                        folder / name, f"has {len(words)} words.", line=line, hint="It should read `viewer item`."
                    )
                viewer = number(words[0], "a viewer", folder / name, line)
                if part and viewer in asked:
                    raise BadInteractions(
                        folder / name,
                        f"asks a second time for viewer {viewer}.",
                        line=line,
                        hint="One sought item a viewer is what can be scored; remove the line.",
                    )
                asked.add(viewer)
                viewers.append(viewer)
                items.append(number(words[1], "an item", folder / name, line))
                parts.append(part)
    rows = len(viewers)
    return Columns(
        viewers=np.array(viewers, dtype=np.int64),
        items=np.array(items, dtype=np.int64),
        did=np.full(rows, int(Did.VIEW), dtype=np.uint8),
        at_s=np.zeros(rows),
        has_times=False,
        ordered=False,
        parts=np.array(parts, dtype=np.uint8),
        content=_content(folder, max(items, default=-1) + 1),
    )


def _content(folder: Path, items: int) -> tuple[NDArray[np.int64], Floats] | None:
    """The features of items 0, 1, …, of all kinds side by side."""
    found: list[Floats] = []
    for path in sorted(folder.glob("*_feat.npy")):
        try:
            features = np.load(path, allow_pickle=False).astype(np.float32)
        except (ValueError, EOFError, OSError) as error:
            raise BadInteractions(path, f"is no array: {error}", hint="Save it with numpy.save.") from error
        if features.ndim != 2 or len(features) < items:
            raise BadInteractions(path, f"has the shape {features.shape}.", hint=f"It needs a row for {items} items.")
        features = np.where(np.isfinite(features).all(axis=1, keepdims=True), features, 0)
        known = np.asarray(features.any(axis=1))
        about = np.where(known[:, None], features - features[known].mean(axis=0), 0) if known.any() else features
        found.append(about / np.maximum(np.linalg.norm(about, axis=1, keepdims=True), 1e-6))
    if not found:
        return None
    size = min(len(features) for features in found)
    joined = np.concatenate([features[:size] for features in found], axis=1) / np.float32(len(found) ** 0.5)
    return np.arange(size), np.ascontiguousarray(joined, dtype=np.float32)
