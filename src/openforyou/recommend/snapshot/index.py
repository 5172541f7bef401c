"""What a feed server holds in memory: one frozen snapshot of catalogue, counts, trends and model.

A refresh makes a new one and replaces one reference; a request keeps the one that it began with, so that all its stages
speak of the same catalogue and the same model. Everything that is the same for all viewers is worked out here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openforyou.events.types import COUNT_NAMES
from openforyou.learn.serving import ACTIONS, ServingModel
from openforyou.moderation.types import Policy
from openforyou.recommend.params import Weights
from openforyou.recommend.snapshot.lottery import Lottery
from openforyou.recommend.snapshot.nearest import Search
from openforyou.recommend.snapshot.neighbours import Neighbours
from openforyou.recommend.snapshot.popularity import EVERYWHERE, Gains, Popularity
from openforyou.recommend.snapshot.ruling import Ruling, ruled
from openforyou.recommend.snapshot.shelf import Ids, Mask, Shelf
from openforyou.recommend.snapshot.space import Floats, Space

_COUNTED_AS = {
    "view": "views",
    "complete": "completions",
    "like": "likes",
    "share": "shares",
    "skip": "skips",
    "not_interested": "not_interested",
}
"""The count that says how often an action followed an impression; following is not counted by item."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A model in service, and where it puts each item of one shelf."""

    model: ServingModel
    vectors: Floats  # (N, D); zero where the model gave no finite vector
    usable: Mask  # (N,)
    space: Space
    """How near two of its vectors must be to count as alike."""
    near: Neighbours | None = None
    """For a large shelf, who is near by this model; may be of an earlier shelf."""


@dataclass(frozen=True, slots=True)
class Makers:
    """The K creators of a shelf, and what each made."""

    ids: Ids  # (K,) ascending
    codes: Ids  # (N,) position in `ids` of each item's creator
    starts: Ids  # (K + 1,)
    made: Ids  # (N,) positions by creator, newest first: creator k's are `starts[k]:starts[k + 1]`


@dataclass(frozen=True, slots=True)
class Tallies:
    """What everybody's counts say of each of N items."""

    counts: NDArray[np.int64]  # (M, K) that it was worked out of
    views: NDArray[np.int64]  # (N,)
    mean: Floats  # (len(ACTIONS),) chances by the mean clip
    odds: Floats  # (N, len(ACTIONS)) log-odds of each action, for anybody
    impressions: Floats  # (N,)
    is_fresh: Mask  # (N,) shown to so few that it is still being found out
    well_liked: Ids  # (N,) positions by falling worth to anybody


@dataclass(frozen=True, slots=True)
class Index:
    """N items by position; position is the order of ids."""

    shelf: Shelf
    makers: Makers
    tallies: Tallies
    lottery: Lottery
    """Over fresh items that no cap holds back."""
    spoken: Mapping[int, int]
    """How many items declare each language, by its number; 0: none."""
    capped: Ids  # ascending positions of what a published cap holds back
    trending: Mapping[str, Ids]  # by region: positions by falling gain there, then everywhere; "*" is everywhere
    placed: Placed | None
    by_content: Search
    by_model: Search | None
    ruling: Ruling
    weights_digest: str
    model_fault: str = ""
    """Why there is a model and it is not used; empty otherwise."""

    def __len__(self) -> int:
        return len(self.shelf)


def build(
    shelf: Shelf,
    popularity: Popularity,
    placed: Placed | None,
    weights: Weights,
    policies: Sequence[Policy] = (),
    before: Index | None = None,
) -> Index:
    """The snapshot. `placed` belongs to the same shelf; `policies` are the rules in force.

    What the snapshot `before` it worked out of the same things is taken over, and so is who is near by content.
    """
    assert placed is None or len(placed.vectors) == len(shelf), "the model's vectors are of another shelf"
    held = before if before is not None and before.shelf is shelf else None
    tallies, ruling, by_content, by_model = _taken_over(held, popularity, placed, policies)
    if tallies is None:
        tallies = _tallies(shelf, popularity, weights)
    if ruling is None:
        ruling = ruled(policies, shelf, tallies.views)
    if by_content is None:
        near = None if before is None else before.by_content.near
        by_content = Search.over(shelf, shelf.unit, shelf.distance > 0, near)
    if by_model is None and placed is not None:
        by_model = Search.over(shelf, placed.vectors, placed.usable, placed.near)
    makers = _makers(shelf) if held is None else held.makers
    return Index(
        shelf=shelf,
        makers=makers,
        tallies=tallies,
        lottery=Lottery.of(tallies.is_fresh & ~ruling.capped, makers.codes, tallies.impressions, weights),
        spoken=_spoken(shelf) if held is None else held.spoken,
        capped=np.flatnonzero(ruling.capped),
        trending=_trending(shelf, popularity.shown(weights.trend_viewers_min)),
        placed=placed,
        by_content=by_content,
        by_model=by_model,
        ruling=ruling,
        weights_digest=weights.digest(),
    )


