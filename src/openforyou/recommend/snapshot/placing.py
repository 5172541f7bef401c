"""Where a model puts the items of a shelf: computed once for each item, and moved along as the shelf changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from openforyou.learn.serving import ServingModel
from openforyou.recommend.snapshot.index import Placed
from openforyou.recommend.snapshot.nearest import Search
from openforyou.recommend.snapshot.shelf import Ids, Shelf
from openforyou.recommend.snapshot.space import Floats, fit

PLACED_AT_ONCE = 4_000
"""Bounds the memory that a model takes beside its answer."""


class NotFinite(Exception):
    """The model gives no vector that is finite."""


def placed_on(shelf: Shelf, model: ServingModel, before: Placed | None = None) -> Placed:
    """Every item of a shelf, and who is near whom; what served `before` lends its neighbours while they hold.

    Raises `NotFinite`, and what the model raises.
    """
    vectors = _filled(model, shelf, None, np.arange(len(shelf)))
    near = None if before is None or before.vectors.shape[1] != vectors.shape[1] else before.near
    placed = _checked(Placed(model, vectors, np.ones(len(shelf), dtype=bool), fit(vectors), near))
    search = Search.over(shelf, placed.vectors, placed.usable, near)
    return replace(placed, near=search.renewed().near)


def moved_to(shelf: Shelf, before: Shelf, placed: Placed) -> Placed:
    """The same over a shelf that has changed: only what is new, or not as it was, is computed. Raises likewise."""
    known = before.positions(shelf.ids)
    here = np.flatnonzero(known >= 0)
    here = here[before.changed_s[known[here]] == shelf.changed_s[here]]
    asked = np.ones(len(shelf), dtype=bool)
    asked[here] = False
    vectors = np.zeros((len(shelf), placed.vectors.shape[1]), dtype=np.float32)
    vectors[here] = placed.vectors[known[here]]
    vectors = _filled(placed.model, shelf, vectors, np.flatnonzero(asked))
    return _checked(replace(placed, vectors=vectors, usable=asked))


def _filled(model: ServingModel, shelf: Shelf, vectors: Floats | None, asked: Ids) -> Floats:
    """(N, D) `vectors` with those of the items `asked` for filled in."""
    for some in _parts(asked):
        told = np.asarray(model.item_vectors(shelf.ids[some], shelf.raw(some)), dtype=np.float32)
        assert told.ndim == 2, f"vectors of shape {told.shape}"
        assert len(told) == len(some), f"{len(told)} vectors for {len(some)} items"
        if vectors is None:
            vectors = np.zeros((len(shelf), told.shape[1]), dtype=np.float32)
        vectors[some] = told
    assert vectors is not None, "an empty shelf has no vectors"
    return vectors


def _checked(placed: Placed) -> Placed:
    """What is not finite, or zero, is zero and not usable."""
    vectors = placed.vectors
    usable = np.asarray(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))
    if len(usable) and not usable.any():
        raise NotFinite
    vectors[~usable] = 0
    return replace(placed, vectors=vectors, usable=usable)


def _parts(at: Ids) -> Iterable[Ids]:
    return (at[start : start + PLACED_AT_ONCE] for start in range(0, len(at), PLACED_AT_ONCE))
