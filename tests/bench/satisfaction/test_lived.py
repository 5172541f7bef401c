"""Living with a feed: who knows the tastes wins, and each habit costs what it claims."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from openforyou.bench.satisfaction.baselines import BASELINES, Chance, Popularity
from openforyou.bench.satisfaction.lived import SLATE_CLIPS, live
from openforyou.bench.satisfaction.oracle import Oracle
from openforyou.bench.satisfaction.world import BEGINNING, SITTING_CLIPS
from openforyou.demo.viewers import FATIGUE
from tests.bench.satisfaction.crowd import CALM, IMPRESSIONS, VIEWERS, InOrder, baseline, satisfaction, world


class OfTheFirstDay(Oracle):
    """Knows the tastes as they were in the beginning, and no others."""

    def slate(self, viewer: int, at: datetime, size: int) -> list[int]:
        return list(super().slate(viewer, BEGINNING, size))


def test_who_knows_the_hidden_tastes_beats_all_who_do_not_and_chance_loses_to_popularity() -> None:
    place = world()
    found = {kind.name: satisfaction(place, baseline(kind, place)) for kind in BASELINES}
    assert satisfaction(place, Oracle(place)) > max(found.values()) + 0.1
    assert found["random"] + 0.03 < found["popularity"]


@pytest.mark.parametrize("kind", BASELINES, ids=lambda kind: kind.name)
def test_the_same_seed_gives_the_same_figures(kind: type[Popularity]) -> None:
    lived, relived = (live(place, baseline(kind, place)) for place in (world(5), world(5)))
    assert np.array_equal(lived.pleasure, relived.pleasure)
    assert lived.figures() == relived.figures()
    assert not np.array_equal(lived.pleasure, live(world(6), baseline(kind, world(6))).pleasure)


def test_fatigue_costs_what_it_claims() -> None:
    rested, tired = (satisfaction(world(1, replace(CALM, tires=tires)), InOrder()) for tires in (False, True))
    assert rested - tired == pytest.approx(FATIGUE * (SITTING_CLIPS - 1) / 2)


def test_boredom_costs_who_shows_more_of_the_same() -> None:
    calm, bored = world(1, CALM), world(1, replace(CALM, boredom=1.0))
    assert satisfaction(bored, InOrder()) < satisfaction(calm, InOrder())


def test_yesterdays_taste_misses_the_target_only_where_tastes_drift() -> None:
    lost = {}
    for drift in (0.0, 1.0, 2.0):
        place = world(1, replace(CALM, drift=drift))
        lost[drift] = satisfaction(place, Oracle(place)) - satisfaction(place, OfTheFirstDay(place))
    assert lost[0.0] == 0
    assert 0.002 < lost[1.0] < lost[2.0]


def test_the_end_of_a_slate_is_seen_less_often_and_only_where_attention_ends() -> None:
    inattentive, patient = InOrder(), InOrder()
    live(world(1, replace(CALM, attention=0.8)), inattentive)
    live(world(1, CALM), patient)
    sittings = VIEWERS * (IMPRESSIONS // SITTING_CLIPS)
    assert patient.slates == sittings * -(-SITTING_CLIPS // SLATE_CLIPS)
    assert inattentive.slates > 1.5 * patient.slates
    reached = inattentive.reached / inattentive.slates
    assert reached[0] == 1
    assert reached[4] == pytest.approx(0.8**4, abs=0.15)
    assert reached[8] < reached[4] < reached[1]


def test_where_it_pleases_viewers_stay_longer() -> None:
    place = world()
    bored, held = (live(place, policy).figures() for policy in (baseline(Chance, place), Oracle(place)))
    assert bored["stayed"] + 0.1 < held["stayed"] <= 1
    assert held["skip_rate"] < bored["skip_rate"]
    assert held["like_rate"] > bored["like_rate"]
