"""What the feed infers of a viewer, told to them: the very numbers by which their next slate would be made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openforyou.recommend.query.query import Query
from openforyou.recommend.query.taste import interests

NEAR = 5
"""Clips by which an interest, or the model's guess, is told."""


@dataclass(frozen=True, slots=True)
class Felt:
    """How one clip of the history counts."""

    item_id: int
    creator_id: int
    watched: float
    """Share of the clip, 0 … 2."""
    feeling: float
    """Above 0: towards clips like it; below: away from them."""
    strength: float
    """0 … 1: it fades with time and with what came since."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """All that the feed makes of a viewer's past. Nothing where profiling is off."""

    felt: tuple[Felt, ...]
    interests: tuple[tuple[int, ...], ...]
    """Of each interest the clips that stand nearest to it, strongest interest first."""
    prior: float
    """What an average is divided by besides the strengths: few clips say little."""
    model: str
    """The model in service; empty without one."""
    place: tuple[float, ...]
    """Where that model puts the viewer: (D,)."""
    next_up: tuple[int, ...]
    """The clips that it places nearest to them."""


def inferred(query: Query) -> Inferred:
    """From the query of a request."""
    past, index, weights = query.past, query.index, query.weights
    ids = index.shelf.ids
    felt = tuple(
        Felt(int(item), int(creator), float(watched), float(feeling), float(strength))
        for item, creator, watched, feeling, strength in zip(
            ids[past.positions], past.creators, past.watched, past.feeling, past.strength, strict=True
        )
    )
    nothing = np.empty(0, np.int64)
    points = interests(past, index.shelf.space, weights) if len(past) else np.empty((0, past.unit.shape[1]), np.float32)
    near = index.by_content.nearest(points, NEAR, nothing) if len(points) else []
    next_up: tuple[int, ...] = ()
    if index.by_model is not None and query.viewer is not None:
        (found,) = index.by_model.nearest(query.viewer[None], NEAR, nothing)
        next_up = tuple(ids[found].tolist())
    return Inferred(
        felt,
        tuple(tuple(ids[at].tolist()) for at in near),
        float(weights.taste_prior),
        "" if index.placed is None else index.placed.model.name,
        () if query.viewer is None else tuple(query.viewer.astype(float).round(6).tolist()),
        next_up,
    )
