"""Viewers live with one feed: sitting after sitting, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from openforyou.bench.satisfaction.policies import Floats, Policy
from openforyou.bench.satisfaction.sitting import Lately, Sitting
from openforyou.bench.satisfaction.world import BEGINNING, ROUND, SITTING_CLIPS, World
from openforyou.core.progress import Progress, silent
from openforyou.demo.viewers import SKIPS_BELOW
from openforyou.events.types import EventType

SLATE_CLIPS = 10
DULL_CLIPS = 3
"""After so many clips in a row that please too little, somebody who is free to leave leaves."""
BETWEEN = timedelta(milliseconds=500)
THIRDS = ("early", "middle", "late")


@dataclass(frozen=True, slots=True)
class Lived:
    """What came of one feed in one world of V viewers."""

    pleasure: Floats  # (V, impressions) in order
    liked: Floats  # (V, impressions) 0 or 1
    skipped: Floats  # (V, impressions) 0 or 1
    stayed: Floats  # (V, rounds) share of each sitting until it became too dull
    reached: float
    """Share of the clips that somebody saw."""

    def figures(self) -> dict[str, float]:
        """Means over viewers and impressions."""
        thirds = np.array_split(self.pleasure, len(THIRDS), axis=1)
        return {
            "satisfaction": float(self.pleasure.mean()),
            **{name: float(part.mean()) for name, part in zip(THIRDS, thirds, strict=True)},
            "stayed": float(self.stayed.mean()),
            "like_rate": float(self.liked.mean()),
            "skip_rate": float(self.skipped.mean()),
            "items_reached": self.reached,
        }


def live(world: World, policy: Policy, progress: Progress = silent) -> Lived:
    """Every viewer's sittings with one feed, in order of time."""
    viewers = len(world.people)
    pleasure, liked, skipped = (np.zeros((viewers, world.impressions)) for _ in range(3))
    stayed = np.zeros((viewers, world.rounds))
    seen = np.zeros((viewers, len(world.clips)), dtype=bool)
    lately = [Lately(world) for _ in world.people]
    for number in range(world.rounds):
        begun = BEGINNING + number * ROUND
        policy.publish(world.arriving(number), begun)
        policy.settle(begun)
        before = number * SITTING_CLIPS
        length = min(SITTING_CLIPS, world.impressions - before)
        order = np.random.default_rng([world.seed, 13, number]).permutation(viewers)
        for turn, viewer in enumerate(order.tolist()):
            progress(number * viewers + turn, world.rounds * viewers, policy.name)
            at = begun + turn * (ROUND / viewers)
            sitting = Sitting(lately[viewer], viewer, at, before)
            for place, (clip, felt, kinds) in enumerate(_sit(sitting, policy, length)):
                assert not seen[viewer, clip], f"{policy.name} showed a clip twice"
                seen[viewer, clip] = True
                pleasure[viewer, before + place] = felt
                liked[viewer, before + place] = EventType.LIKE in kinds
                skipped[viewer, before + place] = EventType.SKIP in kinds
            stayed[viewer, number] = _until_dull(pleasure[viewer, before : before + length]) / length
    return Lived(pleasure, liked, skipped, stayed, float(seen.any(axis=0).mean()))


def _sit(sitting: Sitting, policy: Policy, length: int) -> Sequence[tuple[int, float, set[EventType]]]:
    """(clip, pleasure, kinds of deeds) for each of `length` clips."""
    had: list[tuple[int, float, set[EventType]]] = []
    at = sitting.begun
    while len(had) < length:
        slate = policy.slate(sitting.viewer, at, SLATE_CLIPS)
        assert slate, f"{policy.name} had nothing to show"
        for place, clip in enumerate(slate):
            if len(had) == length or (place and not sitting.goes_on()):
                break
            felt, deeds = sitting.watch(clip, at)
            policy.told(sitting.viewer, clip, at, deeds)
            had.append((clip, felt, {deed.type for deed in deeds}))
            at += timedelta(milliseconds=max(deed.after_ms for deed in deeds)) + BETWEEN
    return had


def _until_dull(pleasures: Floats) -> int:
    """How many clips somebody watches before they would have left; all, where it never gets dull."""
    dull = 0
    for place, pleasure in enumerate(pleasures.tolist()):
        dull = dull + 1 if pleasure < SKIPS_BELOW else 0
        if dull == DULL_CLIPS:
            return place + 1
    return len(pleasures)
