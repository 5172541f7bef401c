"""Which epoch of a training to keep: how well it foretells the next wanted item, and what becomes of items.

The feed asks the network both questions, so both decide: NDCG@10 of the held-back item, plus the share of the actions'
uncertainty that the heads take away on the rows held back (McFadden's R², 1 - cross-entropy / that of the base rates).
Neither exceeds 1. Held back is everything from a viewer's last wanted item on, so the rates are those of all rows.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from openforyou.learn.batches import batch_of, grouped_by_length, windows
from openforyou.learn.evaluate import POSITIONS_AT_ONCE, Sought, gains, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

JUDGED_VIEWERS_MAX = 2_000
"""Viewers on whom an epoch is judged: a standard error of about .007 where NDCG@10 is .17."""


class Judge:
    """`base` (len(ACTIONS),) is the log-odds of each action at large; None where there are no actions to foretell."""

    def __init__(self, dataset: Dataset, split: Split, base: Tensor | None) -> None:
        self._dataset = dataset
        self._base = base
        self._sought = Sought.of(split.validation, at_most=JUDGED_VIEWERS_MAX)

    def __len__(self) -> int:
        return len(self._sought)

    def ndcg(self, fitted: Fitted) -> float:
        """NDCG@10 of the held-back items."""
        return float(gains(ranks(self._dataset, self._sought, ModelScorer(fitted, self._dataset))).mean())

    @torch.inference_mode()
    def explained(self, fitted: Fitted) -> float:
        """How much less uncertain the heads are about held-back rows than the base rates; below 0 when they mislead."""
        if self._base is None:
            return 0.0
        network, sequences = fitted.network.eval(), self._dataset.sequences
        device = network.identity.device
        vectors = torch.from_numpy(fitted.place(self._dataset.item_ids, self._dataset.content)).to(device)
        end = sequences.starts[self._sought.viewers + 1]
        first = np.maximum(sequences.starts[self._sought.viewers], end - network.shape.length - 1)
        ours = plain = 0.0
        for group in grouped_by_length(end - first, POSITIONS_AT_ONCE):
            rows = windows(first[group], end[group])
            batch = batch_of(sequences, rows, since=self._sought.rows[group]).to(device)
            states = network.encode(vectors, batch.inputs).flatten(0, 1)[batch.position]  # (P, D)
            odds = network.actions(states, F.embedding(batch.target, vectors))
            ours += float(F.binary_cross_entropy_with_logits(odds, batch.labels, reduction="sum"))
            base = self._base.to(device).expand_as(batch.labels)
            plain += float(F.binary_cross_entropy_with_logits(base, batch.labels, reduction="sum"))
        return 1 - ours / plain
