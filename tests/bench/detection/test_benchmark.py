"""A year is the same by its seed, the reported case is found in it, and the figures are about what was planted."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest

from openforyou.bench.detection.benchmark import Load, Tried, recall, report, tried
from openforyou.bench.detection.judged import is_about
from openforyou.bench.detection.office import Size
from openforyou.bench.detection.years import simulated
from openforyou.core.errors import BadInput
from openforyou.privacy.access.types import Alarm
from openforyou.privacy.detection.watch import BUDGET

SMALL = Size(support=6, trust=3, legal=1, auditors=2, granters=4, people=60_000)


@pytest.fixture(scope="module")
def year() -> Tried:
    return tried(Load(seeds=1, size=SMALL), 1)


def weekly(alarms: tuple[Alarm, ...]) -> list[int]:
    weeks = [one.at.isocalendar()[:2] for one in alarms]
    return [weeks.count(week) for week in set(weeks)]


def test_the_reported_case_is_an_alarm_that_names_everybody_in_it(year: Tried) -> None:
    (reported,) = [one for one in year.found if one.episode.name == "reported/strong"]
    assert reported.days is not None
    assert reported.named == 1
    assert len(reported.episode.staff) >= 3
    planted = simulated(1, SMALL).year.episodes["reported/strong"]
    about = [one for one in year.alarms if is_about(one.requests, one.staff, reported.episode, planted)]
    assert any(len(reported.episode.staff & set(one.staff)) >= 3 for one in about), (
        "one alarm shows that they belong together"
    )


def test_a_year_of_normal_work_and_one_with_misuse_keep_to_the_budget(year: Tried) -> None:
    assert max(weekly(year.normal)) <= BUDGET
    assert max(weekly(year.alarms)) <= BUDGET
    assert sum(one.score >= 3 for one in year.normal) < sum(one.score >= 3 for one in year.alarms)


def test_more_is_found_than_by_a_threshold_on_volume_and_the_false_are_shown(year: Tried) -> None:
    told = report(Load(seeds=1, size=SMALL), [year]).as_dict()
    assert told["metrics"]["recall"] > told["baseline"]["recall"]
    assert told["metrics"]["recall"] == recall(year.found)
    assert 0 < told["metrics"]["precision"] < 1
    assert {"words", "kind", "day", "seed"} <= set(told["detail"]["false_alarms"][0])
    assert sum(told["detail"]["false_by_kind"].values()) == len(year.false)


def test_a_year_is_the_same_by_its_seed_and_another_by_another() -> None:
    few = replace(SMALL, people=5_000)
    one, again, other = simulated(4, few).year, simulated(4, few).year, simulated(5, few).year
    assert one == again
    assert one != other
    asked = defaultdict(list)
    for deed in one.deeds:
        if "protected" in deed.outcome:
            asked[deed.by].append(deed.at)
    for times in asked.values():
        assert all(later - at >= timedelta(days=1) for at, later in zip(times, times[20:], strict=False)), (
            "the broker's cap"
        )


def test_an_alarm_that_hardly_holds_anything_of_it_does_not_count(year: Tried) -> None:
    episode = year.found[0].episode
    planted, (staff, *_) = frozenset({"p1", "p2", "p3"}), sorted(episode.staff)
    assert is_about(["p1", "p2", "x"], [staff], episode, planted)
    assert not is_about(["p1"], [staff], episode, planted)
    assert not is_about(["p1", "p2", *"abcdef"], [staff], episode, planted)
    assert not is_about(["p1", "p2"], ["somebody else"], episode, planted)


@pytest.mark.parametrize("bad", [{"seeds": 0}, {"budget": 0}, {"first_seed": 101}, {"first_seed": 99, "seeds": 5}])
def test_seeds_of_tuning_are_not_measured(bad: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        Load(**bad)  # type: ignore[arg-type]