def _taken_over(
    held: Index | None, popularity: Popularity, placed: Placed | None, policies: Sequence[Policy]
) -> tuple[Tallies | None, Ruling | None, Search | None, Search | None]:
    """What of a snapshot of the same shelf still holds."""
    if held is None:
        return None, None, None, None
    tallies = held.tallies if held.tallies.counts is popularity.counts else None
    ruling = held.ruling if tallies is not None and held.ruling.policies == tuple(policies) else None
    return tallies, ruling, held.by_content, held.by_model if held.placed is placed else None


def _makers(shelf: Shelf) -> Makers:
    ids, codes = np.unique(shelf.creators, return_inverse=True)
    made = np.lexsort((-shelf.published_s, codes))
    starts = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(ids)))]).astype(np.int64)
    return Makers(ids, codes, starts, made)


def _spoken(shelf: Shelf) -> dict[int, int]:
    tags, counts = np.unique(shelf.languages, return_counts=True)
    return dict(zip(tags.tolist(), counts.tolist(), strict=True))


def _tallies(shelf: Shelf, popularity: Popularity, weights: Weights) -> Tallies:
    counts = popularity.counts_of(shelf.ids)
    mean = _mean(counts, weights)
    odds = _odds(counts, mean, weights)
    impressions = counts[:, COUNT_NAMES.index("impressions")].astype(np.float32)
    return Tallies(
        counts=popularity.counts,
        views=counts[:, COUNT_NAMES.index("views")].copy(),
        mean=mean,
        odds=odds,
        impressions=impressions,
        is_fresh=impressions < weights.explore_impressions,
        well_liked=np.argsort(-(chances(odds) @ worth(weights)), kind="stable"),
    )


def chances(odds: Floats) -> Floats:
    """Probabilities of log-odds."""
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float32)


def log_odds(chance: Floats | float) -> Floats:
    """Log-odds of probabilities; certainty either way is held at one in ten thousand."""
    kept = np.clip(np.asarray(chance, dtype=np.float32), 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float32)


def worth(weights: Weights) -> Floats:
    """(len(ACTIONS),) points of each action."""
    return np.array([getattr(weights, f"value_{action}") for action in ACTIONS], dtype=np.float32)


def _mean(counts: NDArray[np.int64], weights: Weights) -> Floats:
    """(len(ACTIONS),) chances by the mean clip. The published ones stand for it until there is something to count."""
    told = np.array([getattr(weights, f"chance_{action}") for action in ACTIONS], dtype=np.float32)
    shown = counts[:, COUNT_NAMES.index("impressions")]
    for number, happened in _happened(counts):
        told[number] = _drawn(happened.sum(), shown.sum(), told[number], weights.chance_told_weight)
    return told


def _odds(counts: NDArray[np.int64], mean: Floats, weights: Weights) -> Floats:
    """Each action's rate by impression, drawn to the mean clip's while impressions are few (a beta prior's mean)."""
    odds = np.tile(log_odds(mean), (len(counts), 1))
    shown = counts[:, COUNT_NAMES.index("impressions")]
    for number, happened in _happened(counts):
        odds[:, number] = log_odds(_drawn(happened, shown, mean[number], weights.chance_weight))
    return odds


def _happened(counts: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Of each action that is counted by item its number and (N,) how often it followed; replays count once here."""
    impressions = counts[:, COUNT_NAMES.index("impressions")]
    for number, action in enumerate(ACTIONS):
        if action in _COUNTED_AS:
            yield number, np.minimum(counts[:, COUNT_NAMES.index(_COUNTED_AS[action])], impressions)


def _drawn(happened: Any, shown: Any, prior: float, weight: float) -> Any:
    """A rate that begins at `prior`, which weighs as much as `weight` impressions."""
    return (happened + prior * weight) / (shown + weight)


def _trending(shelf: Shelf, trends: Mapping[str, tuple[Ids, Gains]]) -> dict[str, Ids]:
    """By region: what gains there, by falling gain, and after it what gains everywhere; each position once."""
    rising: dict[str, Ids] = {}
    for region, (ids, gains) in trends.items():
        at = shelf.positions(ids)
        gaining = (gains > 0) & (at >= 0)
        rising[region] = at[gaining][np.argsort(-gains[gaining], kind="stable")]
    everywhere = rising.get(EVERYWHERE, np.empty(0, np.int64))
    return {region: _distinct(np.concatenate([found, everywhere])) for region, found in rising.items()}


def _distinct(positions: Ids) -> Ids:
    _, first = np.unique(positions, return_index=True)
    return positions[np.sort(first)]
