"""What a writer finds on the disk when it opens a log: the tree to continue, or the damage that forbids it.

The checkpoint says what was promised; the tiles at its right edge say how to go on. Both are read and held against each
other before a byte is written. Nothing is repaired: a log that does not fit its own signature needs a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from openforyou.ledger.checkpoint import Checkpoint, open_checkpoint
from openforyou.ledger.disk import Disk
from openforyou.ledger.errors import BadNote, BadProof, BadSignature, BadTile, LogDamaged, Missing, SourceFailed
from openforyou.ledger.growth import GrowingTree
from openforyou.ledger.keys import VerifyingKey
from openforyou.ledger.merkle import leaf_hashes
from openforyou.ledger.reader import Log
from openforyou.ledger.source import CHECKPOINT, CHECKPOINT_BYTES_MAX, VKEY
from openforyou.ledger.tiles import TILE_HEIGHT, TILE_WIDTH, bundle_path, tile_levels, tile_path, tile_width

SIGNED = "checkpoint.signed"
"""The last root that was signed. From then on it binds the log, whether it was published or not."""

RESTORE = "Put the log's folder back from a copy and open it again; `openforyou verify` on the folder says more."


@dataclass(frozen=True)
class Recovered:
    """A log as it was left: what is published, and the tree and the entries of its last bundle to continue from."""

    published: bytes | None
    published_size: int
    tree: GrowingTree
    tail: list[bytes]


class DiskSource:
    """The writer's own disk as a source: what was synced."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        """As every source does."""
        try:
            data = self._disk.read(path, limit_bytes)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(path) from None
        if len(data) > limit_bytes:
            raise SourceFailed(f"{path} is larger than {limit_bytes} bytes")
        return data


def recover(disk: Disk, key: VerifyingKey) -> Recovered:
    """The log of `key` on `disk`, ready to be continued. Raises `LogDamaged` where it cannot be, naming the file."""
    source = DiskSource(disk)
    _check_vkey(source, key)
    published = _read_checkpoint(source, CHECKPOINT, key)
    signed = _read_checkpoint(source, SIGNED, key)
    if published is None:
        if "tile" in disk.names("") or (signed and signed[1].size):
            raise LogDamaged(f"{CHECKPOINT} is missing, but the log is not empty.", hint=RESTORE)
        return Recovered(None, 0, GrowingTree(), [])
    data, head = published
    last, name = (signed[1], SIGNED) if signed and signed[1].size > head.size else (head, CHECKPOINT)
    if signed and signed[1].size == head.size and signed[1].root != head.root:
        raise LogDamaged(f"{SIGNED} and {CHECKPOINT} are of one size and differ.", hint=RESTORE)
    log = Log(source)
    try:
        tree = _tree(log, last, name)
        if head.size < last.size:
            log.consistency_proof(head.size, last.size, old_root=head.root, new_root=last.root)
        return Recovered(data, head.size, tree, _tail(log, last.size))
    except (Missing, BadTile, BadProof, SourceFailed) as error:
        raise LogDamaged(f"The log ends in damage: {error.message}.", hint=RESTORE) from error


def stale_partials(disk: Disk, size: int) -> list[str]:
    """Folders of partial tiles whose full tile is in the published tree of `size` leaves, near its right edge.

    A writer removes such folders as it goes; this finds what it left when it was stopped. One folder listing a level.
    """
    found = []
    for level in (None, *range(tile_levels(size))):
        complete = size >> TILE_HEIGHT * ((level or 0) + 1)
        path = bundle_path if level is None else lambda index, level=level: tile_path(level, index)
        for start in {max(complete - 1, 0) // 1000 * 1000, complete // 1000 * 1000}:
            folder = path(start).rpartition("/")[0]
            names = set(disk.names(folder))
            for index in range(start, min(start + 1000, complete)):
                number = f"{index % 1000:03d}"
                if {number, f"{number}.p"} <= names:
                    found.append(f"{folder}/{number}.p")
    return found


def _check_vkey(source: DiskSource, key: VerifyingKey) -> None:
    try:
        lying = source.fetch(VKEY, CHECKPOINT_BYTES_MAX)
    except Missing:
        return
    if lying != vkey_file(key):
        raise LogDamaged(
            f"vkey is not the key {key.name}+{key.key_id:08x} that this log is opened with.",
            hint="Open the log with the key that began it; another key needs another folder.",
        )


def vkey_file(key: VerifyingKey) -> bytes:
    """What the file `vkey` holds."""
    return f"{key.vkey()}\n".encode()


def _read_checkpoint(source: DiskSource, name: str, key: VerifyingKey) -> tuple[bytes, Checkpoint] | None:
    try:
        data = source.fetch(name, CHECKPOINT_BYTES_MAX)
        return data, open_checkpoint(data, key)
    except Missing:
        return None
    except (BadNote, BadSignature, SourceFailed) as error:
        raise LogDamaged(f"{name} is not this log's: {error.message}.", hint=RESTORE) from error


def _tree(log: Log, head: Checkpoint, name: str) -> GrowingTree:
    """The tree of a checkpoint, from the partial tile of each level."""
    partials = []
    for level in range(tile_levels(head.size)):
        index = head.size >> TILE_HEIGHT * (level + 1)
        partials.append(log.tile(level, index, head.size) if tile_width(head.size, level, index) else [])
    tree = GrowingTree.continued(head.size, partials)
    if tree.root() != head.root:
        raise BadProof(f"the tiles at the right edge of {head.size} leaves do not give the root in {name}")
    return tree


def _tail(log: Log, size: int) -> list[bytes]:
    """The entries of the last bundle, if it is not full."""
    if size % TILE_WIDTH == 0:
        return []
    index = size // TILE_WIDTH
    entries = log.bundle(index, size)
    if leaf_hashes(entries) != log.tile(0, index, size):
        path = bundle_path(index, size % TILE_WIDTH)
        raise BadTile(path, "its entries do not hash to the tile of leaves beside it")
    return entries
