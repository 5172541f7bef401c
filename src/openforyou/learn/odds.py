"""How often each action happens, over the rows that are for training: by item and at large. As log-odds."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from openforyou.learn.rules import labels
from openforyou.learn.serving import Floats
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

CHANCE_BOUNDS = (1e-3, 1 - 1e-3)
PRIOR_ROWS = 8.0
"""So many rows of its own weigh as much as the mean item's; the feed's `chance_weight`."""


def mean_odds(dataset: Dataset, split: Split) -> Tensor:
    """(len(ACTIONS),) over all of them."""
    return torch.from_numpy(_log_odds(labels(dataset.sequences, split.training(dataset.sequences.starts)).mean(axis=0)))


def item_odds(dataset: Dataset, split: Split) -> Tensor:
    """(N, len(ACTIONS)) by item, drawn towards the mean where there are few rows."""
    rows = split.training(dataset.sequences.starts)
    told, items = labels(dataset.sequences, rows), dataset.sequences.items[rows]
    count = len(dataset.item_ids)
    shown = np.bincount(items, minlength=count)[:, None]
    did = np.stack([np.bincount(items, weights=column, minlength=count) for column in told.T], axis=1)
    return torch.from_numpy(_log_odds((did + PRIOR_ROWS * told.mean(axis=0)) / (shown + PRIOR_ROWS)))


def _log_odds(chance: NDArray[np.floating]) -> Floats:
    kept = np.clip(chance, *CHANCE_BOUNDS)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float32)
