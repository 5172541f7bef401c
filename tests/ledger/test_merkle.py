"""Trees as RFC 6962 defines them: published cases, known roots, and proofs that must stand or fall."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openforyou.ledger.errors import BadProof
from openforyou.ledger.merkle import (
    EMPTY_ROOT,
    SIZE_MAX,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    leaf_hashes,
    node_hash,
    tile_root,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

# The leaves that the reference implementations of Certificate Transparency test with, and the roots of their first n.
KNOWN_LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
KNOWN_ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]


def defined_root(leaves: Sequence[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1, word by word, over entries."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


class Tree:
    """A whole tree in memory, every perfect subtree kept."""

    def __init__(self, size: int) -> None:
        self.entries = [f"entry {number}".encode() for number in range(size)]
        self.levels = [[leaf_hash(entry) for entry in self.entries]]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            self.levels.append([node_hash(*below[at : at + 2]) for at in range(0, len(below) - 1, 2)])

    def hash_at(self, level: int, index: int) -> bytes:
        return self.levels[level][index]

    def root(self, size: int) -> bytes:
        return tree_root(size, self.hash_at)


TREE = Tree(600)
SIZES = st.integers(1, len(TREE.entries))


def published(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [
        json.loads(path.read_text()) | {"path": str(path.relative_to(folder))}
        for path in sorted((folder / "merkle" / kind).rglob("*.json"))
    ]


def passes(case: dict[str, Any]) -> bool:
    proof = [base64.b64decode(value) for value in case["proof"] or []]
    try:
        if "leafHash" in case:
            verify_inclusion(
                index=case["leafIdx"],
                size=case["treeSize"],
                leaf_hash=base64.b64decode(case["leafHash"] or ""),
                proof=proof,
                root=base64.b64decode(case["root"] or ""),
            )
        else:
            verify_consistency(
                old_size=case["size1"],
                new_size=case["size2"],
                old_root=base64.b64decode(case["root1"] or ""),
                new_root=base64.b64decode(case["root2"] or ""),
                proof=proof,
            )
    except BadProof:
        return False
    return True


def test_all_published_cases(real_data: Path) -> None:
    cases = published(real_data, "inclusion") + published(real_data, "consistency")
    assert Counter(case["wantErr"] for case in cases) == {True: 184, False: 12}
    assert [case["path"] for case in cases if passes(case) is case["wantErr"]] == []


def test_published_consistency_from_an_empty_tree_is_refused(real_data: Path) -> None:
    from_nothing = [case for case in published(real_data, "consistency") if case["size1"] == 0]
    assert from_nothing
    assert not any(passes(case) for case in from_nothing)


@pytest.mark.parametrize("proof", [[], [KNOWN_ROOTS[1]]])
def test_nothing_is_proved_from_an_empty_tree(proof: list[bytes]) -> None:
    with pytest.raises(BadProof, match="one of 0"):
        verify_consistency(old_size=0, new_size=1, old_root=EMPTY_ROOT, new_root=KNOWN_ROOTS[1], proof=proof)
    with pytest.raises(BadProof):
        verify_consistency(old_size=0, new_size=0, old_root=EMPTY_ROOT, new_root=EMPTY_ROOT, proof=[])


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    frontier = Frontier()
    for entry in KNOWN_LEAVES[:size]:
        frontier.append(leaf_hash(entry))
    assert frontier.root() == KNOWN_ROOTS[size] == defined_root(KNOWN_LEAVES[:size])


def test_known_proofs() -> None:
    """The paths of the same reference tests, over the known leaves."""
    leaves = leaf_hashes(KNOWN_LEAVES)
    levels = [leaves, [node_hash(*leaves[at : at + 2]) for at in (0, 2, 4, 6)]]
    levels.append([node_hash(*levels[1][:2]), node_hash(*levels[1][2:])])
    levels.append([node_hash(*levels[2])])

    def hash_at(level: int, index: int) -> bytes:
        return levels[level][index]

    assert [value.hex()[:8] for value in inclusion_proof(0, 8, hash_at)] == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert [value.hex()[:8] for value in inclusion_proof(5, 8, hash_at)] == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert [value.hex()[:8] for value in inclusion_proof(2, 3, hash_at)] == ["fac54203"]
    assert [value.hex()[:8] for value in consistency_proof(1, 8, hash_at)] == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert [value.hex()[:8] for value in consistency_proof(2, 5, hash_at)] == ["5f083f0a", "bc1a0643"]
    assert consistency_proof(6, 8, hash_at)[0] == levels[1][2]


@given(st.lists(st.binary(max_size=40), max_size=70), st.data())
def test_a_frontier_has_the_root_of_the_definition_however_it_grew(entries: list[bytes], data: st.DataObject) -> None:
    frontier = Frontier()
    left = leaf_hashes(entries)
    while left:
        count = data.draw(st.integers(1, len(left)))
        frontier.extend(left[:count])
        left = left[count:]
    assert frontier.size == len(entries)
    assert frontier.root() == defined_root(entries)


@given(st.integers(0, 600), st.integers(0, 600))
def test_a_frontier_taken_from_a_tree_goes_on_as_if_it_had_grown_there(size: int, more: int) -> None:
    size, grown = sorted((size, more))
    frontier = Frontier.at(size, TREE.hash_at)
    assert frontier.root() == TREE.root(size)
    twin = frontier.copy()
    frontier.extend(TREE.levels[0][size:grown])
    assert (frontier.size, frontier.root()) == (grown, TREE.root(grown))
    assert (twin.size, twin.root()) == (size, TREE.root(size))


def test_a_full_tile_has_the_root_of_its_256_leaves() -> None:
    assert tile_root(TREE.levels[0][:256]) == TREE.levels[8][0] == defined_root(TREE.entries[:256])
    for count in (0, 3, 255):
        with pytest.raises(ValueError, match="perfect"):
            tile_root(TREE.levels[0][:count])


@given(SIZES, st.data())
def test_each_leaf_is_proved_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, TREE.hash_at)
    root = TREE.root(size)
    verify_inclusion(index=index, size=size, leaf_hash=TREE.levels[0][index], proof=proof, root=root)
    other = data.draw(st.integers(0, size).filter(lambda value: value != index))
    with pytest.raises(BadProof):
        verify_inclusion(index=other, size=size, leaf_hash=TREE.levels[0][index], proof=proof, root=root)
    if other < size:
        with pytest.raises(BadProof):
            verify_inclusion(index=index, size=size, leaf_hash=TREE.levels[0][other], proof=proof, root=root)


@given(SIZES, SIZES)
def test_each_tree_is_proved_to_continue_each_smaller_one(one: int, other: int) -> None:
    old, new = sorted((one, other))
    proof = consistency_proof(old, new, TREE.hash_at)
    assert old < new or proof == []
    verify_consistency(old_size=old, new_size=new, old_root=TREE.root(old), new_root=TREE.root(new), proof=proof)


def mutations(proof: list[bytes], draw: st.DataObject) -> list[list[bytes]]:
    """Every way to drop, double or swap one hash, and one flipped bit in each."""
    bit = draw.draw(st.integers(0, 255))
    mutated = [[*proof, bytes(32)], [bytes(32), *proof], [*proof, b""]]
    for at, value in enumerate(proof):
        flipped = (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(32, "big")
        replaced: tuple[list[bytes], ...] = ([], [flipped], [value, value], [value[:31]], [value + b"\x00"])
        mutated += [[*proof[:at], *instead, *proof[at + 1 :]] for instead in replaced]
        if at and proof[at - 1] != value:
            mutated.append([*proof[: at - 1], value, proof[at - 1], *proof[at + 1 :]])
    return mutated


@settings(max_examples=60)
@given(SIZES, st.data())
def test_no_mutation_of_an_inclusion_proof_passes(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaf, root = TREE.levels[0][index], TREE.root(size)
    for mutated in mutations(inclusion_proof(index, size, TREE.hash_at), data):
        with pytest.raises(BadProof):
            verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=mutated, root=root)


@settings(max_examples=60)
@given(SIZES, SIZES, st.data())
def test_no_mutation_of_a_consistency_proof_passes(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    roots = {"old_root": TREE.root(old), "new_root": TREE.root(new)}
    proof = consistency_proof(old, new, TREE.hash_at)
    for mutated in mutations(proof, data):
        with pytest.raises(BadProof):
            verify_consistency(old_size=old, new_size=new, proof=mutated, **roots)
    if old < new:
        for forged in ({"old_root": bytes(32)}, {"new_root": bytes(32)}, {"old_root": roots["new_root"]}):
            with pytest.raises(BadProof):
                verify_consistency(old_size=old, new_size=new, proof=proof, **(roots | forged))


def test_a_rewritten_leaf_cannot_be_hidden() -> None:
    """A fork: the same history but for one leaf, which no proof of the forked tree joins to the old one."""
    fork = Tree(600)
    fork.levels[0][17] = leaf_hash(b"another")
    for level in range(1, len(fork.levels)):
        at = 17 >> level
        if at < len(fork.levels[level]):
            fork.levels[level][at] = node_hash(*fork.levels[level - 1][2 * at : 2 * at + 2])
    for size in (18, 64, 100, 599):
        with pytest.raises(BadProof):
            verify_consistency(
                old_size=size,
                new_size=600,
                old_root=TREE.root(size),
                new_root=fork.root(600),
                proof=consistency_proof(size, 600, fork.hash_at),
            )


def test_there_is_no_proof_for_what_is_not_there() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5), (0, -1), (0, SIZE_MAX + 1)):
        with pytest.raises(BadProof):
            inclusion_proof(index, size, TREE.hash_at)
        with pytest.raises(BadProof, match=r"there is no leaf|not the size"):
            verify_inclusion(index=index, size=size, leaf_hash=EMPTY_ROOT, proof=[], root=EMPTY_ROOT)
    for old, new in ((6, 5), (-1, 5), (0, SIZE_MAX + 1)):
        with pytest.raises(BadProof):
            consistency_proof(old, new, TREE.hash_at)
    assert consistency_proof(0, 5, TREE.hash_at) == []


def test_a_proof_of_absurd_length_is_refused_before_it_is_hashed() -> None:
    with pytest.raises(BadProof, match="more than any proof"):
        verify_inclusion(index=0, size=SIZE_MAX, leaf_hash=bytes(32), proof=[bytes(32)] * 1_000, root=bytes(32))
