"""Merkle trees as in RFC 6962 (section 2.1) and RFC 9162 (section 2.1), over SHA-256.

A leaf hashes to SHA-256(0x00 ‖ entry), an inner node to SHA-256(0x01 ‖ left ‖ right), and a tree of n leaves splits at
the largest power of two below n. Every hash that a proof needs is therefore one of a *perfect* subtree (2^level leaves,
which never changes once it is full) or a fold of a few of them. The makers of proofs ask for those through
`hash_at(level, index)`, where level 0 is the leaves and `index` counts subtrees of that height from the left; they
neither know nor care where the hashes lie. The verifiers take plain bytes and raise `BadProof`; they return nothing, so
that no one can forget to look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from openforyou.ledger.errors import BadProof

HASH = 32
SIZE_MAX = (1 << 63) - 1
"""Leaves in the largest tree: what other implementations hold in a signed 64-bit integer."""
PROOF_HASHES_MAX = 63
"""The longest path to a leaf. A consistency proof may have one hash more."""

HashAt = Callable[[int, int], bytes]

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """`leaf_hash` of each entry, in the order given: the tight loop for many."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def parent_hashes(hashes: Sequence[bytes]) -> list[bytes]:
    """The next level up of an even number of neighbours: half as many hashes."""
    sha256 = hashlib.sha256
    pairs = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """The root of the perfect subtree over `hashes`, whose number is a power of two (256 for a full tile)."""
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} hashes do not fill a perfect subtree")
    while len(hashes) > 1:
        hashes = parent_hashes(hashes)
    return hashes[0]


class Frontier:
    """The right edge of a growing tree: one hash for each perfect subtree, at most one a level, so O(log size) memory.

    It appends and gives the root; what it has swallowed it cannot give back. Not safe for several threads.
    """

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes | None] = []  # by level: the perfect subtree that waits for its right sibling

    @classmethod
    def at(cls, size: int, hash_at: HashAt) -> Frontier:
        """The frontier of the tree of `size` leaves whose perfect subtrees `hash_at` knows."""
        _require_size(size)
        frontier = cls()
        frontier.size = size
        frontier._edge = [None] * size.bit_length()
        for level, index in _perfect_subtrees(0, size):
            frontier._edge[level] = hash_at(level, index)
        return frontier

    def append(self, leaf: bytes) -> None:
        """Add one leaf, given as its hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves, given as their hashes in order. About one hash a leaf, and memory for as many as are given."""
        carried = list(leaves)
        self.size += len(carried)
        level = 0
        while carried:
            if level == len(self._edge):
                self._edge.append(None)
            waiting = self._edge[level]
            if waiting is not None:
                carried.insert(0, waiting)
            self._edge[level] = carried.pop() if len(carried) & 1 else None
            carried = parent_hashes(carried)
            level += 1

    def root(self) -> bytes:
        """The root hash of the tree so far."""
        found: bytes | None = None
        for subtree in self._edge:
            if subtree is not None:
                found = subtree if found is None else node_hash(subtree, found)
        return EMPTY_ROOT if found is None else found

    def copy(self) -> Frontier:
        """A frontier of the same tree that grows by itself."""
        twin = Frontier()
        twin.size = self.size
        twin._edge = list(self._edge)
        return twin


