"""One canonical form: whatever is equal has equal bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.encoding import canonical_json, digest, from_base64url, to_base64url


def test_the_order_of_keys_does_not_matter_and_the_form_is_fixed() -> None:
    assert canonical_json({"b": [1, True, None], "a": "é"}) == '{"a":"é","b":[1,true,null]}'.encode()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_without_a_json_form_are_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"x": number})


@given(st.binary(max_size=80))
def test_base64url_survives_and_needs_no_escaping(data: bytes) -> None:
    text = to_base64url(data)
    assert from_base64url(text) == data
    assert all(letter.isalnum() or letter in "-_" for letter in text)


@pytest.mark.parametrize("text", ["a+b/", "ab=c", "ä", "a"])
def test_what_is_not_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_base64url(text)
