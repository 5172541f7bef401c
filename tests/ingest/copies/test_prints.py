"""Prints survive being stored, and damage is noticed; views cut what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.ingest.copies import views
from openforyou.ingest.copies.errors import BadPrint
from openforyou.ingest.copies.prints import KEPT_MAX, Print, packed, unpacked


def a_print(frames: int = 3, each: int = 130) -> Print:
    rng = np.random.default_rng(1)
    return Print(
        width=180,
        height=320,
        times_ms=np.arange(frames, dtype=np.int32) * 1_000,
        hashes=rng.integers(0, 256, (frames, 32)).astype(np.uint8),
        inner=rng.integers(0, 256, (frames, 32)).astype(np.uint8),
        of=np.repeat(np.arange(frames, dtype=np.int32), each),
        places=rng.uniform(0, 180, (frames * each, 2)).astype(np.float32),
        codes=rng.integers(0, 256, (frames * each, 32)).astype(np.uint8),
    )


def test_what_is_stored_comes_back_with_the_strongest_features() -> None:
    whole = a_print()
    back = unpacked(packed(whole))
    assert (back.width, back.height, len(back)) == (180, 320, 3)
    np.testing.assert_array_equal(back.hashes, whole.hashes)
    for number in range(3):
        assert len(back.frame(number)) == KEPT_MAX
        np.testing.assert_array_equal(back.frame(number).codes, whole.frame(number).codes[:KEPT_MAX])
        np.testing.assert_allclose(back.frame(number).places, whole.frame(number).places[:KEPT_MAX], atol=1 / 16)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_any_damaged_byte_is_noticed(place: int, change: int) -> None:
    data = bytearray(packed(a_print(frames=2, each=20)))
    data[place % len(data)] ^= change
    with pytest.raises(BadPrint):
        unpacked(bytes(data))


@pytest.mark.parametrize("data", [b"", b"OCP1", packed(a_print())[:-1], packed(a_print()) + b"x"])
def test_what_is_cut_short_or_too_long_is_noticed(data: bytes) -> None:
    with pytest.raises(BadPrint):
        unpacked(data)


def test_bars_are_cut_and_a_black_picture_is_left_whole() -> None:
    picture = np.zeros((200, 100), np.uint8)
    picture[40:150, 10:95] = np.random.default_rng(1).integers(0, 256, (110, 85))
    assert views.inner_box(picture) == (10, 40, 95, 150)
    assert views.inner_box(np.zeros((200, 100), np.uint8)) == (0, 0, 100, 200)
    assert views.crop_box(200, 100, 0.8) == (20, 10, 180, 90)
