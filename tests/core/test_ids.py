"""Ids survive the way out and back, and nothing else gets in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.errors import BadInput
from openforyou.core.ids import LENGTH, MAX_ID, decode_id, encode_id, new_id


@given(st.integers(1, MAX_ID))
def test_every_id_survives_the_way_out_and_back(number: int) -> None:
    assert len(encode_id(number)) == LENGTH
    assert decode_id(encode_id(number)) == number


@pytest.mark.parametrize("text", ["", "1", "11111111111", "zzzzzzzzzzz", "0OIl0OIl0OI", "../../etc/x", "1111111111\n"])
def test_what_is_no_id_is_refused_by_the_fields_name(text: str) -> None:
    with pytest.raises(BadInput, match="item is not an id") as caught:
        decode_id(text, "item")
    assert caught.value.field == "item"


def test_fresh_ids_differ() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000
