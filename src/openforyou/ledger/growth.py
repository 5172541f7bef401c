"""A tree that grows by leaves and gives up its tiles as they fill: what a writer stores and a checker compares.

It keeps the hashes of the rightmost tile of each level, 8 KiB a level, and nothing else. Both sides derive the same
tiles from the same entries, so that a checker recomputes every stored hash without ever trusting one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openforyou.ledger.merkle import EMPTY_ROOT, node_hash, tile_root
from openforyou.ledger.tiles import TILE_HEIGHT, TILE_WIDTH, TilePlace


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of hashes and where it lies."""

    place: TilePlace
    hashes: Sequence[bytes]


class GrowingTree:
    """A tree of `size` leaves, kept as the partial tile of each level. Not safe for several threads."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[list[bytes]] = []  # by level: the hashes of its last tile, 0 to 255

    @classmethod
    def continued(cls, size: int, partials: Sequence[Sequence[bytes]]) -> GrowingTree:
        """The tree of `size` leaves whose partial tiles, one a level from the leaves, hold these hashes."""
        for level, hashes in enumerate(partials):
            if len(hashes) != (size >> TILE_HEIGHT * level) % TILE_WIDTH:
                raise ValueError(f"{len(hashes)} hashes are not the partial tile at level {level} of {size} leaves")
        if size >> TILE_HEIGHT * len(partials):
            raise ValueError(f"a tree of {size} has more levels than {len(partials)}")
        tree = cls()
        tree.size = size
        tree._edge = [list(hashes) for hashes in partials]
        return tree

    @property
    def room(self) -> int:
        """How many leaves the last tile of leaves still takes: 1 to 256."""
        return TILE_WIDTH - self.size % TILE_WIDTH

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Add up to `room` leaf hashes; returns the tiles that are now full, from the leaves up."""
        if len(leaves) > self.room:
            raise ValueError(f"{len(leaves)} leaves do not fit into a tile with room for {self.room}")
        self.size += len(leaves)
        full = []
        level = 0
        carried: Sequence[bytes] = leaves
        while carried:
            if level == len(self._edge):
                self._edge.append([])
            hashes = self._edge[level]
            hashes += carried
            if len(hashes) < TILE_WIDTH:
                break
            index = (self.size >> TILE_HEIGHT * (level + 1)) - 1
            full.append(Tile(TilePlace(level, index), hashes))
            self._edge[level] = []
            carried = [tile_root(hashes)]
            level += 1
        return full

    def partials(self) -> list[Tile]:
        """The tiles at the right edge that are neither empty nor full, from the leaves up."""
        return [
            Tile(TilePlace(level, self.size >> TILE_HEIGHT * (level + 1), len(hashes)), tuple(hashes))
            for level, hashes in enumerate(self._edge)
            if hashes
        ]

    def root(self) -> bytes:
        """The root hash of the tree so far (RFC 6962, section 2.1)."""
        found: bytes | None = None
        for hashes in self._edge:
            end = len(hashes)
            while end:  # the perfect subtrees in this tile, from the smallest, which is the rightmost
                start = end & (end - 1)
                subtree = tile_root(hashes[start:end])
                found = subtree if found is None else node_hash(subtree, found)
                end = start
        return EMPTY_ROOT if found is None else found
