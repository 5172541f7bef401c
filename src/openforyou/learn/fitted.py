"""A trained model as an object: network, item table, co-counts; the same for evaluation and for service."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from openforyou.learn.counts import CoCounts
from openforyou.learn.sequence import Inputs, Network
from openforyou.learn.serving import Floats
from openforyou.learn.types import Ids

PLACED_AT_ONCE = 16_384
COUNTS_FLOOR = 1e-3
"""Added to co-counts before the logarithm: what was never counted is unlikely, not impossible."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """`item_ids` (N,) ascending are those with an identity.

    Validation chose `counts_weight`, what co-counts add to retrieval, and `heads_share`, how far the heads are to be
    trusted beside everybody's counts. Either may be 0.
    """

    network: Network
    item_ids: Ids
    counts: CoCounts
    counts_weight: float
    heads_share: float
    encoder: str

    def rows_of(self, item_ids: Ids) -> NDArray[np.int64]:
        """(M,) rows of identities; `network.nobody` for an id that was not trained on."""
        at = np.searchsorted(self.item_ids, item_ids)
        at = np.minimum(at, len(self.item_ids) - 1)
        return np.where(self.item_ids[at] == item_ids, at, self.network.nobody).astype(np.int64)

    @torch.inference_mode()
    def place(self, item_ids: Ids, content: Floats) -> Floats:
        """(M,) ids and (M, C) content → (M, D), in chunks. Content that is not finite, or of another encoder's
        length, counts as none."""
        self.network.eval()
        dim = self.network.shape.content_dim
        if content.shape[1] != dim:
            content = np.zeros((len(item_ids), dim), dtype=np.float32)
        rows = torch.from_numpy(self.rows_of(item_ids))
        device = self.network.identity.device
        placed = np.empty((len(item_ids), self.network.shape.width), dtype=np.float32)
        for at in range(0, len(item_ids), PLACED_AT_ONCE):
            part = slice(at, at + PLACED_AT_ONCE)
            known = np.isfinite(content[part]).all(axis=1, keepdims=True)
            told = torch.from_numpy(np.where(known, content[part], 0).astype(np.float32))
            placed[part] = self.network.item_vectors(rows[part].to(device), told.to(device)).cpu().numpy()
        return placed

    @torch.inference_mode()
    def viewers(self, vectors: Floats, inputs: Inputs, last: torch.Tensor) -> Floats:
        """B histories whose items point into `vectors` → (B, D): the state after position `last` (B,) of each."""
        self.network.eval()
        device = self.network.identity.device
        states = self.network.encode(torch.from_numpy(vectors).to(device), inputs.to(device))  # (B, T, D)
        return states[torch.arange(len(last)), last.to(device)].cpu().numpy()

    def blended(self, logits: Floats, counted: Floats) -> Floats:
        """Network and co-counts added as log-chances: both (…, N) over the same items."""
        added: Floats = logits + np.float32(self.counts_weight) * np.log(counted + np.float32(COUNTS_FLOOR))
        return added
