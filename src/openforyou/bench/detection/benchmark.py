"""`bench detection`: how much planted misuse is found among a year of staff work, with five alarms a week to find it.

The rules and their scale were fitted on seeds of their own (`FITTED`), and those are refused here. An alarm counts if
it names somebody of the misuse and at least two of its requests, and at most two thirds of what it lists is other work.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from statistics import median
from typing import Any

from openforyou.bench.detection.fitted import fit, peaks
from openforyou.bench.detection.judged import Outcome, outcomes
from openforyou.bench.detection.office import DAYS, Size, day_of
from openforyou.bench.detection.scenarios import SCENARIOS, Strength
from openforyou.bench.detection.years import most_a_week, simulated, watched
from openforyou.bench.report import Report, spread
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress, silent
from openforyou.privacy.access.types import Alarm
from openforyou.privacy.access.watching import Watching
from openforyou.privacy.detection.marks import MARKS
from openforyou.privacy.detection.watch import AT_ONCE, BUDGET

FITTED = (101, 102, 103)
VALIDATION = range(101, 200)
SHOWN = 30
"""False alarms that are told with their words, the strongest of all seeds."""
SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked. Raises `BadInput` where seeds are asked for on which the rules were tuned, or none."""

    seeds: int = 6
    first_seed: int = 1
    budget: int = BUDGET
    fit: bool = False
    """Fit the scale anew, on the years without misuse of the seeds that are for that, and measure nothing."""
    size: Size = field(default_factory=Size)

    def __post_init__(self) -> None:
        if self.seeds < 1 or self.budget < 1 or self.first_seed < 0:
            raise BadInput("Nothing to measure.", hint="At least one seed and one alarm a week.", field="seeds")
        if any(seed in VALIDATION for seed in self.tested()):
            raise BadInput(
                f"The rules were tuned on seeds of {VALIDATION.start} to {VALIDATION.stop - 1}.",
                hint="Begin with another seed, such as 1.",
                field="first_seed",
            )

    def tested(self) -> range:
        """The seeds that are measured."""
        return range(self.first_seed, self.first_seed + self.seeds)


@dataclass(frozen=True, slots=True)
class Tried:
    """One seed: ours and the baseline on the year with misuse, and ours on the same office's year without."""

    seed: int
    alarms: tuple[Alarm, ...]
    found: tuple[Outcome, ...]
    false: tuple[Alarm, ...]
    most: tuple[Outcome, ...]
    most_alarms: int
    most_false: int
    normal: tuple[Alarm, ...]


