"""`bench satisfaction`: the platform lives in simulated time, and the report says what it promises."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from openforyou.bench.satisfaction import ours
from openforyou.bench.satisfaction.baselines import BASELINES
from openforyou.bench.satisfaction.benchmark import Load, run
from openforyou.bench.satisfaction.lived import SLATE_CLIPS, live
from openforyou.bench.satisfaction.sitting import Lately, Sitting
from openforyou.bench.satisfaction.world import BEGINNING, ROUND, Setting
from openforyou.core.errors import BadInput


def test_the_platform_lives_in_the_simulated_time_its_database_too() -> None:
    world = Load(viewers=4, items=32, impressions=16).world(1)
    later = BEGINNING + 5 * ROUND
    with ours.opened(4, BEGINNING) as feed:
        feed.publish(world.clips, BEGINNING)
        feed.settle(BEGINNING)
        slate = feed.slate(2, later, SLATE_CLIPS)
        sitting = Sitting(Lately(world), 2, later, 0)
        _, deeds = sitting.watch(slate[0], later)
        feed.told(2, slate[0], later, deeds)
        again = feed.slate(2, later + timedelta(minutes=1), SLATE_CLIPS)
        with feed.platform.database.connect() as connection:
            received = connection.exec_driver_sql("SELECT DISTINCT received_at FROM events").scalars().all()
    assert len(set(slate)) == SLATE_CLIPS
    assert slate[0] not in again
    assert received == [later + timedelta(minutes=1)]


def test_the_platform_trains_in_it_by_the_right_to_learn() -> None:
    world = Load(viewers=16, items=32, impressions=16).world(1)
    with ours.opened(16, BEGINNING) as feed:
        live(world, feed)
        feed.settle(BEGINNING + ROUND)
        trained, _ = feed.trained
    assert trained == 1


def test_the_whole_benchmark_runs_and_prints_what_it_promises() -> None:
    told: list[str] = []
    load = Load(viewers=4, items=64, impressions=20, worlds=2, setting=Setting.FAINT)
    report = run(load, lambda done, total, message="": told.append(message)).as_dict()
    assert json.loads(json.dumps(report)) == report
    metrics, beside = report["metrics"], report["baseline"]
    assert {"satisfaction", "ahead_of_best", "stayed", "like_rate", "skip_rate", "items_reached"} <= metrics.keys()
    assert {"early", "middle", "late", "ratio_to_best", "share_of_oracle", "baselines_beaten"} <= metrics.keys()
    names = {kind.name for kind in BASELINES}
    assert beside.keys() == {"name", *names}
    assert beside["name"] == max(names, key=lambda name: beside[name]["satisfaction"])
    for name in names:
        ahead = metrics["satisfaction"] - beside[name]["satisfaction"]
        assert beside[name]["ours_ahead"] == pytest.approx(ahead)
        assert beside[name]["ours_ahead_ci95_low"] < ahead < beside[name]["ours_ahead_ci95_high"]
    assert metrics["satisfaction"] < report["detail"]["oracle"]["satisfaction"]
    assert [len(each) for each in report["detail"]["by_world"].values()] == [2] * (len(names) + 2)
    assert report["settings"]["setting"] == "faint"
    assert told[-1] == "done"
    assert "simulating viewers" in told


def test_more_impressions_than_half_the_clips_are_refused() -> None:
    with pytest.raises(BadInput, match="nothing to choose"):
        Load(viewers=4, items=100, impressions=51)


def test_one_world_is_refused() -> None:
    with pytest.raises(BadInput, match="no spread"):
        Load(worlds=1)
