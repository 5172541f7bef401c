"""The catalogue as columns, sorted by id: what may be recommended, and where its content lies.

Everything on the shelf was published with the rights to be shown and recommended when it was last read. What lost
them is not on the shelf: there is no flag to forget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.recommend.space import Floats, Space, fit

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shelf:
    """N items. Nobody writes into these arrays: a change makes a new shelf, and requests in flight keep theirs."""

    ids: Ids  # (N,) ascending
    creators: Ids  # (N,)
    published_s: NDArray[np.float64]  # (N,) Unix seconds
    duration_ms: Floats  # (N,)
    changed_s: NDArray[np.float64]  # (N,) Unix seconds by the database's clock: tells what is new in a re-read
    unit: Floats  # (N, C) content about the space's mean
    distance: Floats  # (N,) from the mean; 0 without content
    cross_post: NDArray[np.bool_]  # (N,) posted elsewhere before, by its creator's word
    space: Space

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, ids: Ids) -> Ids:
        """Where they stand, (M,); -1 for what is not here."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, -1)

    def raw(self) -> Floats:
        """Content features (N, C) as the encoder gave them."""
        return self.space.raw(self.unit, self.distance)


@dataclass(frozen=True, slots=True)
class Listing:
    """One row of the catalogue, as read."""

    id: int
    creator_id: int
    published_s: float
    duration_ms: int
    changed_s: float
    cross_post: bool = False


def empty(dim: int) -> Shelf:
    """Nothing yet. `dim` is the length of a content vector."""
    none, no_ids = np.empty(0), np.empty(0, np.int64)
    raw = np.empty((0, dim), np.float32)
    nothing = none.astype(np.float32)
    return Shelf(no_ids, no_ids, none, nothing, none, raw, nothing, none.astype(bool), fit(raw))


def restocked(shelf: Shelf, gone: Ids, come: Sequence[Listing], raw: Floats) -> Shelf:
    """Without `gone` and with `come` (ascending, each replaces what stood under its id) whose content is `raw` (M, C).

    The space is learned anew when the catalogue has outgrown it.
    """
    rows, ids = come, np.array([row.id for row in come], dtype=np.int64)
    assert (np.diff(ids) > 0).all(), "what comes is not in order"
    stays = ~(np.isin(shelf.ids, gone) | np.isin(shelf.ids, ids))
    order = np.argsort(np.concatenate([shelf.ids[stays], ids]), kind="stable")
    space, unit, distance = shelf.space, shelf.unit[stays], shelf.distance[stays]
    if space.is_outgrown(len(order)):
        everything = np.concatenate([space.raw(unit, distance), raw])[order]
        space = fit(everything)
        unit, distance = space.place(everything)
    else:
        new_unit, new_distance = space.place(raw)
        unit = np.concatenate([unit, new_unit])[order]
        distance = np.concatenate([distance, new_distance])[order]

    def column(held: NDArray[Any], new: Sequence[float]) -> NDArray[Any]:
        return np.concatenate([held[stays], np.array(new, dtype=held.dtype)])[order]

    return Shelf(
        ids=column(shelf.ids, [row.id for row in rows]),
        creators=column(shelf.creators, [row.creator_id for row in rows]),
        published_s=column(shelf.published_s, [row.published_s for row in rows]),
        duration_ms=column(shelf.duration_ms, [row.duration_ms for row in rows]),
        changed_s=column(shelf.changed_s, [row.changed_s for row in rows]),
        unit=unit,
        distance=distance,
        cross_post=column(shelf.cross_post, [row.cross_post for row in rows]),
        space=space,
    )
