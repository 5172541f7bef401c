"""Where a log's tree and entries lie, and how: C2SP tlog-tiles, as paths and bytes. Nothing here opens a file.

A *tile* is up to 256 neighbouring hashes of the tree: at level 0 of leaves, above that of full tiles one level below.
An *entry bundle* holds the entries under one level-0 tile, each with its length in two bytes before it. A tile that is
not full has its width in its path (`.p/W`), so that what lies at a path never changes. Widths follow from the tree's
size alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openforyou.ledger.errors import BadEntry, BadTile
from openforyou.ledger.merkle import HASH

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
TILE_BYTES = TILE_WIDTH * HASH
LEVEL_MAX = 63
ENTRY_BYTES_MAX = 0xFFFF
BUNDLE_BYTES_MAX = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)

_LEVEL = r"(?P<level>entries|0|[1-9][0-9]?)"
_INDEX = r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
_PATH = re.compile(rf"tile/{_LEVEL}/{_INDEX}(?:\.p/(?P<width>[1-9][0-9]{{0,2}}))?", re.ASCII)
_INDEX_GROUPS_MAX = 7  # 10^21 > 2^63


@dataclass(frozen=True, slots=True)
class TilePlace:
    """Which tile (`level` 0 to 63) or entry bundle (`level` None), and how wide it is: 1 to 256."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= LEVEL_MAX:
            raise ValueError(f"there is no tile level {self.level}")
        if self.index < 0 or self.index >= 1000**_INDEX_GROUPS_MAX:
            raise ValueError(f"there is no tile {self.index}")
        if not 1 <= self.width <= TILE_WIDTH:
            raise ValueError(f"a tile is 1 to {TILE_WIDTH} wide, not {self.width}")

    @property
    def path(self) -> str:
        """Relative to the log: `tile/0/x001/234` or `tile/entries/000.p/7`."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Where a tile of hashes lies, relative to the log."""
    return TilePlace(level, index, width).path


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Where an entry bundle lies, relative to the log."""
    return TilePlace(None, index, width).path


def parse_path(path: str) -> TilePlace:
    """The place that `tile_path` or `bundle_path` writes like this. Raises `BadTile` for anything else."""
    match = _PATH.fullmatch(path)
    if match:
        level = None if match["level"] == "entries" else int(match["level"])
        groups = match["index"].replace("x", "").split("/")
        width = int(match["width"] or TILE_WIDTH)
        sound = len(groups) <= _INDEX_GROUPS_MAX and (level or 0) <= LEVEL_MAX and width <= TILE_WIDTH
        place = TilePlace(level, int("".join(groups)), width) if sound else None
        if place and place.path == path:
            return place
    raise BadTile(path[:200], "not the path of a tile or entry bundle")


def tile_width(size: int, level: int, index: int) -> int:
    """How wide tile `index` of a level is in the tree of `size` leaves: 0 (absent) to 256. Bundles are as level 0."""
    return max(0, min((size >> TILE_HEIGHT * level) - index * TILE_WIDTH, TILE_WIDTH))


def tile_levels(size: int) -> int:
    """How many levels of tiles the tree of `size` leaves has: 0 where it is empty, 1 up to 255 leaves."""
    return -(-size.bit_length() // TILE_HEIGHT)


def tile_places(size: int, old_size: int = 0) -> Iterator[TilePlace]:
    """The tiles of hashes of the tree of `size` leaves that are new or wider than in the tree of `old_size`.

    Level by level from the leaves, each from the left.
    """
    for level in range(tile_levels(size)):
        yield from _places(level, size >> TILE_HEIGHT * level, old_size >> TILE_HEIGHT * level)


def bundle_places(size: int, old_size: int = 0) -> Iterator[TilePlace]:
    """The entry bundles of `size` leaves that are new or wider than those of `old_size`, from the left."""
    return _places(None, size, old_size)


def _places(level: int | None, count: int, old_count: int) -> Iterator[TilePlace]:
    first = old_count // TILE_WIDTH  # the last one of the old tree, if it was not full, or the one after it
    for index in range(first, -(-count // TILE_WIDTH)):
        width = min(count - index * TILE_WIDTH, TILE_WIDTH)
        if index > first or count > old_count:
            yield TilePlace(level, index, width)


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a tile of 1 to 256 hashes."""
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(value) != HASH for value in hashes):
        raise ValueError(f"a tile is 1 to {TILE_WIDTH} hashes of {HASH} bytes")
    return b"".join(hashes)


def decode_tile(data: bytes, width: int, path: str = "tile") -> list[bytes]:
    """The `width` hashes of a tile. Raises `BadTile` naming `path` where the length is another."""
    if len(data) != width * HASH:
        raise BadTile(path, f"{len(data)} bytes where {width} hashes take {width * HASH}")
    return [data[start : start + HASH] for start in range(0, len(data), HASH)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of an entry bundle of 1 to 256 entries. Raises `BadEntry` for an entry over 65,535 bytes."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise ValueError(f"a bundle is 1 to {TILE_WIDTH} entries, not {len(entries)}")
    for number, entry in enumerate(entries):
        if len(entry) > ENTRY_BYTES_MAX:
            raise BadEntry(f"entry {number} has {len(entry)} bytes; a log holds {ENTRY_BYTES_MAX} at most")
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def decode_bundle(data: bytes, width: int, path: str = "entry bundle") -> list[bytes]:
    """The `width` entries of a bundle. Raises `BadTile` naming `path` where bytes are missing or left over."""
    if not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"a bundle is 1 to {TILE_WIDTH} entries, not {width}")
    stride = 2 + int.from_bytes(data[:2], "big")
    # Entries of one length are the rule, and then the whole bundle is read at the speed of a few slices.
    if len(data) == stride * width and data[::stride] == data[:1] * width and data[1::stride] == data[1:2] * width:
        return [data[start + 2 : start + stride] for start in range(0, len(data), stride)]
    entries = []
    start = 0
    for number in range(width):
        end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if len(data) < end:
            raise BadTile(path, f"ends within entry {number} of {width}")
        entries.append(data[start + 2 : end])
        start = end
    if start != len(data):
        raise BadTile(path, f"{len(data) - start} bytes after the last of {width} entries")
    return entries
