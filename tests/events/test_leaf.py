"""The leaves of the log: thirty bytes that say what, and nobody who; records that have one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.ids import MAX_ID
from openforyou.events.leaf import (
    LEAF_BYTES,
    Action,
    BadLeaf,
    Deed,
    Record,
    decode_leaf,
    encode_deed,
    encode_record,
    nullifier,
)

SECRET = bytes(range(32))
deeds = st.builds(
    Deed,
    st.sampled_from(Action),
    st.integers(1, MAX_ID),
    st.integers(0, 2**32 - 1),
    st.binary(min_size=16, max_size=16),
)


def test_a_leaf_is_as_documented() -> None:
    """A golden leaf: what stands in a public log can never be read differently."""
    mark = nullifier(SECRET, Action.LIKE, 7)
    assert mark.hex() == "56f9caafee1e051497c6465392d2ccf5"
    leaf = encode_deed(Deed(Action.LIKE, 7, 1, mark))
    assert leaf.hex() == "0107000000000000000700000001" + mark.hex()
    assert len(leaf) == LEAF_BYTES == 30


@given(deeds)
def test_a_deed_is_read_as_it_was_written(deed: Deed) -> None:
    assert decode_leaf(encode_deed(deed)) == deed


def test_a_record_has_one_spelling() -> None:
    leaf = encode_record("refused", {"by_reason": {"bad_time": 2}, "since": "a", "until": "b"})
    assert leaf == b'{"by_reason":{"bad_time":2},"since":"a","type":"refused","until":"b"}'
    assert decode_leaf(leaf) == Record("refused", {"by_reason": {"bad_time": 2}, "since": "a", "until": "b"})
    for other in (
        leaf + b" ",
        leaf.replace(b":", b": "),
        b'{"b":1}',
        b'{"type":1}',
        b"{",
        b'{"a":NaN,"type":"x"}',
        b'{"type":"\\ud800"}',
        b"{" * 9_000,
    ):
        with pytest.raises(BadLeaf):
            decode_leaf(other)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_leaf_or_refused(raw: bytes) -> None:
    try:
        told = decode_leaf(raw)
    except BadLeaf:
        return
    assert isinstance(told, Deed)
    assert encode_deed(told) == raw


def test_a_nullifier_is_one_viewers_for_one_thing() -> None:
    """The same again for the same; another for any other viewer, action, subject or scope."""
    marks = {
        nullifier(secret, action, subject, scope)
        for secret in (SECRET, SECRET[::-1])
        for action in (Action.LIKE, Action.VIEW)
        for subject in (7, 8)
        for scope in (b"", b"\x00\x00\x00\x01")
    }
    assert len(marks) == 16
    assert nullifier(SECRET, Action.LIKE, 7) in marks


def test_an_oversized_record_is_refused() -> None:
    with pytest.raises(Exception, match="does not fit"):
        encode_record("policy", {"reason": "x" * 20_000})
