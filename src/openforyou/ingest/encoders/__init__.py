"""Content features, so that an item nobody has seen has a place: encoders of picture, motion, sound and words.

    Sample ─► picture-1 (96) ─┐
           ─► motion-1  (32) ─┤ × √weight, side by side
           ─► sound-1   (48) ─┼────────────────────────► content-1 (256)
           ─► words-1   (80) ─┘

All are computed here, from the file alone; nothing is downloaded. Each declares what it describes, and one that tells
who somebody is does not run without the right of everyone concerned (`concern`). To plug in another, write a class that
keeps `Encoder`'s promise, add it to `BLOCKS` with its weight, and give the combined vector a new name.
"""

from __future__ import annotations

import numpy as np

from openforyou.ingest.encoders.concern import UNKNOWN, Concerned, may_run
from openforyou.ingest.encoders.motion import MotionEncoder
from openforyou.ingest.encoders.picture import PictureEncoder
from openforyou.ingest.encoders.sample import Describes, Encoder, Floats, Sample, unit
from openforyou.ingest.encoders.sound import SoundEncoder
from openforyou.ingest.encoders.words import WordsEncoder

Blocks = tuple[tuple[Encoder, float], ...]
BLOCKS: Blocks = (
    (PictureEncoder(), 0.40),
    (MotionEncoder(), 0.15),
    (SoundEncoder(), 0.20),
    (WordsEncoder(), 0.25),
)
"""Each encoder with its share in the combined vector: the dot product of two items is Σ share · cosine."""

CONTENT_ENCODER = "content-1"
CONTENT_DIM = sum(encoder.dim for encoder, _ in BLOCKS)

assert abs(sum(share for _, share in BLOCKS) - 1) < 1e-9, "shares add up to one"


def describe(sample: Sample, concerned: Concerned = UNKNOWN, blocks: Blocks = BLOCKS) -> dict[str, Floats]:
    """The unit vector of each encoder that may run by its name, and the combined one under `CONTENT_ENCODER`.

    One that may not run sees nothing of the clip, has no vector of its own, and in the combined one the fixed vector
    that means that its side is missing.
    """
    vectors = {encoder.name: encoder(sample) for encoder, _ in blocks if may_run(encoder, concerned)}
    parts = [np.sqrt(share) * vectors.get(encoder.name, unit(np.zeros(encoder.dim))) for encoder, share in blocks]
    return {**vectors, CONTENT_ENCODER: unit(np.concatenate(parts))}


__all__ = [
    "BLOCKS",
    "CONTENT_DIM",
    "CONTENT_ENCODER",
    "Blocks",
    "Concerned",
    "Describes",
    "Encoder",
    "Floats",
    "Sample",
    "describe",
]
