"""What an encoder is given, and what it promises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SOUND_RATE = 16_000
"""Samples a second of `Sample.sound`."""


class Describes(StrEnum):
    """What an encoder's output says of a clip. One that says who somebody is must declare it, and is not run."""

    PICTURE = "picture"
    MOTION = "motion"
    SOUND = "sound"
    WORDS = "words"
    BIOMETRIC = "biometric"
    """Recognises a face, a voice or a gait: needs the right `biometric` of everyone concerned."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A clip as encoders see it: a few moments, the first minute of its sound, its words.

    Each moment is two frames, `gap_s` apart (0 where the clip has no second one), so that motion can be told.
    Frames are RGB, upright, the longer side at most `sampling.SIDE_PX`.
    """

    frames: Pixels  # (N, 2, H, W, 3), N ≥ 1
    gap_s: Floats  # (N,)
    sound: Floats  # (S,) mono at SOUND_RATE within −1 … 1; empty without sound
    title: str = ""
    caption: str = ""

    def __post_init__(self) -> None:
        assert self.frames.ndim == 5, f"frames are (N, 2, H, W, 3), not {self.frames.shape}"
        assert len(self.frames) == len(self.gap_s) >= 1, "a sample has at least one moment"
        assert self.frames.shape[1] == 2
        assert self.frames.shape[4] == 3


class Encoder(Protocol):
    """Describes one side of a clip by a unit vector: near vectors, alike clips.

    Pure: the same sample gives the same vector, on any machine and in any version of the same `name`. Never fails
    and never answers a number that is not finite; where its side is missing (no sound, no words) it answers one
    fixed vector that means so.
    """

    name: str
    """With its version, as `picture-1`: a change of the output is a new name."""
    dim: int
    declares: frozenset[Describes]

    def __call__(self, sample: Sample) -> Floats:
        """The unit vector, shape (dim,)."""
        ...


def unit(vector: NDArray[np.floating]) -> Floats:
    """`vector` at length 1; what has no length, or is not finite, becomes the first axis."""
    finite = np.nan_to_num(vector.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    length = float(np.linalg.norm(finite))
    if length < 1e-9:
        finite = np.zeros_like(finite)
        finite[0], length = 1.0, 1.0
    return np.asarray(finite / length, dtype=np.float32)
