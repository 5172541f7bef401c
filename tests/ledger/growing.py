"""Logs in memory for the tests of witnesses: trees that grow, trees that fork, and what a log sends of them."""

from __future__ import annotations

from functools import cache

from openforyou.ledger import merkle
from openforyou.ledger.checkpoint import Checkpoint, sign
from openforyou.ledger.keys import Algorithm, SigningKey
from openforyou.ledger.merkle import leaf_hash, node_hash
from openforyou.ledger.submission import Submission

NOW_S = 1_780_000_000


class Tree:
    """A tree without end: leaf n is the number n, but from `fork_at` on it also says `branch`."""

    def __init__(self, branch: str = "", fork_at: int = 0) -> None:
        self.branch, self.fork_at = branch, fork_at
        self.hash_at = cache(self._hash_at)

    def _hash_at(self, level: int, index: int) -> bytes:
        if level == 0:
            return leaf_hash(f"{index}{self.branch if index >= self.fork_at else ''}".encode())
        return node_hash(self.hash_at(level - 1, 2 * index), self.hash_at(level - 1, 2 * index + 1))

    def root(self, size: int) -> bytes:
        return merkle.tree_root(size, self.hash_at)

    def proof(self, old: int, new: int) -> list[bytes]:
        return merkle.consistency_proof(old, new, self.hash_at)


class GrowingLog:
    """A log with a key, over a tree and whatever forks of it."""

    def __init__(self, name: str = "log.example") -> None:
        self.key = SigningKey(name, Algorithm.ED25519, name.encode().ljust(32)[:32])
        self.tree = Tree()

    def signed(self, size: int, tree: Tree | None = None) -> bytes:
        """The checkpoint of `size` leaves."""
        return sign(Checkpoint(self.key.name, size, (tree or self.tree).root(size)), self.key)

    def submission(self, old: int, new: int, tree: Tree | None = None) -> bytes:
        """What is sent to a witness that knows `old` leaves."""
        proof = tuple((tree or self.tree).proof(old, new)) if old <= new else ()
        return Submission(old, proof, self.signed(new, tree)).format()


def witness_keys(name: str = "w.example") -> list[SigningKey]:
    """Both keys of a witness."""
    return [
        SigningKey(name, Algorithm.ED25519_COSIGNATURE, f"{name}/1".encode().ljust(32)[:32]),
        SigningKey(name, Algorithm.MLDSA44_COSIGNATURE, f"{name}/2".encode().ljust(32)[:32]),
    ]
