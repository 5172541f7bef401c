"""What a viewer's own actions say of a clip: pure arithmetic on columns.

Each clip of the history carries a feeling (positive: watched on, liked; negative: skipped, refused) and a strength that
fades as it recedes. The taste for a candidate is the mean feeling towards clips like it, drawn to nothing while there
are few: Σ likeness × strength × feeling ÷ (Σ likeness × strength + prior). So three clips of one look watched to the
end lift that look at the very next request, whatever was watched before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.learn.rules import DURATION_MS_MIN, WATCHED_MAX
from openforyou.recommend.params import Weights
from openforyou.recommend.shelf import Ids, Shelf
from openforyou.recommend.space import Floats, Space

LEADER_LIKENESS = 0.6
"""Clips at least so alike are one interest."""
FEELING_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Past:
    """What a viewer did with T items that are still on the shelf, newest first."""

    positions: Ids  # (T,)
    deeds: NDArray[np.void]  # (T,) of the events' DEEDS
    watched: Floats  # (T,) share of the clip, 0 … 2
    feeling: Floats  # (T,)
    strength: Floats  # (T,) 0 … 1
    unit: Floats  # (T, C) content
    creators: Ids  # (T,)

    def __len__(self) -> int:
        return len(self.positions)


def past_of(deeds: NDArray[np.void], shelf: Shelf, now_s: float, weights: Weights) -> Past:
    """From viewer state, newest first. What has left the shelf is left out: it counts for nothing any more."""
    at = shelf.positions(deeds["item_id"])
    deeds, at = deeds[at >= 0], at[at >= 0]
    watched = watch_fraction(deeds, shelf.duration_ms[at])
    age_h = np.maximum(now_s - deeds["last_at"], 0) / 3600
    receding = np.arange(len(at)) / weights.taste_half_life_items + age_h / weights.taste_half_life_h
    return Past(
        positions=at,
        deeds=deeds,
        watched=watched,
        feeling=feelings(deeds, watched, weights),
        strength=np.exp2(-receding).astype(np.float32),
        unit=shelf.unit[at],
        creators=shelf.creators[at],
    )


def watch_fraction(deeds: NDArray[np.void], duration_ms: Floats) -> Floats:
    """(T,) share of the clip that was watched: `learn.rules.watched_share` over columns."""
    share = deeds["watch_ms"] / np.maximum(duration_ms, DURATION_MS_MIN)
    share = np.where(deeds["completions"] > 0, np.maximum(share, 1), share)
    return np.asarray(np.clip(share, 0, WATCHED_MAX), dtype=np.float32)


def feelings(deeds: NDArray[np.void], watched: Floats, weights: Weights) -> Floats:
    """(T,) how each was taken. A clip that was merely on screen says nothing."""
    begun = np.minimum(watched, 1)
    completed = deeds["completions"] > 0
    left = (deeds["skips"] > 0) & ~completed
    felt = (
        weights.feel_watched * np.where(left | (begun == 0), 0, begun - weights.feel_even)
        + weights.feel_completed * completed
        + weights.feel_liked * (deeds["liked"] > 0)
        + weights.feel_shared * (deeds["shares"] > 0)
        + weights.feel_skipped * np.where(left, 1 - begun, 0)
        + weights.feel_refused * (deeds["refused"] > 0)
    )
    return np.asarray(np.clip(felt, -FEELING_MAX, FEELING_MAX), dtype=np.float32)


def likeness(past: Past, unit: Floats, creators: Ids, space: Space, weights: Weights) -> Floats:
    """(M, T): how like M clips, by content (M, C) and creator (M,), are to each clip of the past."""
    alike = space.likeness(unit @ past.unit.T) ** np.float32(weights.taste_power)
    same = creators[:, None] == past.creators[None, :]
    return np.asarray(np.minimum(alike + np.float32(weights.taste_creator) * same, 1), dtype=np.float32)


def taste(past: Past, alike: Floats, weights: Weights) -> Floats:
    """(M,) from likeness (M, T): the feeling that a candidate may expect."""
    felt = alike @ (past.strength * past.feeling)
    told = alike @ (past.strength * (past.feeling != 0))
    return np.asarray(felt / (told + np.float32(weights.taste_prior)), dtype=np.float32)


def interests(past: Past, space: Space, weights: Weights) -> Floats:
    """(K, C): what the viewer likes, as unit points, strongest first, at most `similar_interests`.

    The clip they felt most for leads; clips like it join it; the next leader is the strongest of the rest.
    """
    drive = past.strength * past.feeling
    liked = np.flatnonzero((drive > 0) & past.unit.any(axis=1))
    unit, drive = past.unit[liked], drive[liked].copy()
    alike = space.likeness(unit @ unit.T)
    points: list[Floats] = []
    while len(points) < weights.similar_interests and drive.size and drive.max() > 0:
        members = (alike[int(drive.argmax())] >= LEADER_LIKENESS) & (drive > 0)
        middle = (drive[members] / drive[members].max()) @ unit[members]
        points.append(middle / max(float(np.linalg.norm(middle)), 1e-6))
        drive[members] = 0
    return np.asarray(points, dtype=np.float32).reshape(len(points), past.unit.shape[1])
