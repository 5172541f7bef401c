"""Ours beside every baseline of the same run, paired by world.

Viewers of one world share its clips, and what a feed learned from the others, so a world is one observation. The
interval of a mean over W worlds is Student's t with W - 1 degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from openforyou.bench.satisfaction.baselines import BASELINES
from openforyou.bench.satisfaction.lived import Lived
from openforyou.bench.satisfaction.policies import Floats

OURS, ORACLE = "ours", "oracle"
CONFIDENCE_OF_INTERVAL = 0.95


def figures(lived: Mapping[str, Sequence[Lived]]) -> dict[str, dict[str, float]]:
    """By feed: means over the worlds, and how far ours is ahead of it in satisfaction, with the interval."""
    found = {}
    ours = _by_world(lived[OURS])
    for name, worlds in lived.items():
        each = [one.figures() for one in worlds]
        found[name] = {key: float(np.mean([one[key] for one in each])) for key in each[0]}
        if name != OURS:
            mean, low, high = interval(ours - _by_world(worlds))
            found[name] |= {"ours_ahead": mean, "ours_ahead_ci95_low": low, "ours_ahead_ci95_high": high}
    return found


def metrics(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Of ours, and beside the best baseline."""
    ours, theirs = found[OURS], found[best(found)]
    return {
        **ours,
        "ratio_to_best": ours["satisfaction"] / theirs["satisfaction"],
        "ahead_of_best": theirs["ours_ahead"],
        "ahead_of_best_ci95_low": theirs["ours_ahead_ci95_low"],
        "ahead_of_best_ci95_high": theirs["ours_ahead_ci95_high"],
        "baselines_beaten": float(sum(found[one.name]["ours_ahead_ci95_low"] > 0 for one in BASELINES)),
        "share_of_oracle": ours["satisfaction"] / found[ORACLE]["satisfaction"],
    }


def best(found: Mapping[str, Mapping[str, float]]) -> str:
    """The baseline with the highest satisfaction."""
    return max((one.name for one in BASELINES), key=lambda name: found[name]["satisfaction"])


def interval(values: Floats) -> tuple[float, float, float]:
    """Mean, and the ends of the interval of the mean, of one value a world; two worlds at the least."""
    from scipy.special import stdtrit

    worlds = len(values)
    assert worlds > 1, "one world has no spread"
    quantile = float(stdtrit(worlds - 1, (1 + CONFIDENCE_OF_INTERVAL) / 2))
    mean, reach = float(values.mean()), quantile * float(values.std(ddof=1)) / worlds**0.5
    return mean, mean - reach, mean + reach


def _by_world(worlds: Sequence[Lived]) -> Floats:
    """(W,) mean satisfaction."""
    return np.array([one.pleasure.mean() for one in worlds])
