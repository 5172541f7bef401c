"""A model in service: NumPy in and out, safe from several threads, one core a call.

A feed is one small forward pass (a history of a hundred items). Spread over cores it gets slower, not faster, and takes
them from other requests; so each thread that calls computes alone, and the server's threads share the cores.
"""

from __future__ import annotations

import threading

import numpy as np
import torch

from openforyou.learn.fitted import COUNTS_FLOOR, Fitted
from openforyou.learn.forward import Forward
from openforyou.learn.rules import is_wanted
from openforyou.learn.serving import Floats, History
from openforyou.learn.types import Ids

_this_thread = threading.local()


class LoadedModel:
    """Keeps the promise of `serving.ServingModel`; holds no state but what it was made of."""

    def __init__(self, name: str, fitted: Fitted, base: str = "") -> None:
        self._name = name
        self.fitted = fitted
        self.base = base or name
        """The public id of the trained model that it is, or is an update of."""
        fitted.network.eval()
        self._forward = Forward(fitted.network)

    @property
    def name(self) -> str:
        """Its public id."""
        return self._name

    @property
    def heads_share(self) -> float:
        """By the rows that its training held back."""
        return self.fitted.heads_share

    def item_vectors(self, item_ids: Ids, content: Floats) -> Floats:
        """(N,) ids and (N, C) content features → (N, D) of unit length, some ten thousand at a time."""
        _compute_alone()
        return self.fitted.place(item_ids, content)

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        """A history and its items' vectors (T, D) → (D,); the newest `length` items count. Zero without history."""
        shape = self.fitted.network.shape
        if not len(history):
            return np.zeros(shape.width, dtype=np.float32)
        _compute_alone()
        kept = slice(max(len(history) - shape.length, 0), None)
        age_s = history.age_s[kept].astype(np.float64)
        gap_s = np.maximum(-np.diff(age_s, prepend=age_s[:1]), 0)
        did, watched = history.did[kept].astype(np.int64), history.watch_fraction[kept].astype(np.float32)
        return self._forward.viewer(_tensor(vectors[kept]), did, watched, gap_s).numpy()

    @torch.inference_mode()
    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        """(D,) and candidates (N, D) → (N, len(ACTIONS)), each candidate for itself."""
        _compute_alone()
        odds = self._forward.actions(torch.from_numpy(np.asarray(viewer, dtype=np.float32)), _tensor(vectors))
        return torch.sigmoid(odds).numpy()

    def followers(self, history: History) -> tuple[Ids, Floats]:
        """Ids that often came soon after what the viewer wanted last, and what each adds to its dot product.

        `vectors @ viewer` plus this, and plus nothing for other items, ranks as the model was judged. (K,) both; ids
        ascending.
        """
        fitted = self.fitted
        rows = fitted.rows_of(history.item_ids[is_wanted(history.did.astype(np.uint8))])
        items, scores = fitted.counts.scores(rows[rows < len(fitted.item_ids)].astype(np.int32))
        bonus = np.float32(fitted.counts_weight) * np.log1p(scores / np.float32(COUNTS_FLOOR))
        return fitted.item_ids[items], bonus


def _compute_alone() -> None:
    """Torch's threads are set for the calling thread, once."""
    if not getattr(_this_thread, "is_alone", False):
        torch.set_num_threads(1)
        _this_thread.is_alone = True


def _tensor(vectors: Floats) -> torch.Tensor:
    """A copy in rows: `ascontiguousarray` leaves a single reversed row as it is, which torch refuses."""
    return torch.from_numpy(np.array(vectors, dtype=np.float32, order="C"))
