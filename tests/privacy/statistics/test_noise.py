"""The noise is OpenDP's, as wide as is said; what is too small is not named."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openforyou
from openforyou.privacy.statistics.lists import BY_NAME, PEOPLE_LEAST
from openforyou.privacy.statistics.noise import noised

DRAWS = 20_000


def test_noise_is_discrete_laplace_of_the_scale_that_is_said() -> None:
    """With 20,000 draws of scale 4, a mean off by 0.4 is ten standard errors, and so are the other bounds: a right
    sampler fails them once in far more runs than anybody starts, and another scale fails them always."""
    base = BY_NAME["watch_time"]
    wide = replace(base, groups={f"g{n}": "" for n in range(DRAWS)})
    assert wide.scale == 4
    drawn = noised(wide, {f"g{n}": 1_000 for n in range(DRAWS)})
    assert drawn.held_back == ()
    off = [value - 1_000 for value in drawn.groups.values()]
    decay = math.exp(-1 / 4)
    assert abs(sum(off) / DRAWS) < 0.4
    # Canonne, Kamath, Steinke 2020: P(0) = (1 - a) / (1 + a), and E|X| = 2a / (1 - a^2), for a = exp(-1 / scale).
    assert abs(off.count(0) / DRAWS - (1 - decay) / (1 + decay)) < 0.03
    assert abs(sum(map(abs, off)) / DRAWS - 2 * decay / (1 - decay**2)) < 0.3
    inside = sum(abs(one) <= drawn.within for one in off) / DRAWS
    assert 0.94 < inside < 0.98, "the interval that is told holds in 95 of 100"


def test_a_small_group_is_held_back_and_not_shown_as_nothing() -> None:
    drawn = noised(BY_NAME["watch_time"], {"under_10_min": 5_000, "1_to_5_h": 1})
    assert set(drawn.groups) == {"under_10_min"}
    assert "1_to_5_h" in drawn.held_back
    assert "over_40_h" in drawn.held_back, "nobody, and one, look the same"
    assert drawn.threshold > PEOPLE_LEAST + 13 * 4, "so that noise of scale 4 lifts a group of 20 once in a million"


def test_a_group_that_the_data_names_is_named_only_past_the_threshold_of_delta() -> None:
    statistic = BY_NAME["active_by_region"]
    seen: set[str] = set()
    for _ in range(20):
        drawn = noised(statistic, {"CH": 5_000, "LI": 3})
        assert all(value >= drawn.threshold for value in drawn.groups.values())
        seen |= set(drawn.groups)
    assert seen == {"CH"}
    # A group of one is named only where noise of scale 20 lifts it over the threshold: about exp(-t / 20) / 2 <= delta.
    assert math.exp(-(drawn.threshold - 1) / statistic.scale) / 2 <= float(statistic.delta)
    cheaper = replace(statistic, delta=Decimal("0.000000000001"))
    assert noised(cheaper, {}).threshold > drawn.threshold


def test_opendp_is_loaded_by_whoever_asks_alone() -> None:
    """It takes as long to load as all of the web does."""
    package = Path(openforyou.__file__).parent
    early = [path for path in package.rglob("*.py") if re.search(r"^(from|import) opendp", path.read_text(), re.M)]
    assert early == []
