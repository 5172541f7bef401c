"""A viewer in front of a feed: tires, has enough of what came too often, and recovers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from openforyou.bench.satisfaction.sitting import REST_H, Lately, Sitting
from openforyou.bench.satisfaction.world import BEGINNING
from openforyou.demo.viewers import FATIGUE
from tests.bench.satisfaction.crowd import CALM, world


@pytest.mark.parametrize(("tires", "loss"), [(True, FATIGUE), (False, 0.0)])
def test_a_sitting_tires_and_only_where_viewers_tire(tires: bool, loss: float) -> None:
    sitting = Sitting(Lately(world(1, replace(CALM, tires=tires))), 0, BEGINNING, 0)
    first, _ = sitting.watch(7, BEGINNING)
    second, _ = sitting.watch(7, BEGINNING)
    assert first - second == pytest.approx(loss)


def test_the_same_impression_draws_the_same_chance_whatever_was_shown_before() -> None:
    place = world(1, CALM)
    one, other = Sitting(Lately(place), 3, BEGINNING, 0), Sitting(Lately(place), 3, BEGINNING, 0)
    one.watch(5, BEGINNING)
    other.watch(9, BEGINNING)
    assert one.watch(7, BEGINNING) == other.watch(7, BEGINNING)


def test_more_of_the_same_wears_off_and_recovers() -> None:
    place = world(1, replace(CALM, boredom=1.0))
    topic = int(place.topics[0].argmax())
    alike = np.flatnonzero(place.topics.argmax(axis=1) == topic)
    other = np.flatnonzero((place.topics[:, topic] == 0) & ~np.isin(place.makers, place.makers[alike]))
    lately = Lately(place)
    assert not lately.cost(BEGINNING).any()
    for clip in alike[:10]:
        lately.saw(int(clip), BEGINNING)
    worn = lately.cost(BEGINNING)
    assert worn[alike].mean() > 0.05 > worn[other].mean() + 0.04
    rested = lately.cost(BEGINNING + timedelta(hours=REST_H))
    assert 0 < rested[alike].mean() < 0.5 * worn[alike].mean()
    assert lately.cost(BEGINNING + timedelta(days=3)).max() == 0


def test_boredom_is_as_great_as_told() -> None:
    costs = []
    for boredom in (0.0, 0.5, 1.0):
        place = world(1, replace(CALM, boredom=boredom))
        lately = Lately(place)
        for clip in np.flatnonzero(place.makers == place.makers[0])[:3]:
            lately.saw(int(clip), BEGINNING)
        costs.append(lately.cost(BEGINNING))
    assert not costs[0].any()
    assert costs[2].any()
    assert np.allclose(costs[2], 2 * costs[1])
