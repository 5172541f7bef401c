"""What training minimises: the next wanted item among all of the catalogue, and what becomes of each next item."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

from openforyou.learn.batches import Batch
from openforyou.learn.sequence import Inputs, Network
from openforyou.learn.settings import Settings
from openforyou.learn.softmax import softmax_loss


def loss_of(network: Network, content: Tensor, batch: Batch, settings: Settings, dtype: torch.dtype) -> Tensor:
    """Softmax over the catalogue, plus `heads_weight` times the action heads' cross-entropy.

    `content` (N, C) is that of all items. Up to `whole_softmax_items` every item is in the sum; past it the batch's own
    items and `negatives` drawn ones, each drawn one standing for its share of the rest, so that the sum is estimated
    without bias. `dtype` is that of the products over the catalogue.
    """
    if network.shape.items <= settings.whole_softmax_items:
        columns = torch.arange(network.shape.items, device=content.device)  # (N,)
        log_weight, items, target = None, batch.inputs.items, batch.target
    else:
        columns, log_weight, items, target = _drawn(network.shape.items, batch, settings.negatives)
    vectors = network.item_vectors(_some_unknown(network, columns, content), content[columns])  # (N, D)
    inputs = Inputs(items, batch.inputs.did, batch.inputs.watched, batch.inputs.gaps)
    states = network.encode(vectors, inputs).flatten(0, 1)[batch.position]  # (P, D)
    loss = softmax_loss(states[batch.wanted], vectors, target[batch.wanted], log_weight, dtype)
    if settings.heads_weight:
        odds = network.actions(states, F.embedding(target, vectors))  # (P, len(ACTIONS))
        loss = loss + settings.heads_weight * F.binary_cross_entropy_with_logits(odds, batch.labels)
    return loss


def _some_unknown(network: Network, columns: Tensor, content: Tensor) -> Tensor:
    """Identity rows of `columns`, a few of them nobody's: those items are known by their content alone this once."""
    if not network.shape.id_dropout:
        return columns
    drawn = torch.rand(len(columns), device=columns.device) < network.shape.id_dropout
    return torch.where(drawn & content[columns].any(dim=1), network.nobody, columns)


def _drawn(size: int, batch: Batch, negatives: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Columns (K,), the log of how many items each stands for, and the batch's items and targets by column."""
    given = torch.cat([batch.inputs.items.flatten(), batch.target])
    random = torch.randint(size, (negatives,), device=given.device)
    columns, where = torch.unique(torch.cat([given, random]), return_inverse=True)
    own = torch.zeros(len(columns), dtype=torch.bool, device=given.device)
    own[where[: len(given)]] = True
    own_count, drawn_count = int(own.sum()), int((~own).sum())
    stands_for = math.log((size - own_count) / drawn_count) if drawn_count else 0.0
    log_weight = torch.where(own, 0.0, stands_for)
    cells = batch.inputs.items.numel()
    items, target = where[:cells].view_as(batch.inputs.items), where[cells : len(given)]
    return columns, log_weight, items, target