def tree_root(size: int, hash_at: HashAt) -> bytes:
    """The root of the first `size` leaves."""
    _require_size(size)
    return EMPTY_ROOT if size == 0 else _range_hash(0, size, hash_at)


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """The siblings from leaf `index` up to the root of the first `size` leaves, lowest first (RFC 6962, section 2.1.1).

    Raises `BadProof` where there is no such leaf.
    """
    _require_size(size)
    if not 0 <= index < size:
        raise BadProof(f"there is no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(middle, end, hash_at))
            end = middle
        else:
            path.append(_range_hash(start, middle, hash_at))
            start = middle
    path.reverse()
    return path


def consistency_proof(old_size: int, new_size: int, hash_at: HashAt) -> list[bytes]:
    """That the first `old_size` leaves are the beginning of the first `new_size` (RFC 6962, section 2.1.2).

    Empty for equal sizes, and for an old size of 0, where there is nothing to prove and `verify_consistency` has no
    verdict. Raises `BadProof` where the old tree is the larger one.
    """
    _require_size(new_size)
    if not 0 <= old_size <= new_size:
        raise BadProof(f"a tree of {new_size} cannot continue one of {old_size}")
    if old_size == 0:
        return []
    path = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + _split(end - start)
        if old_size <= middle:
            path.append(_range_hash(middle, end, hash_at))
            end = middle
        else:
            path.append(_range_hash(start, middle, hash_at))
            start = middle
    if start:  # from 0 on it is the old root itself, which the verifier has
        path.append(_range_hash(start, end, hash_at))
    path.reverse()
    return path


def verify_inclusion(*, index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """That the leaf lies at `index` in the tree of `size` leaves with this root (RFC 9162, section 2.1.3.2).

    Raises `BadProof`, also for a proof that is longer or shorter than it must be.
    """
    _require_size(size)
    if not 0 <= index < size:
        raise BadProof(f"there is no leaf {index} in a tree of {size}")
    _require_hashes(proof, leaf_hash, root)
    # Below the point where the paths to this leaf and to the last one part, siblings lie on either side; above it, only
    # on the left.
    both_sides = (index ^ (size - 1)).bit_length()
    length = both_sides + (index >> both_sides).bit_count()
    if len(proof) != length:
        raise BadProof(f"{len(proof)} hashes for leaf {index} in a tree of {size}, which needs {length}")
    found = leaf_hash
    for level, sibling in enumerate(proof):
        on_the_left = level >= both_sides or index >> level & 1
        found = node_hash(sibling, found) if on_the_left else node_hash(found, sibling)
    if found != root:
        raise BadProof(f"leaf {index} leads to {found.hex()}, not to the root {root.hex()} of the tree of {size}")


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """That the tree of `new_size` begins with the tree of `old_size` (RFC 9162, section 2.1.4.2).

    Raises `BadProof`. An old size of 0 is refused: anything continues the empty tree, so such a proof says nothing.
    """
    _require_size(new_size)
    if not 1 <= old_size <= new_size:
        raise BadProof(f"there is no proof that a tree of {new_size} continues one of {old_size}")
    if old_size == new_size:  # nothing is hashed, so that any two roots will do that are the same
        if proof:
            raise BadProof(f"{len(proof)} hashes where two trees of {old_size} need none")
        if old_root != new_root:
            raise BadProof(f"two trees of {old_size} have the roots {old_root.hex()} and {new_root.hex()}")
        return
    _require_hashes(proof, old_root, new_root)
    found_old, found_new = _fold_consistency(old_size, new_size, old_root, proof)
    if found_old != old_root:
        raise BadProof(
            f"the proof leads to {found_old.hex()}, not to the root {old_root.hex()} of the tree of {old_size}"
        )
    if found_new != new_root:
        raise BadProof(
            f"the proof leads to {found_new.hex()}, not to the root {new_root.hex()} of the tree of {new_size}"
        )


def _fold_consistency(old_size: int, new_size: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to."""
    wrong_length = BadProof(f"{len(proof)} hashes are not a proof from a tree of {old_size} to one of {new_size}")
    if not proof:
        raise wrong_length
    path = iter(proof)
    old, new = old_size - 1, new_size - 1  # the last leaf of each, then its ancestor's number, level by level
    while old & 1:
        old, new = old >> 1, new >> 1
    # An old tree that is itself one perfect subtree is where the path starts, and the proof leaves it out.
    found_old = found_new = old_root if old == 0 else next(path)
    for sibling in path:
        if new == 0:
            raise wrong_length
        if old & 1 or old == new:
            found_old = node_hash(sibling, found_old)
            found_new = node_hash(sibling, found_new)
            while old and not old & 1:
                old, new = old >> 1, new >> 1
        else:
            found_new = node_hash(found_new, sibling)
        old, new = old >> 1, new >> 1
    if new:
        raise wrong_length
    return found_old, found_new


def _split(count: int) -> int:
    """The largest power of two below `count`, where a tree of `count` > 1 leaves splits."""
    return 1 << (count - 1).bit_length() - 1


def _perfect_subtrees(start: int, end: int) -> Iterator[tuple[int, int]]:
    """`(level, index)` of the perfect subtrees that fill the leaves from `start` to `end`, from the left.

    `start` is a multiple of the largest of them, as it is for every subtree of an RFC 6962 tree.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _range_hash(start: int, end: int, hash_at: HashAt) -> bytes:
    hashes = [hash_at(level, index) for level, index in _perfect_subtrees(start, end)]
    found = hashes.pop()
    while hashes:
        found = node_hash(hashes.pop(), found)
    return found


def _require_size(size: int) -> None:
    if not 0 <= size <= SIZE_MAX:
        raise BadProof(f"{size} is not the size of a tree")


def _require_hashes(proof: Sequence[bytes], *others: bytes) -> None:
    if len(proof) > PROOF_HASHES_MAX + 1:
        raise BadProof(f"{len(proof)} hashes are more than any proof has")
    for value in (*others, *proof):
        if len(value) != HASH:
            raise BadProof(f"a hash has {len(value)} bytes instead of {HASH}")
