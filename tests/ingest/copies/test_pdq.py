"""PDQ beside the original: bit for bit, on pictures of every kind."""

from __future__ import annotations

import cv2
import numpy as np
import pdqhash
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openforyou.ingest.copies import pdq


def original(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    bits, _ = pdqhash.compute(np.stack([picture] * 3, axis=-1))
    return np.packbits(np.asarray(bits, np.uint8))


def ours(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pdq.hashed(pdq.transformed(picture[None]))[0]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.floats(0.0, 8.0), st.floats(1, 400))
def test_every_bit_is_the_originals(seed: int, blur: float, contrast: float) -> None:
    noise = np.random.default_rng(seed).normal(128, contrast, (64, 64))
    picture = np.clip(cv2.GaussianBlur(noise, (0, 0), blur) if blur > 0.3 else noise, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(ours(picture), original(picture))


def test_flat_and_striped_pictures_too() -> None:
    rows = np.arange(64, dtype=np.uint8)
    for picture in (np.full((64, 64), 77, np.uint8), np.tile(4 * rows, (64, 1)), np.tile(rows[:, None] % 2 * 255, 64)):
        np.testing.assert_array_equal(ours(np.ascontiguousarray(picture)), original(np.ascontiguousarray(picture)))


def test_mirrored_terms_hash_like_the_mirrored_picture() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8)
    mirrored = pdq.hashed(pdq.mirrored(pdq.transformed(picture[None])))
    assert pdq.distances(mirrored, ours(picture[:, ::-1])[None])[0] <= 2  # roundings of terms at the median
    assert pdq.distances(mirrored, ours(picture)[None])[0] > 60
