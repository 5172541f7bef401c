"""The catalogue as columns, sorted by id: what may be recommended, and where its content lies.

Everything on the shelf was published with the rights to be shown and recommended when it was last read. What lost
them is not on the shelf: there is no flag to forget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.lookup import among, positions
from openforyou.recommend.snapshot.postings import Postings
from openforyou.recommend.snapshot.space import Floats, Space, fit

Ids = NDArray[np.int64]
Mask = NDArray[np.bool_]


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
    sounds: Ids  # (N,) what it is set to; its own id where nobody else is
    languages: NDArray[np.int32]  # (N,) `tag_number` of what its creator said; 0 where nothing
    space: Space
    found_by: Postings
    """Words, topics and sounds, to items."""

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, ids: Ids) -> Ids:
        """Where they stand, (M,); -1 for what is not here."""
        return positions(self.ids, ids)

    def raw(self, at: Ids | slice = slice(None)) -> Floats:
        """Content features (M, C) at some positions, or (N, C) of all, as the encoder gave them."""
        return self.space.raw(self.unit[at], self.distance[at])


LISTING = np.dtype(
    [
        ("id", "=i8"),
        ("creator_id", "=i8"),
        ("published_s", "=f8"),
        ("duration_ms", "=i4"),
        ("changed_s", "=f8"),
        ("cross_post", "?"),
        ("sound_id", "=i8"),
        ("language", "=i4"),
    ]
)
"""One row of the catalogue, as read: `catalog/listing`'s FEED_ROW says what the numbers mean."""
NO_CODES = np.empty(0, np.int64), np.empty(0, np.int64)


def empty(dim: int) -> Shelf:
    """Nothing yet. `dim` is the length of a content vector."""
    none, no_ids, nothing = np.empty(0), np.empty(0, np.int64), np.empty(0, np.float32)
    raw = np.empty((0, dim), np.float32)
    return Shelf(
        ids=no_ids,
        creators=no_ids,
        published_s=none,
        duration_ms=nothing,
        changed_s=none,
        unit=raw,
        distance=nothing,
        cross_post=none.astype(bool),
        sounds=no_ids,
        languages=none.astype(np.int32),
        space=fit(raw),
        found_by=Postings(),
    )


def restocked(
    shelf: Shelf, gone: Ids, come: NDArray[np.void], raw: Floats, found_by: tuple[Ids, Ids] = NO_CODES
) -> Shelf:
    """Without `gone` and with `come`, (M,) of LISTING, whose content is `raw` (M, C).

    `come` ascend by id, and each replaces what stood under its id. `found_by` are codes, and an item for each; what an
    item is found by never changes, so those that stood here need no telling.

    The space is learned anew when the catalogue has outgrown it.
    """
    ids = come["id"]
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

    def column(held: NDArray[Any], name: str) -> NDArray[Any]:
        return np.concatenate([held[stays], come[name].astype(held.dtype)])[order]

    sound = column(shelf.sounds, "sound_id")
    placed = column(shelf.ids, "id")
    shared = (come["sound_id"] != 0) & ~among(shelf.ids, ids)
    postings = shelf.found_by.with_items(
        np.concatenate([found_by[0], come["sound_id"][shared]]), np.concatenate([found_by[1], ids[shared]])
    )
    return Shelf(
        ids=placed,
        creators=column(shelf.creators, "creator_id"),
        published_s=column(shelf.published_s, "published_s"),
        duration_ms=column(shelf.duration_ms, "duration_ms"),
        changed_s=column(shelf.changed_s, "changed_s"),
        unit=unit,
        distance=distance,
        cross_post=column(shelf.cross_post, "cross_post"),
        sounds=np.where(sound == 0, placed, sound),
        languages=column(shelf.languages, "language"),
        space=space,
        found_by=postings,
    )
