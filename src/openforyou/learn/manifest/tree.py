"""The tree over all that a model learned from, in which an owner can find theirs and nobody else can.

Of each item and each viewer there is one leaf of 64 bytes, a *key* and a *commitment*, both made under the subject's
own secret:

    key         HMAC-SHA256(secret, "ofy-learned-1\\n" ‖ nonce ‖ kind ‖ id, 8 bytes, big-endian)
    commitment  HMAC-SHA256(secret, "ofy-rows-1\\n" ‖ nonce ‖ the subject's rows); 32 zero bytes where an update
                holds no rows of it any more, and an earlier version of the same model learned from it

The nonce is one model's (its updates share it), so that the leaves of two models cannot be put side by side. Leaves
ascend by key, each key once, and make a Merkle tree as in RFC 6962. So a leaf's path proves that it is in, and two
neighbours with a gap between them prove that what would lie there is not. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import hmac
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from openforyou.learn.manifest.errors import BadManifest
from openforyou.ledger.errors import BadProof
from openforyou.ledger.merkle import (
    EMPTY_ROOT,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    parent_hashes,
    tree_root,
    verify_inclusion,
)

KEY_BYTES = COMMITMENT_BYTES = 32
LEAF_BYTES = KEY_BYTES + COMMITMENT_BYTES
NONCE_BYTES = 16
CARRIED = bytes(COMMITMENT_BYTES)
"""The commitment of what an earlier version learned from, and this one holds no rows of."""
KINDS = ("item", "viewer")
_LEARNED, _ROWS = b"ofy-learned-1\n", b"ofy-rows-1\n"


def key_of(secret: bytes, nonce: bytes, kind: str, subject: int) -> bytes:
    """Where a subject lies in the tree of one model: (32,) bytes."""
    assert kind in KINDS, "items and viewers are learned from"
    return hmac.digest(secret, _LEARNED + nonce + kind.encode() + subject.to_bytes(8, "big"), "sha256")


def commitment_of(secret: bytes, nonce: bytes, rows: bytes) -> bytes:
    """(32,) bytes that bind the platform to the rows, and show nothing of them."""
    return hmac.digest(secret, _ROWS + nonce + rows, "sha256")


@dataclass(frozen=True, slots=True)
class Held:
    """A leaf and its path to the root."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]

    @property
    def key(self) -> bytes:
        """Its first half."""
        return self.leaf[:KEY_BYTES]

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a file."""
        return {"index": self.index, "leaf": self.leaf.hex(), "path": [one.hex() for one in self.path]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Held:
        """The leaf that `as_dict` gave. Raises `BadManifest`."""
        try:
            index, leaf = told["index"], bytes.fromhex(told["leaf"])
            path = tuple(bytes.fromhex(one) for one in told["path"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadManifest("A leaf of the proof is no index, leaf and path.") from error
        if type(index) is not int or len(leaf) != LEAF_BYTES:
            raise BadManifest(f"A leaf of the proof has {len(leaf)} bytes, not {LEAF_BYTES}.")
        return cls(index, leaf, path)


@dataclass(frozen=True)
class Tree:
    """Leaves, ascending by key, each key once. Raises `BadManifest` where they are not."""

    leaves: Sequence[bytes]

    def __post_init__(self) -> None:
        before = b""
        for leaf in self.leaves:
            if len(leaf) != LEAF_BYTES or leaf[:KEY_BYTES] <= before:
                raise BadManifest("The leaves do not ascend by their keys, each once.", hint="The file was altered.")
            before = leaf[:KEY_BYTES]

    @classmethod
    def of(cls, marks: Mapping[bytes, bytes]) -> Tree:
        """From commitments by key."""
        return cls([key + commitment for key, commitment in sorted(marks.items())])

    @classmethod
    def parse(cls, data: bytes) -> Tree:
        """The tree of a file of leaves. Raises `BadManifest`."""
        if len(data) % LEAF_BYTES:
            raise BadManifest(f"{len(data)} bytes are no whole number of leaves of {LEAF_BYTES}.")
        return cls([data[start : start + LEAF_BYTES] for start in range(0, len(data), LEAF_BYTES)])

    def format(self) -> bytes:
        """The file of leaves: one after another, nothing between them."""
        return b"".join(self.leaves)

    def __len__(self) -> int:
        return len(self.leaves)

    @cached_property
    def root(self) -> bytes:
        """The root over all leaves."""
        return tree_root(len(self), self._hash_at)

    @cached_property
    def keys(self) -> list[bytes]:
        """All keys, ascending."""
        return [leaf[:KEY_BYTES] for leaf in self.leaves]

    def commitment(self, key: bytes) -> bytes | None:
        """Of the leaf with that key; None: there is none."""
        at = bisect_left(self.keys, key)
        return self.leaves[at][KEY_BYTES:] if at < len(self) and self.keys[at] == key else None

    def prove(self, key: bytes) -> tuple[Held, ...]:
        """The leaf with that key by itself; or, where there is none, its neighbours: two, one at either end, or none
        in a tree without leaves."""
        at = bisect_left(self.keys, key)
        if at < len(self) and self.keys[at] == key:
            return (self._held(at),)
        return tuple(self._held(one) for one in (at - 1, at) if 0 <= one < len(self))

    def _held(self, index: int) -> Held:
        return Held(index, self.leaves[index], tuple(inclusion_proof(index, len(self), self._hash_at)))

    @cached_property
    def _levels(self) -> list[list[bytes]]:
        """Hashes of perfect subtrees by level: the leaves, their parents, and so on."""
        levels = [leaf_hashes(self.leaves)]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append(parent_hashes(below[: len(below) & ~1]))
        return levels

    def _hash_at(self, level: int, index: int) -> bytes:
        return self._levels[level][index]


def is_in(proof: Sequence[Held], key: bytes, size: int, root: bytes) -> bool:
    """What a proof shows: True that the key is in the tree, False that it is not. Raises `BadManifest` for neither."""
    try:
        for held in proof:
            leaf = leaf_hash(held.leaf)
            verify_inclusion(index=held.index, size=size, leaf_hash=leaf, proof=held.path, root=root)
    except BadProof as error:
        raise BadManifest(f"The proof does not hold: {error.message}.") from error
    if len(proof) == 1 and proof[0].key == key:
        return True
    if _has_no_room(proof, key, size, root):
        return False
    raise BadManifest("The leaves of the proof show neither that it is in the tree nor that it is not.")


def _has_no_room(proof: Sequence[Held], key: bytes, size: int, root: bytes) -> bool:
    if not proof:
        return size == 0 and root == EMPTY_ROOT
    first, last = proof[0], proof[-1]
    if len(proof) == 2:
        return first.index + 1 == last.index and first.key < key < last.key
    at_the_start = first.index == 0 and key < first.key
    return len(proof) == 1 and (at_the_start or (first.index == size - 1 and first.key < key))
