"""Small worlds in which the right answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openforyou.learn import dataset as door
from openforyou.learn.serving import Did
from openforyou.learn.settings import PRESETS, Settings
from openforyou.learn.types import Dataset, Sequences

QUICK = replace(PRESETS["tiny"], preset="quick", epochs=6, batch_positions=1_024)
SEEN = int(Did.VIEW | Did.COMPLETE)
SKIPPED = int(Did.SKIP)


def dataset_of(
    histories: list[list[int]],
    did: list[list[int]] | None = None,
    content: NDArray[np.float32] | None = None,
    items: int = 0,
) -> Dataset:
    """Viewers 0, 1, … with items 0 … N - 1; all seen to the end unless `did` says otherwise."""
    did = did or [[SEEN] * len(history) for history in histories]
    flat = np.array([item for history in histories for item in history], dtype=np.int32)
    size = items or int(flat.max()) + 1
    bits = np.array([one for history in did for one in history], dtype=np.uint8)
    sequences = Sequences(
        viewer_ids=np.arange(len(histories)),
        starts=np.cumsum([0, *map(len, histories)]),
        items=flat,
        did=bits,
        followed=np.zeros(len(flat), dtype=bool),
        watched=np.where(bits & Did.COMPLETE, 1, 0.1).astype(np.float32),
        at_s=np.zeros(len(flat)),
    )
    given = np.zeros((size, 0), dtype=np.float32) if content is None else content
    return Dataset("world", np.arange(size), given, "content-1" if given.shape[1] else "", sequences, None, "0" * 64)


def markov(seed: int = 0, *, items: int = 120, viewers: int = 150, length: int = 14) -> Dataset:
    """Each item has one that mostly follows it, and all are equally popular: only order tells anything."""
    rng = np.random.default_rng(seed)
    after = rng.permutation(items)
    histories = []
    for _ in range(viewers):
        history = [int(rng.integers(items))]
        while len(history) < length:
            following = int(after[history[-1]])
            strays = rng.random() < 0.1 or following in history
            history.append(int(rng.choice(np.setdiff1d(np.arange(items), history))) if strays else following)
        histories.append(history)
    return dataset_of(histories, items=items)


def looks(seed: int = 0, *, viewers: int = 120, length: int = 16) -> tuple[Dataset, NDArray[np.int64]]:
    """Four looks of 30 clips with content that shows the look. A viewer sees clips of their own look to the end and
    skips all others. Answers the data and each item's look."""
    rng = np.random.default_rng(seed)
    look = np.repeat(np.arange(4), 30)
    content = content_of(look, rng)
    histories, did = [], []
    for viewer in range(viewers):
        taste = viewer % 4
        own = rng.permutation(np.flatnonzero(look == taste))[: length - 5]
        others = rng.permutation(np.flatnonzero(look != taste))[:5]
        order = rng.permutation(np.concatenate([own, others]))
        histories.append(order.tolist())
        did.append([SEEN | int(Did.LIKE) if look[item] == taste else SKIPPED for item in order])
    return dataset_of(histories, did, content, len(look)), look


def drifting(seed: int = 0, *, items: int = 120, viewers: int = 200, settled: int = 14, new: int = 12) -> Dataset:
    """As `markov`, but from row `settled` of each viewer on another item follows: what was learned before misleads."""
    rng = np.random.default_rng(seed)
    rules = [rng.permutation(items), rng.permutation(items)]
    histories = []
    for _ in range(viewers):
        history = [int(rng.integers(items))]
        while len(history) < settled + new:
            following = int(rules[len(history) >= settled][history[-1]])
            strays = rng.random() < 0.1 or following in history
            history.append(int(rng.choice(np.setdiff1d(np.arange(items), history))) if strays else following)
        histories.append(history)
    return dataset_of(histories, items=items)


def first_rows(dataset: Dataset, length: int) -> Dataset:
    """The same while each viewer had done only so much."""
    held = dataset.sequences
    end = np.minimum(held.starts[:-1] + length, held.starts[1:])
    rows = np.concatenate([np.arange(first, last) for first, last in zip(held.starts[:-1], end, strict=True)])
    columns = {name: getattr(held, name)[rows] for name in ("items", "did", "followed", "watched", "at_s")}
    starts = np.append(0, np.cumsum(end - held.starts[:-1]))
    return replace(dataset, sequences=Sequences(viewer_ids=held.viewer_ids, starts=starts, **columns))


def content_of(look: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float32]:
    """(N, 16) unit vectors: a direction for each look, and noise."""
    axes = np.random.default_rng(7).normal(size=(4, 16))
    raw = axes[look] + rng.normal(scale=0.3, size=(len(look), 16))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def written(path: Path, dataset: Dataset) -> Path:
    """The same as a file of pairs."""
    sequences = dataset.sequences
    lines = [
        f"{viewer} {item}"
        for viewer in range(len(sequences))
        for item in sequences.items[sequences.of(viewer)].tolist()
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def of_file(path: Path) -> Dataset:
    """What the door lets through."""
    return door.from_file(path)


def quick(**changes: object) -> Settings:
    """A recipe of seconds."""
    return replace(QUICK, **changes)  # type: ignore[arg-type]
