"""The report: paired by world, with an interval that is as wide as the worlds differ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from openforyou.bench.satisfaction.baselines import BASELINES
from openforyou.bench.satisfaction.compared import ORACLE, OURS, best, figures, interval, metrics
from openforyou.bench.satisfaction.lived import Lived

NAMES = [kind.name for kind in BASELINES]


def lived(gains: Mapping[str, float], worlds: int = 3, apart: float = 0.0) -> dict[str, list[Lived]]:
    """Each feed pleases by its gain more than the mood of the world, ours by up to `apart` more in each next world."""
    rng = np.random.default_rng(3)
    found: dict[str, list[Lived]] = {name: [] for name in (*NAMES, OURS, ORACLE)}
    for world in range(worlds):
        pleasure = rng.uniform(0, 1, (5, 6)) + rng.normal()
        nothing = np.zeros((5, 6))
        for name in found:
            gain = gains.get(name, 0.0) + (apart * world if name == OURS else 0.0)
            found[name].append(Lived(pleasure + gain, nothing, nothing, np.ones((5, 1)), 1.0))
    return found


def test_what_the_worlds_share_does_not_widen_the_interval() -> None:
    found = figures(lived({OURS: 0.2, ORACLE: 0.3, NAMES[2]: 0.1}))
    assert best(found) == NAMES[2]
    told = metrics(found)
    for name in ("ahead_of_best", "ahead_of_best_ci95_low", "ahead_of_best_ci95_high"):
        assert told[name] == pytest.approx(0.1)
    assert found[ORACLE]["ours_ahead"] == pytest.approx(-0.1)
    assert told["baselines_beaten"] == len(BASELINES)
    assert told["ratio_to_best"] == pytest.approx(found[OURS]["satisfaction"] / found[NAMES[2]]["satisfaction"])


def test_what_differs_by_world_does_and_a_lead_within_it_beats_nobody() -> None:
    told = metrics(figures(lived({OURS: -0.1, NAMES[1]: 0.05}, apart=0.2)))
    assert told["ahead_of_best"] == pytest.approx(0.05)
    assert told["ahead_of_best_ci95_low"] < 0 < told["ahead_of_best_ci95_high"]
    assert told["baselines_beaten"] == 0


def test_the_interval_is_students() -> None:
    mean, low, high = interval(np.array([1.0, 2.0, 3.0, 4.0]))
    reach = 3.182446 * np.sqrt(5 / 3) / 2  # t of 3 degrees of freedom at 0.975, from a table
    assert (mean, low, high) == (2.5, pytest.approx(2.5 - reach), pytest.approx(2.5 + reach))
