"""Where content lies: the clips of a catalogue as points, and how near two must be to count as alike.

Encoders give vectors that all lean one way (most pictures are somewhat bright), so that the cosine of any two is high
and says little. Taking the catalogue's mean away first spreads them; what "near" means is then measured, as the cosine
that a clip has with its closest few, because every encoder has a scale of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NEIGHBOURS = 5
PROBES = 48
"""Clips whose neighbours are looked at to learn what "near" is."""
NEAR_BOUNDS = (0.3, 0.98)
"""Below, everything would be alike; above, nothing but copies."""


@dataclass(frozen=True, slots=True)
class Space:
    """Learned from `fitted_on` clips."""

    mean: Floats  # (C,)
    near: float
    fitted_on: int

    def place(self, raw: Floats) -> tuple[Floats, Floats]:
        """(N, C) content features → unit points (N, C) about the mean, and their distances from it (N,).

        A row that is zero or not finite has no content: point and distance are zero, and it is like nothing.
        """
        about = np.where(_known(raw)[:, None], raw - self.mean, 0).astype(np.float32)
        distance = np.linalg.norm(about, axis=1)
        return about / np.maximum(distance, 1e-6)[:, None], distance.astype(np.float32)

    def raw(self, unit: Floats, distance: Floats) -> Floats:
        """What `place` was given; zero where there was no content."""
        return np.where(distance[:, None] > 0, unit * distance[:, None] + self.mean, 0).astype(np.float32)

    def likeness(self, cosine: Floats) -> Floats:
        """0 for unlike, 1 for as alike as a clip's closest few."""
        result: Floats = cosine / np.float32(self.near)
        return np.clip(result, 0, 1, out=result)

    def is_outgrown(self, items: int) -> bool:
        """Whether the catalogue has changed so much that the space should be learned anew."""
        return abs(items - self.fitted_on) > 0.2 * max(self.fitted_on, 1)


def fit(raw: Floats) -> Space:
    """The space of a catalogue's content features (N, C). Deterministic."""
    known = raw[_known(raw)]
    dim = raw.shape[1]
    if len(known) < 3:  # A mean of two would put them at opposite ends.
        return Space(np.zeros(dim, np.float32), NEAR_BOUNDS[1], len(raw))
    mean = known.mean(axis=0, dtype=np.float64).astype(np.float32)
    unit, _ = Space(mean, NEAR_BOUNDS[1], len(raw)).place(known)
    return Space(mean, _near(unit), len(raw))


def _known(raw: Floats) -> NDArray[np.bool_]:
    """(N,) rows that say something."""
    return np.asarray(np.isfinite(raw).all(axis=1) & raw.any(axis=1))


def _near(unit: Floats) -> float:
    """The median, over some clips, of the cosine with their last close neighbour."""
    probes = np.linspace(0, len(unit) - 1, min(PROBES, len(unit))).astype(np.int64)
    rank = min(NEIGHBOURS, len(unit) - 1)
    cosines = [np.partition(unit @ unit[probe], -(rank + 1))[-(rank + 1)] for probe in probes]  # itself is the first
    return float(np.clip(np.median(cosines), *NEAR_BOUNDS))
