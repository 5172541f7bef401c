"""What a feed server holds in memory: one frozen snapshot of catalogue, counts, trends and model.

A refresh makes a new one and replaces one reference; a request keeps the one that it began with, so that all its stages
speak of the same catalogue and the same model. Everything that is the same for all viewers is worked out here, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.events.types import COUNT_NAMES
from openforyou.learn.serving import ACTIONS, ServingModel
from openforyou.moderation.types import Policy
from openforyou.recommend.params import Weights
from openforyou.recommend.popularity import EVERYWHERE, Popularity
from openforyou.recommend.ruling import Ruling, ruled
from openforyou.recommend.shelf import Ids, Shelf
from openforyou.recommend.space import Floats, Space

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
    usable: NDArray[np.bool_]  # (N,)
    space: Space
    """How near two of its vectors must be to count as alike."""


@dataclass(frozen=True, slots=True)
class Index:
    """N items by position; position is the order of ids."""

    shelf: Shelf
    sketch: Floats  # (N, S) for searching by content
    creator_codes: NDArray[np.int64]  # (N,) position in `creators`
    creators: Ids  # (K,) ascending
    odds: Floats  # (N, len(ACTIONS)) log-odds of each action, for anybody
    impressions: Floats  # (N,)
    is_fresh: NDArray[np.bool_]  # (N,) shown to so few that it is still being found out
    well_liked: Ids  # (N,) positions by falling worth to anybody
    trending: Mapping[str, Ids]  # by region: positions by falling gain there, then everywhere; "*" is everywhere
    placed: Placed | None
    ruling: Ruling
    weights_digest: str
    model_fault: str
    """Why there is a model and it is not used; empty otherwise."""

    def __len__(self) -> int:
        return len(self.shelf)


def build(
    shelf: Shelf,
    popularity: Popularity,
    placed: Placed | None,
    weights: Weights,
    model_fault: str = "",
    policies: Sequence[Policy] = (),
) -> Index:
    """The snapshot. `placed` belongs to the same shelf; `policies` are the rules in force."""
    assert placed is None or len(placed.vectors) == len(shelf), "the model's vectors are of another shelf"
    counts = popularity.counts_of(shelf.ids)
    odds = _odds(counts, weights)
    impressions = counts[:, COUNT_NAMES.index("impressions")].astype(np.float32)
    creators, codes = np.unique(shelf.creators, return_inverse=True)
    return Index(
        shelf=shelf,
        sketch=shelf.space.sketch(shelf.unit),
        creator_codes=codes,
        creators=creators,
        odds=odds,
        impressions=impressions,
        is_fresh=impressions < weights.explore_impressions,
        well_liked=np.argsort(-(chances(odds) @ worth(weights)), kind="stable"),
        trending=_trending(shelf, popularity),
        placed=placed,
        ruling=ruled(policies, shelf, counts[:, COUNT_NAMES.index("views")]),
        weights_digest=weights.digest(),
        model_fault=model_fault,
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


def _odds(counts: NDArray[np.int64], weights: Weights) -> Floats:
    """Each action's rate by impression, drawn to the mean clip's while impressions are few (a beta prior's mean)."""
    impressions = counts[:, COUNT_NAMES.index("impressions")]
    odds = np.empty((len(counts), len(ACTIONS)), dtype=np.float32)
    for number, action in enumerate(ACTIONS):
        prior = getattr(weights, f"chance_{action}")
        name = _COUNTED_AS.get(action)
        if name is None:
            odds[:, number] = log_odds(prior)
            continue
        happened = np.minimum(counts[:, COUNT_NAMES.index(name)], impressions)  # replays are counted, but once here
        rate = (happened + prior * weights.chance_weight) / (impressions + weights.chance_weight)
        odds[:, number] = log_odds(rate)
    return odds


def _trending(shelf: Shelf, popularity: Popularity) -> dict[str, Ids]:
    """By region: what gains there, by falling gain, and after it what gains everywhere; each position once."""
    rising: dict[str, Ids] = {}
    for region, (ids, gains) in popularity.trends.items():
        at = shelf.positions(ids)
        gaining = (gains > 0) & (at >= 0)
        rising[region] = at[gaining][np.argsort(-gains[gaining], kind="stable")]
    everywhere = rising.get(EVERYWHERE, np.empty(0, np.int64))
    return {region: _distinct(np.concatenate([found, everywhere])) for region, found in rising.items()}


def _distinct(positions: Ids) -> Ids:
    _, first = np.unique(positions, return_index=True)
    return positions[np.sort(first)]
