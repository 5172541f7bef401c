"""A log as trees and entries instead of files, read from any source, with a bounded memory of tiles.

What it reads is not trusted: a proof is checked before it is returned, and entries are to be checked by whoever uses
them (`fsck.check` does). A reader names the tree size it reads at, from a checkpoint it holds. The log may have grown
since; then a partial tile may be gone and the full tile in its place begins with the same hashes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator

from openforyou.ledger import merkle
from openforyou.ledger.errors import Missing
from openforyou.ledger.merkle import tile_root, tree_root
from openforyou.ledger.source import CHECKPOINT, CHECKPOINT_BYTES_MAX, Source
from openforyou.ledger.tiles import (
    BUNDLE_BYTES_MAX,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TilePlace,
    decode_bundle,
    decode_tile,
    tile_width,
)

CACHED_TILES_MAX = 512
"""About 19 KiB each as separate hashes: 10 MiB in all."""


class Log:
    """A log read through `source`. Safe for several threads if the source is."""

    def __init__(self, source: Source, cached_tiles_max: int = CACHED_TILES_MAX) -> None:
        self._source = source
        self._cached_tiles_max = cached_tiles_max
        self._tiles: OrderedDict[TilePlace, list[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def checkpoint_bytes(self) -> bytes:
        """The checkpoint as it is now, unverified and never cached. Raises `Missing`, `SourceFailed`."""
        return self._source.fetch(CHECKPOINT, CHECKPOINT_BYTES_MAX)

    def tile(self, level: int, index: int, size: int) -> list[bytes]:
        """The hashes of a tile as it is in the tree of `size` leaves. Raises `Missing`, `BadTile`, `SourceFailed`."""
        place = TilePlace(level, index, _width(size, level, index))
        with self._lock:
            if place in self._tiles:
                self._tiles.move_to_end(place)
                return self._tiles[place]
        data, found = self._fetch(place, TILE_BYTES)
        hashes = decode_tile(data, found.width, found.path)[: place.width]
        with self._lock:
            self._tiles[place] = hashes
            while len(self._tiles) > self._cached_tiles_max:
                self._tiles.popitem(last=False)
        return hashes

    def bundle(self, index: int, size: int) -> list[bytes]:
        """The entries of a bundle as in the tree of `size` leaves. Raises `Missing`, `BadTile`, `SourceFailed`."""
        place = TilePlace(None, index, _width(size, 0, index))
        data, found = self._fetch(place, BUNDLE_BYTES_MAX)
        return decode_bundle(data, found.width, found.path)[: place.width]

    def entries(self, start: int, stop: int, size: int) -> Iterator[list[bytes]]:
        """The entries from `start` up to `stop` of the tree of `size` leaves, a bundle or part of one at a time."""
        if not 0 <= start <= stop <= size:
            raise ValueError(f"there are no entries {start} to {stop} in a tree of {size}")
        while start < stop:
            index, skipped = divmod(start, TILE_WIDTH)
            part = self.bundle(index, size)[skipped : skipped + stop - start]
            yield part
            start += len(part)

    def hash_at(self, level: int, index: int, size: int) -> bytes:
        """The hash of perfect subtree number `index` from the left, of 2^level leaves, in the tree of `size` leaves."""
        if not 0 <= (index + 1) << level <= size:
            raise ValueError(f"there is no full subtree {index} of 2^{level} leaves in a tree of {size}")
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, start = divmod(index << height, TILE_WIDTH)
        return tile_root(self.tile(tile_level, tile_index, size)[start : start + (1 << height)])

    def root(self, size: int, within: int | None = None) -> bytes:
        """The root of the first `size` leaves, as the tiles of that tree have it, or those of the tree of `within`."""
        return tree_root(size, lambda level, index: self.hash_at(level, index, within or size))

    def inclusion_proof(self, index: int, size: int, root: bytes | None = None) -> list[bytes]:
        """The proof that leaf `index` is in the tree of `size` leaves, verified against `root`.

        Give the root of the checkpoint; without it the tiles are only held against themselves. Raises `BadProof` where
        the tiles do not lead there, and what `tile` raises.
        """
        proof = merkle.inclusion_proof(index, size, lambda level, place: self.hash_at(level, place, size))
        merkle.verify_inclusion(
            index=index, size=size, leaf_hash=self.hash_at(0, index, size), proof=proof, root=root or self.root(size)
        )
        return proof

    def consistency_proof(
        self, old: int, new: int, *, old_root: bytes | None = None, new_root: bytes | None = None
    ) -> list[bytes]:
        """The proof that the tree of `new` leaves begins with the tree of `old`, verified against the roots as above.

        Empty for `old` 0, where there is nothing to prove.
        """
        proof = merkle.consistency_proof(old, new, lambda level, place: self.hash_at(level, place, new))
        if old:
            merkle.verify_consistency(
                old_size=old,
                new_size=new,
                old_root=old_root or self.root(old, new),
                new_root=new_root or self.root(new),
                proof=proof,
            )
        return proof

    def _fetch(self, place: TilePlace, limit_bytes: int) -> tuple[bytes, TilePlace]:
        """The file at `place`, or, where a partial one is gone because the log grew, the full one."""
        try:
            return self._source.fetch(place.path, limit_bytes), place
        except Missing:
            if place.width == TILE_WIDTH:
                raise
            full = TilePlace(place.level, place.index)
            try:
                return self._source.fetch(full.path, limit_bytes), full
            except Missing:
                raise Missing(place.path, hint=f"Nor is the full one there, {full.path}.") from None


def _width(size: int, level: int, index: int) -> int:
    width = tile_width(size, level, index)
    if not width:
        raise ValueError(f"there is no tile {index} at level {level} in a tree of {size} leaves")
    return width
