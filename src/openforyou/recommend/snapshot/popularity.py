"""What everybody did: counts by item, and what trends in each region with a half-life.

Trends are kept as sums that halve with age. Such a sum can be moved on in time by one factor, so that each look reads
only the events since the last one, however long the past is.

What trends in a region is what its viewers watched. Where they are few it is not shown: whoever chose that region would
read what one of them did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from openforyou.pipeline.lookup import positions

EVERYWHERE = "*"
REGIONS_MAX = 300
TRENDING_MAX = 1_000
"""Items remembered of a region's trend, by what they gained."""

Ids = NDArray[np.int64]
Gains = NDArray[np.float64]
Crowds = Mapping[str, Mapping[int, float]]
"""By region: viewers who were there of late, and when each was last, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Popularity:
    """Counts (M, K) of `counted` items in ascending order, and trends by region as of `until`."""

    counted: Ids  # (M,) ascending
    counts: NDArray[np.int64]  # (M, K) in the order of the events' COUNT_NAMES
    trends: Mapping[str, tuple[Ids, Gains]] = field(default_factory=dict)
    until: datetime | None = None
    crowds: Crowds = field(default_factory=dict)

    def shown(self, viewers_min: int) -> dict[str, tuple[Ids, Gains]]:
        """The trends of everywhere, and of regions in which so many viewers were of late."""
        crowded = {region for region, crowd in self.crowds.items() if len(crowd) >= viewers_min}
        return {region: trend for region, trend in self.trends.items() if region in crowded | {EVERYWHERE}}

    def counts_of(self, ids: Ids) -> NDArray[np.int64]:
        """(N, K); zero where nothing happened. `ids` ascend."""
        found = np.zeros((len(ids), self.counts.shape[1]), dtype=np.int64)
        at = positions(self.counted, ids)
        found[at >= 0] = self.counts[at[at >= 0]]
        return found


def counted(ids: Ids, counts: NDArray[np.int64], before: Popularity) -> Popularity:
    """With new counts; trends as they were."""
    order = np.argsort(ids)
    return replace(before, counted=ids[order], counts=counts[order])


def joined(before: Popularity, came: Iterable[tuple[str, int, float]], since_s: float, most: int) -> Popularity:
    """With who `came` (region, viewer, when), without who was there before `since_s` alone; the last `most` of each."""
    crowds = {region: dict(crowd) for region, crowd in before.crowds.items()}
    for region, viewer, at_s in came:
        crowd = crowds.setdefault(region, {})
        crowd[viewer] = max(at_s, crowd.get(viewer, at_s))
    last = {
        region: sorted(((at_s, viewer) for viewer, at_s in crowd.items() if at_s >= since_s), reverse=True)[:most]
        for region, crowd in crowds.items()
    }
    return replace(before, crowds={region: {v: at_s for at_s, v in crowd} for region, crowd in last.items() if crowd})


def moved_on(
    before: Popularity, gains: Iterable[tuple[int, str, float]], until: datetime, half_life_s: float
) -> Popularity:
    """Trends as of `until`: those before, faded, and `gains` (item, region, gain) since, already faded."""
    assert before.until is None or until >= before.until, "trends do not go back"
    fade = 0.5 ** ((until - before.until).total_seconds() / half_life_s) if before.until else 0.0
    by_region: dict[str, list[tuple[int, float]]] = {}
    for item, region, gain in gains:
        by_region.setdefault(EVERYWHERE, []).append((item, gain))
        if region:
            by_region.setdefault(region, []).append((item, gain))
    trends = {
        region: _faded(before.trends.get(region), by_region.get(region, []), fade)
        for region in before.trends.keys() | by_region.keys()
    }
    largest = sorted(trends, key=lambda region: -float(np.abs(trends[region][1]).sum()))[:REGIONS_MAX]
    return replace(before, trends={r: trends[r] for r in largest if len(trends[r][0])}, until=until)


def _faded(held: tuple[Ids, Gains] | None, gained: list[tuple[int, float]], fade: float) -> tuple[Ids, Gains]:
    """Sums by item, without those that have faded to nothing."""
    ids = np.array([item for item, _ in gained], dtype=np.int64)
    values = np.array([gain for _, gain in gained], dtype=np.float64)
    if held is not None:
        ids, values = np.concatenate([held[0], ids]), np.concatenate([held[1] * fade, values])
    distinct, where = np.unique(ids, return_inverse=True)
    sums = np.bincount(where, weights=values, minlength=len(distinct)).astype(np.float64)
    matters = np.abs(sums) > 0.01
    if np.count_nonzero(matters) > TRENDING_MAX:
        matters &= np.abs(sums) >= np.partition(np.abs(sums), -TRENDING_MAX)[-TRENDING_MAX]
    return distinct[matters], sums[matters]
