"""What a feed server needs of a model: the protocol between `learn`, which makes models, and `recommend`, which asks.

A model gives the viewer's recent history a vector, each item a vector, and each (viewer, item) the probability
of each action. Retrieval is a dot product, so that exact search over a catalogue is one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

ACTIONS = ("view", "complete", "like", "share", "follow", "skip", "not_interested")
"""The order of the action axis everywhere."""

Floats = NDArray[np.float32]


class Did(IntFlag):
    """What a viewer did with one item of their history, as bits."""

    VIEW = 1
    COMPLETE = 2
    LIKE = 4
    SHARE = 8
    SKIP = 16
    NOT_INTERESTED = 32


@dataclass(frozen=True, slots=True)
class History:
    """What a viewer did, oldest first, T items: the model's input."""

    item_ids: NDArray[np.int64]  # (T,)
    did: NDArray[np.int64]  # (T,) bits of Did
    watch_fraction: Floats  # (T,) share of the clip watched, 0 … 1 and above for repeats, clipped at 2
    age_s: Floats  # (T,) seconds before now

    def __len__(self) -> int:
        return len(self.item_ids)


class ServingModel(Protocol):
    """A model in service. Every call is safe from several threads at once."""

    @property
    def name(self) -> str:
        """Its public id, for records."""
        ...

    @property
    def heads_share(self) -> float:
        """How far `action_probabilities` are borne out beside everybody's counts: 0 not at all, 1 they alone."""
        ...

    def item_vectors(self, item_ids: NDArray[np.int64], content: Floats) -> Floats:
        """(N,) ids and (N, C) content features → (N, D). An id that it never saw is placed by its content alone."""
        ...

    def viewer_vector(self, history: History, vectors: Floats) -> Floats:
        """A history and its items' own vectors (T, D) → (D,), such that `vectors @ viewer` ranks for retrieval."""
        ...

    def action_probabilities(self, viewer: Floats, vectors: Floats) -> Floats:
        """(D,) and candidates (N, D) → (N, len(ACTIONS)), each in 0 … 1. Candidates do not see each other."""
        ...
