"""Clips by one creator, and clips set to one sound, stand apart while others can stand between.

What was served just before counts as standing before the first place. Sounds are spaced after creators, and what the
creators' rule reached is kept: a clip moves up only where neither is broken, and where none can, creators go first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline import Candidates, Order
from openforyou.recommend.query.query import Query

LOOK_AHEAD = 3
"""In slates: a clip from further down is not worth the better spacing."""


@dataclass(frozen=True, slots=True)
class Apart:
    """Between two clips of one key stand at least `gap` others. `before` are the keys that stood before, in order."""

    keys: NDArray[np.int64]  # (M,) of the candidates, in their order
    before: NDArray[np.int64]
    gap: int


class CreatorSpacing:
    """The best whose creator is not among the last `creator_gap`; the best of all where there is none."""

    name = "creator_spacing"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        return spaced([_by_creator(query, candidates)], worthy(candidates), size)


class SoundSpacing:
    """The best whose sound is not among the last `sound_gap`, creators staying apart as they were."""

    name = "sound_spacing"

    def __call__(self, query: Query, candidates: Candidates, size: int) -> Order:
        sounds = query.index.shelf.sounds
        by_sound = Apart(
            sounds[candidates["position"]], sounds[query.standing.positions[::-1]], query.weights.sound_gap
        )
        return spaced([_by_creator(query, candidates), by_sound], worthy(candidates), size)


def spaced(rules: Sequence[Apart], count: int, size: int) -> Order:
    """The first `size` of the first `count` candidates, each the best that breaks no rule, or the fewest last ones."""
    reach = min(size * LOOK_AHEAD, count)
    keys = [rule.keys[:reach].tolist() for rule in rules]
    stood = [rule.before[len(rule.before) - min(rule.gap, len(rule.before)) :].tolist() for rule in rules]
    waiting = list(range(reach))
    chosen: list[int] = []
    while waiting and len(chosen) < size:
        last = [set(one[max(len(one) - rule.gap, 0) :]) for one, rule in zip(stood, rules, strict=True)]
        pick = _first_free(waiting, keys, last)
        waiting.remove(pick)
        chosen.append(pick)
        for one, key in zip(stood, keys, strict=True):
            one.append(key[pick])
    return Order(np.array(chosen, dtype=np.int64), {at: to - at for to, at in enumerate(chosen) if to != at})


def worthy(candidates: Candidates) -> int:
    """How many have a score: those that sank stand last, and stay there."""
    return int(np.count_nonzero(np.isfinite(candidates["score"])))


def _first_free(waiting: Sequence[int], keys: Sequence[Sequence[int]], last: Sequence[set[int]]) -> int:
    """The first that meets all rules, or all but the last, and so on; the first of all where none meets any."""
    for upheld in range(len(keys), 0, -1):
        for at in waiting:
            if all(keys[rule][at] not in last[rule] for rule in range(upheld)):
                return at
    return waiting[0]


def _by_creator(query: Query, candidates: Candidates) -> Apart:
    stood = query.index.shelf.creators[query.standing.positions[::-1]]
    return Apart(candidates["creator"], stood, query.weights.creator_gap)
