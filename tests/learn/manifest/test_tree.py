"""The tree: a key is found or shown to be absent, and no proof shows anything else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.learn.manifest.errors import BadManifest
from openforyou.learn.manifest.tree import COMMITMENT_BYTES, KEY_BYTES, Tree, is_in, key_of

KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


def tree_of(keys: set[bytes]) -> Tree:
    return Tree.of({key: bytes([key[0]]) * COMMITMENT_BYTES for key in keys})


@given(st.sets(KEYS, max_size=20), KEYS)
def test_each_key_is_shown_to_be_in_or_not_to_be(keys: set[bytes], other: bytes) -> None:
    tree = tree_of(keys)
    assert Tree.parse(tree.format()).root == tree.root
    for key in [*keys, other]:
        assert is_in(tree.prove(key), key, len(tree), tree.root) is (key in keys)


def test_no_proof_shows_what_is_not_so() -> None:
    keys = [bytes([number]) * KEY_BYTES for number in (10, 20, 30, 40, 50)]
    tree, absent = tree_of(set(keys)), b"\x19" * KEY_BYTES
    size, root = len(tree), tree.root
    low, high = tree.prove(absent)
    beyond = tree.prove(b"\xff" * KEY_BYTES)
    forged = replace(low, leaf=absent + low.leaf[KEY_BYTES:])
    for proof in (
        (),
        (low,),
        (high, low),
        (low, *beyond),
        (forged,),
        beyond,
        (replace(low, index=low.index + 1), high),
    ):
        with pytest.raises(BadManifest):
            is_in(proof, absent, size, root)
    with pytest.raises(BadManifest):  # its neighbours do not hide a key that is in
        is_in((*tree.prove(keys[1]), *tree.prove(keys[3])), keys[2], size, root)


def test_leaves_out_of_order_or_twice_are_no_tree() -> None:
    tree = tree_of({bytes([number]) * KEY_BYTES for number in (1, 2, 3)})
    for leaves in (tree.leaves[::-1], [tree.leaves[0], tree.leaves[0]], [tree.leaves[0][:-1]]):
        with pytest.raises(BadManifest):
            Tree(leaves)
    with pytest.raises(BadManifest):
        Tree.parse(tree.format()[:-1])


def test_a_key_is_its_owners_alone_and_another_in_each_model() -> None:
    secret, nonce = b"s" * 32, b"n" * 16
    key = key_of(secret, nonce, "item", 7)
    others = {
        key_of(b"t" * 32, nonce, "item", 7),
        key_of(secret, b"m" * 16, "item", 7),
        key_of(secret, nonce, "viewer", 7),
        key_of(secret, nonce, "item", 8),
    }
    assert len(others | {key}) == 5
