"""Which epoch of a training to keep: how well it foretells the next wanted item, and what becomes of items.

The feed asks the network both questions, so both decide: NDCG@10 of the held-back item, plus the share of the actions'
uncertainty that the heads take away on the rows held back (McFadden's R², 1 - cross-entropy / that of the base rates).
Neither exceeds 1. Held back is everything from a viewer's last wanted item on, so the rates are those of all rows.

The same rows say how far the heads are to be trusted beside what everybody's counts say of an item (`heads_share`):
with few viewers, not at all. It is stacking (Wolpert 1992) with one weight.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from openforyou.learn.batches import Batch, batch_of, grouped_by_length, windows
from openforyou.learn.evaluate import POSITIONS_AT_ONCE, Sought, gains, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.odds import item_odds
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.split import Split
from openforyou.learn.types import Dataset

JUDGED_VIEWERS_MAX = 2_000
"""Viewers on whom an epoch is judged: a standard error of about .007 where NDCG@10 is .17."""
SHARES = tuple(step / 8 for step in range(9))


class Judge:
    """`base` (len(ACTIONS),) is the log-odds of each action at large; None where there are no actions to foretell."""

    def __init__(self, dataset: Dataset, split: Split, base: Tensor | None) -> None:
        self._dataset = dataset
        self._split = split
        self._base = base
        self._sought = Sought.of(split.validation, at_most=JUDGED_VIEWERS_MAX)

    def __len__(self) -> int:
        return len(self._sought)

    def ndcg(self, fitted: Fitted) -> float:
        """NDCG@10 of the held-back items."""
        return float(gains(ranks(self._dataset, self._sought, ModelScorer(fitted, self._dataset))).mean())

    def explained(self, fitted: Fitted) -> float:
        """How much less uncertain the heads are about held-back rows than the base rates; below 0 when they mislead."""
        if self._base is None:
            return 0.0
        ours = plain = 0.0
        for odds, batch in self._foretold(fitted):
            ours += float(F.binary_cross_entropy_with_logits(odds, batch.labels, reduction="sum"))
            base = self._base.to(odds.device).expand_as(batch.labels)
            plain += float(F.binary_cross_entropy_with_logits(base, batch.labels, reduction="sum"))
        return 1 - ours / plain

    def heads_share(self, fitted: Fitted) -> float:
        """How much the heads' log-odds should count, 0 … 1, beside those of counts, to foretell the rows held back.

        The least share that is not worse than the best one beyond a standard error: what the rows do not bear out, the
        feed does not build on. 0 where there are no actions to foretell.
        """
        if self._base is None or not len(self):
            return 0.0
        counted = item_odds(self._dataset, self._split)  # (N, len(ACTIONS))
        lost: list[Tensor] = []  # (len(SHARES), P) each
        for odds, batch in self._foretold(fitted):
            ours, plain, labels = odds.cpu(), counted[batch.target.cpu()], batch.labels.cpu()
            blends = [share * ours + (1 - share) * plain for share in SHARES]
            told = [F.binary_cross_entropy_with_logits(blend, labels, reduction="none").sum(1) for blend in blends]
            lost.append(torch.stack(told))
        by_row = torch.cat(lost, dim=1)
        best = by_row[int(by_row.mean(dim=1).argmin())]
        worse = by_row - best
        error = worse.std(dim=1) / worse.shape[1] ** 0.5
        return SHARES[int((worse.mean(dim=1) <= error).nonzero()[0])]

    @torch.inference_mode()
    def _foretold(self, fitted: Fitted) -> Iterator[tuple[Tensor, Batch]]:
        """The heads' log-odds (P, len(ACTIONS)) of what became of the rows held back, and those rows; in groups."""
        network, sequences = fitted.network.eval(), self._dataset.sequences
        device = network.identity.device
        vectors = torch.from_numpy(fitted.place(self._dataset.item_ids, self._dataset.content)).to(device)
        end = sequences.starts[self._sought.viewers + 1]
        first = np.maximum(sequences.starts[self._sought.viewers], end - network.shape.length - 1)
        for group in grouped_by_length(end - first, POSITIONS_AT_ONCE):
            rows = windows(first[group], end[group])
            batch = batch_of(sequences, rows, since=self._sought.rows[group]).to(device)
            states = network.encode(vectors, batch.inputs).flatten(0, 1)[batch.position]  # (P, D)
            yield network.actions(states, F.embedding(batch.target, vectors)), batch
