"""Histories as tensors: windows of rows, and batches of windows of like length, so that little is padding.

A batch holds about so many *positions*, not so many viewers: short histories go many at a time, long ones few, and
memory is the same for each. A history longer than the network reads gives another window each epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openforyou.learn.rules import is_wanted, labels
from openforyou.learn.sequence import Inputs, gap_buckets
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset, Ids, Sequences

MIX = 8
"""Lengths this near fall into one batch in a different order each epoch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows. Positions count row by row over (B, T); P of them have a next item to learn from."""

    inputs: Inputs
    position: Tensor  # (P,) into the flattened (B × T)
    target: Tensor  # (P,) item that came next
    wanted: Tensor  # (P,) bool: the next-item loss counts it
    labels: Tensor  # (P, len(ACTIONS)) what became of it

    def to(self, device: torch.device) -> Batch:
        """The same where the network is."""
        return Batch(
            self.inputs.to(device),
            self.position.to(device),
            self.target.to(device),
            self.wanted.to(device),
            self.labels.to(device),
        )


def plan(split: Split, starts: Ids, length: int, positions: int, rng: np.random.Generator) -> list[Ids]:
    """The viewers of each batch of one epoch, batches in random order."""
    lengths = np.minimum(split.train_end - starts[:-1] - 1, length)  # (V,) inputs, each with a next item
    viewers = np.flatnonzero(lengths > 0)
    order = viewers[np.argsort(lengths[viewers] + rng.uniform(0, MIX, len(viewers)), kind="stable")]
    batches: list[Ids] = []
    at = 0
    while at < len(order):
        widest = np.maximum.accumulate(lengths[order[at : at + positions]])
        cells = widest * np.arange(1, len(widest) + 1)
        size = max(int(np.searchsorted(cells, positions, side="right")), 1)
        batches.append(order[at : at + size])
        at += size
    return [batches[number] for number in rng.permutation(len(batches))]


def training_batch(dataset: Dataset, split: Split, viewers: Ids, length: int, rng: np.random.Generator) -> Batch:
    """A window of each viewer's training rows: all but the last go in, all but the first are to be predicted.

    Rows without an order come in another one each time, so that each foretells each.
    """
    sequences = dataset.sequences
    first, end = sequences.starts[viewers], split.train_end[viewers]
    if not dataset.ordered:
        return batch_of(sequences, _shuffled(windows(first, end), length + 1, rng), since=np.zeros_like(first))
    spare = np.maximum(end - first - (length + 1), 0)
    first = first + rng.integers(0, spare + 1)
    return batch_of(sequences, windows(first, np.minimum(end, first + length + 1)), since=first)


def _shuffled(rows: NDArray[np.int64], length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Each window in random order, cut to `length`; what is padding stays at the end."""
    order = np.argsort(np.where(rows < 0, 2.0, rng.random(rows.shape)), axis=1)
    return np.take_along_axis(rows, order, axis=1)[:, :length]


def batch_of(sequences: Sequences, rows: NDArray[np.int64], since: Ids) -> Batch:
    """Windows of rows (B, T + 1), of whose next items those from row `since` (B,) on are asked for."""
    come = rows[:, 1:]
    position = np.flatnonzero(come >= np.maximum(since, 0)[:, None])
    next_rows = come.reshape(-1)[position]
    return Batch(
        inputs=inputs_of(sequences, rows[:, :-1]),
        position=torch.from_numpy(position),
        target=torch.from_numpy(sequences.items[next_rows].astype(np.int64)),
        wanted=torch.from_numpy(is_wanted(sequences.did[next_rows])),
        labels=torch.from_numpy(labels(sequences, next_rows)),
    )


def windows(first: Ids, end: Ids) -> NDArray[np.int64]:
    """(B, T) row numbers `first … end - 1` of each window, -1 where it is shorter than the longest."""
    rows = first[:, None] + np.arange(int((end - first).max()))
    return np.where(rows < end[:, None], rows, -1)


def inputs_of(sequences: Sequences, rows: NDArray[np.int64]) -> Inputs:
    """What the network is told of rows (B, T); padding repeats row 0 and is never looked at."""
    held = np.maximum(rows, 0)
    at_s = sequences.at_s[held]
    gap_s = np.diff(at_s, axis=1, prepend=at_s[:, :1])
    return Inputs(
        items=torch.from_numpy(sequences.items[held].astype(np.int64)),
        did=torch.from_numpy(sequences.did[held].astype(np.int64)),
        watched=torch.from_numpy(sequences.watched[held]),
        gaps=gap_buckets(torch.from_numpy(gap_s)),
    )


def last_positions(rows: NDArray[np.int64]) -> Tensor:
    """(B,) position of each window's last real row."""
    return torch.from_numpy((rows >= 0).sum(axis=1) - 1)


def grouped_by_length(lengths: Ids, positions: int) -> Sequence[Ids]:
    """Indices in groups of like length, about `positions` cells each: for reading, not for training."""
    order = np.argsort(lengths, kind="stable")
    groups: list[Ids] = []
    at = 0
    while at < len(order):
        ahead = lengths[order[at : at + positions]] * np.arange(1, min(positions, len(order) - at) + 1)
        size = max(int(np.searchsorted(ahead, positions, side="right")), 1)
        groups.append(order[at : at + size])
        at += size
    return groups
