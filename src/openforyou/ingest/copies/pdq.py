"""PDQ, the perceptual hash of a picture, for many pictures at once and from one fixed size.

Source: facebook/ThreatExchange, `pdq/cpp/hashing`. From 64 × 64 luma PDQ neither blurs nor decimates, so that the hash
is a cosine transform and a median; this form gives bit for bit what the original gives for such a picture, with the
same order of additions in the same precision.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SIDE_PX, TERMS = 64, 16
BITS = TERMS * TERMS
BYTES = BITS // 8
Hashes = NDArray[np.uint8]
"""(N, 32): 256 bits each, as rows of bytes."""


def _basis() -> NDArray[np.float32]:
    """(16, 64): the cosine transform's terms 1 … 16; the mean, term 0, says nothing."""
    terms = np.arange(1, TERMS + 1, dtype=np.float64)[:, None]
    places = 2 * np.arange(SIDE_PX, dtype=np.float64)[None] + 1
    scale = np.float32(np.sqrt(2.0 / SIDE_PX))
    return (scale * np.cos((np.pi / 2 / SIDE_PX) * terms * places)).astype(np.float32)


_BASIS = _basis()


def transformed(luma: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The terms (N, 16, 16), vertical first, of pictures (N, 64, 64)."""
    pictures = luma.astype(np.float32)
    down = np.zeros((len(pictures), TERMS, SIDE_PX), dtype=np.float32)
    for place in range(SIDE_PX):  # One by one, as the original adds: another order rounds otherwise.
        down += _BASIS[:, place, None] * pictures[:, None, place, :]
    both = np.zeros((len(pictures), TERMS, TERMS), dtype=np.float32)
    for place in range(SIDE_PX):
        both += down[:, :, place, None] * _BASIS[None, None, :, place]
    return both


def hashed(terms: NDArray[np.float32]) -> Hashes:
    """The hashes of `transformed` pictures: which terms are above the median, in the original's order of bits."""
    flat = terms.reshape(len(terms), BITS)
    median = np.partition(flat, BITS // 2 - 1, axis=1)[:, BITS // 2 - 1]
    return np.packbits(flat[:, ::-1] > median[:, None], axis=1)


def mirrored(terms: NDArray[np.float32]) -> NDArray[np.float32]:
    """The terms of the pictures as in a mirror: those that are odd across change their sign."""
    signs = np.where(np.arange(1, TERMS + 1) % 2, -1, 1).astype(np.float32)
    return terms * signs


def distances(one: Hashes, other: Hashes) -> NDArray[np.int64]:
    """Bits that differ, row by row: 0 … 256."""
    return np.asarray(np.bitwise_count(one ^ other).sum(axis=-1, dtype=np.int64), np.int64)
