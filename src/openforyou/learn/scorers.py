"""Who can rank a catalogue: the model as it serves, and the baselines that stand beside it in every table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.batches import inputs_of, last_positions, windows
from openforyou.learn.counts import CoCounts, wanted_counts
from openforyou.learn.evaluate import HISTORY_ITEMS, Scorer, Sought
from openforyou.learn.fitted import Fitted
from openforyou.learn.rules import is_wanted
from openforyou.learn.serving import Floats
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset


class ModelScorer:
    """The model as it serves: its own places for the items, its own blend with the co-counts."""

    def __init__(self, fitted: Fitted, dataset: Dataset) -> None:
        self._fitted = fitted
        self._dataset = dataset
        self._vectors = fitted.place(dataset.item_ids, dataset.content)  # (N, D)
        self._known = fitted.rows_of(dataset.item_ids)  # (N,) positions in the model's own table

    def __call__(self, sought: Sought) -> Floats:
        sequences = self._dataset.sequences
        first = np.maximum(sequences.starts[sought.viewers], sought.ends - self._fitted.network.shape.length)
        rows = windows(first, sought.ends)
        viewers = self._fitted.viewers(self._vectors, inputs_of(sequences, rows), last_positions(rows))
        logits = viewers @ self._vectors.T  # (B, N)
        return self._fitted.blended(logits, self._counted(sought)) if self._fitted.counts_weight else logits

    def _counted(self, sought: Sought) -> Floats:
        own = len(self._fitted.item_ids)
        counted = np.zeros((len(sought), len(self._known)), dtype=np.float32)
        for number, history in enumerate(_wanted_histories(self._dataset, sought)):
            told = self._known[history]
            row = np.append(self._fitted.counts.dense(told[told < own].astype(np.int32)), np.float32(0))
            counted[number] = row[np.minimum(self._known, own)]
        return counted


def popularity(dataset: Dataset, split: Split) -> Scorer:
    """The same for everybody: how often an item was wanted in training."""
    wanted = wanted_counts(dataset, split).astype(np.float32)
    return lambda sought: np.broadcast_to(wanted, (len(sought), len(wanted)))


def counted(dataset: Dataset, counts: CoCounts) -> Scorer:
    """Co-counts alone: sequence-kNN, or with a window of one the Markov chain."""

    def scores(sought: Sought) -> Floats:
        return np.stack([counts.dense(history) for history in _wanted_histories(dataset, sought)])

    return scores


def _wanted_histories(dataset: Dataset, sought: Sought) -> Sequence[NDArray[np.int32]]:
    sequences = dataset.sequences
    histories = []
    for viewer, end in zip(sought.viewers, sought.ends, strict=True):
        before = slice(max(int(sequences.starts[viewer]), int(end) - HISTORY_ITEMS), int(end))
        histories.append(sequences.items[before][is_wanted(sequences.did[before])])
    return histories
