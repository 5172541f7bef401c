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
from openforyou.recommend.snapshot.shelf import Ids, Mask, Shelf
from openforyou.recommend.snapshot.space import Floats, Space

LEADER_LIKENESS = 0.6
"""Clips at least so alike are one interest."""
FEELING_MAX = 3.0


@dataclass(frozen=True, slots=True)
class Past:
    """What a viewer did with T items that are still on the shelf, newest first; then what they only asked more of."""

    positions: Ids  # (T,)
    deeds: NDArray[np.void]  # (T,) of the events' DEEDS
    watched: Floats  # (T,) share of the clip, 0 … 2
    feeling: Floats  # (T,)
    strength: Floats  # (T,) 0 … 1
    unit: Floats  # (T, C) content
    creators: Ids  # (T,)
    wished: Mask  # (T,) asked for more like it

    def __len__(self) -> int:
        return len(self.positions)


def past_of(
    deeds: NDArray[np.void], shelf: Shelf, now_s: float, weights: Weights, wishes: NDArray[np.void] | None = None
) -> Past:
    """From viewer state, newest first, and `wishes` (W,) of SERVED: clips to show more like, since when.

    What has left the shelf is left out: it counts for nothing any more. A wish is as strong as when it was made,
    whatever else was watched since, and fades by its own half-life; refusing the clip takes it back.
    """
    deeds = deeds[shelf.positions(deeds["item_id"]) >= 0]
    receding = np.arange(len(deeds)) / weights.taste_half_life_items
    receding = receding + _hours(deeds["last_at"], now_s) / weights.taste_half_life_h
    if wishes is None or not len(wishes):
        wished_h = np.full(len(deeds), np.inf)
    else:
        deeds, wished_h = _with_wishes(deeds, wishes[shelf.positions(wishes["item_id"]) >= 0], now_s)
        receding = np.append(receding, np.full(len(deeds) - len(receding), np.inf))
    wished, at = np.isfinite(wished_h), shelf.positions(deeds["item_id"])
    watched = watch_fraction(deeds, shelf.duration_ms[at])
    felt = feelings(deeds, watched, weights) + np.float32(weights.feel_more) * wished
    return Past(
        positions=at,
        deeds=deeds,
        watched=watched,
        feeling=np.clip(felt, -FEELING_MAX, FEELING_MAX).astype(np.float32),
        strength=np.exp2(-np.minimum(receding, wished_h / weights.more_half_life_h)).astype(np.float32),
        unit=shelf.unit[at],
        creators=shelf.creators[at],
        wished=wished,
    )


def _with_wishes(
    deeds: NDArray[np.void], wishes: NDArray[np.void], now_s: float
) -> tuple[NDArray[np.void], NDArray[np.float64]]:
    """Deeds, and behind them a row for each wish without one; and for each row the hours since the wish, or inf."""
    new = wishes[~np.isin(wishes["item_id"], deeds["item_id"])]
    rows = np.zeros(len(new), dtype=deeds.dtype)
    rows["item_id"], rows["last_at"] = new["item_id"], new["at"]
    deeds = np.concatenate([deeds, rows])
    hours = np.full(len(deeds), np.inf)
    order = np.argsort(deeds["item_id"])
    hours[order[np.searchsorted(deeds["item_id"], wishes["item_id"], sorter=order)]] = _hours(wishes["at"], now_s)
    hours[deeds["refused"] > 0] = np.inf
    return deeds, hours


def _hours(at: NDArray[np.floating], now_s: float) -> NDArray[np.float64]:
    return np.asarray(np.maximum(now_s - at, 0) / 3600)


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
    alike = space.likeness(unit @ past.unit.T)
    alike **= np.float32(weights.taste_power)
    alike[creators[:, None] == past.creators[None, :]] += np.float32(weights.taste_creator)
    return np.minimum(alike, 1, out=alike)


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