def run(load: Load | None = None, progress: Progress = silent) -> Report:
    """Seeds side by side, each in a process of its own, one a core."""
    load = load or Load()
    if load.fit:
        return _fitted(load, progress)
    if load.seeds == 1:
        return report(load, [tried(load, load.first_seed, progress)])
    with ProcessPoolExecutor(min(load.seeds, os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(tried, load, seed) for seed in load.tested()]
        for done, _ in enumerate(as_completed(jobs), 1):
            progress(done, len(jobs), "simulating years of work")
        return report(load, [job.result() for job in jobs])


def tried(load: Load, seed: int, progress: Progress = silent) -> Tried:
    """One seed."""
    year = simulated(seed, load.size)
    alarms, _ = watched(year, Watching(load.budget), progress)
    found, false = outcomes(alarms, year.episodes, year.year.episodes, year.begun)
    most_alarms = most_a_week(year.year.deeds, load.budget)
    most, most_false = outcomes(most_alarms, year.episodes, year.year.episodes, year.begun)
    normal, _ = watched(simulated(seed, load.size, with_misuse=False), Watching(load.budget))
    return Tried(
        seed, tuple(alarms), tuple(found), tuple(false), tuple(most), len(most_alarms), len(most_false), tuple(normal)
    )


def report(load: Load, years: Sequence[Tried]) -> Report:
    """Over all seeds: every episode counts the same."""
    every = [one for year in years for one in year.found]
    alarms = [one for year in years for one in year.alarms]
    false = [one for year in years for one in year.false]
    at_once = [one for one in alarms if one.score >= AT_ONCE]
    at_once_false = [one for one in false if one.score >= AT_ONCE]
    weeks = len(years) * DAYS / 7
    most = [one for year in years for one in year.most]
    reported = [one.named for one in every if one.episode.scenario == "reported" and one.days is not None]
    metrics = {
        "recall": recall(every),
        **{f"recall_{name}": recall(one for one in every if one.episode.strength == name) for name in Strength},
        **{f"recall_{name}": recall(one for one in every if one.episode.scenario == name) for name in SCENARIOS},
        "delay_days": _delay(every),
        "precision": 1 - len(false) / max(len(alarms), 1),
        "precision_at_once": 1 - len(at_once_false) / max(len(at_once), 1),
        "alarms_a_week": len(alarms) / weeks,
        "false_a_week": len(false) / weeks,
        "reported_staff_named": sum(reported) / max(len(reported), 1),
        "normal_alarms_a_week": sum(len(year.normal) for year in years) / weeks,
        "normal_at_once_a_week": sum(one.score >= AT_ONCE for year in years for one in year.normal) / weeks,
    }
    return Report(
        bench="detection",
        settings={**asdict(load), "days": DAYS, "tested": list(load.tested()), "fitted": list(FITTED)},
        metrics=metrics,
        baseline={
            "name": f"the {load.budget} who asked most in each week",
            "recall": recall(most),
            **{f"recall_{name}": recall(one for one in most if one.episode.strength == name) for name in Strength},
            "delay_days": _delay(most),
            "precision": 1 - sum(year.most_false for year in years) / max(sum(year.most_alarms for year in years), 1),
        },
        detail={
            "recall_by_seed": spread([recall(year.found) for year in years]),
            "baseline_recall_by_seed": spread([recall(year.most) for year in years]),
            "precision_by_seed": spread([1 - len(year.false) / max(len(year.alarms), 1) for year in years]),
            "episodes": _episodes(every),
            "alarms_by_kind": dict(Counter(one.kind for one in alarms).most_common()),
            "false_by_kind": dict(Counter(one.kind for one in false).most_common()),
            "false_alarms": _false(years),
        },
    )


def recall(found: Iterable[Outcome]) -> float:
    """The share of episodes about which there was an alarm."""
    every = list(found)
    return sum(one.days is not None for one in every) / max(len(every), 1)


def _delay(found: Sequence[Outcome]) -> float:
    days = [one.days for one in found if one.days is not None]
    return median(days) if days else float("nan")


def _episodes(every: Sequence[Outcome]) -> dict[str, dict[str, float]]:
    """By scenario and strength: how many there were, how many were found, and the median delay in days."""
    told = {}
    for name in sorted({one.episode.name for one in every}):
        mine = [one for one in every if one.episode.name == name]
        found = [one for one in mine if one.days is not None]
        told[name] = {"planted": len(mine), "found": len(found)} | ({"days": _delay(found)} if found else {})
    return told


def _false(years: Sequence[Tried]) -> list[dict[str, Any]]:
    every = [(one.score, year.seed, one) for year in years for one in year.false]
    every.sort(key=lambda row: (-row[0], row[1], row[2].id))
    return [
        {"seed": seed, "day": day_of(one.at), "kind": one.kind, "score": score, "words": one.words}
        for score, seed, one in every[:SHOWN]
    ]


def _fitted(load: Load, progress: Progress) -> Report:
    """First every kind by itself, then what several of them come to together, on the scale just fitted."""
    marks = dict(MARKS)
    with ProcessPoolExecutor(min(len(FITTED), os.cpu_count() or 1), mp_context=get_context("spawn")) as pool:
        years = [pool.submit(simulated, seed, load.size, with_misuse=False) for seed in FITTED]
        for at, kinds in enumerate((sorted(marks.keys() - {SEVERAL}), [SEVERAL]), 1):
            jobs = [pool.submit(peaks, year.result(), marks) for year in years]
            found = [job.result() for job in jobs]
            marks |= {kind: fit(found, kind) for kind in kinds}
            progress(at, 2, "fitting the scale")
    told = {f"{kind}_{name}": value for kind, mark in marks.items() for name, value in mark._asdict().items()}
    now = {f"{kind}_{name}": value for kind, mark in MARKS.items() for name, value in mark._asdict().items()}
    return Report("detection", {"fitted": list(FITTED)}, told, {"name": "the scale in use", **now}, {})
