"""The feeds that ours is compared with do what they are named for, from deeds alone."""

from __future__ import annotations

import inspect
from dataclasses import fields
from datetime import timedelta

import numpy as np
import pytest

from openforyou.bench.satisfaction import baselines, ours, policies
from openforyou.bench.satisfaction.baselines import (
    BASELINES,
    Baseline,
    CoEngagement,
    Factorisation,
    Interest,
    Popularity,
)
from openforyou.bench.satisfaction.lived import SLATE_CLIPS
from openforyou.bench.satisfaction.policies import Clip, Policy, Size
from openforyou.bench.satisfaction.world import BEGINNING
from openforyou.demo.viewers import Deed
from openforyou.events.types import EventType
from openforyou.ingest.encoders import CONTENT_DIM
from tests.bench.satisfaction.crowd import baseline, world

LIKED = [Deed(EventType.VIEW, 2_000), Deed(EventType.WATCH, 9_000, 9_000), Deed(EventType.LIKE, 9_000)]
SKIPPED = [Deed(EventType.WATCH, 900, 900), Deed(EventType.SKIP, 900)]


def two_halves(kind: type[Baseline]) -> Baseline:
    """Twelve viewers and 24 clips. Even viewers liked what they saw of even clips, by creator 0, odd ones of odd."""
    feed = kind(Size(12, 24, 2, 2), 1)
    clips = [
        Clip(number, number % 2, number % 2, 9_000, BEGINNING, np.zeros(CONTENT_DIM, np.float32))
        for number in range(24)
    ]
    feed.publish(clips, BEGINNING)
    rng = np.random.default_rng(1)
    for viewer in range(12):
        for clip in rng.permutation(24)[:14].tolist():
            feed.told(viewer, clip, BEGINNING, LIKED if clip % 2 == viewer % 2 else SKIPPED)
    feed.settle(BEGINNING + timedelta(hours=1))
    return feed


@pytest.mark.parametrize("kind", [Interest, CoEngagement, Factorisation], ids=lambda kind: kind.name)
def test_a_personal_feed_finds_what_each_viewer_likes(kind: type[Baseline]) -> None:
    feed = two_halves(kind)
    for viewer in range(12):
        scores = feed.scores(viewer)
        left = np.flatnonzero(~feed.seen[viewer])
        mine, others = scores[left[left % 2 == viewer % 2]], scores[left[left % 2 != viewer % 2]]
        assert mine.mean() > others.mean()


def test_popularity_is_the_same_for_all_and_follows_what_is_watched_on() -> None:
    feed = two_halves(Popularity)
    for viewer in range(12):
        for clip in (3, 5):
            feed.told(viewer, clip, BEGINNING, LIKED)
    assert np.array_equal(feed.scores(0), feed.scores(1))
    assert set(np.argsort(-feed.scores(0))[:2].tolist()) == {3, 5}


def test_three_of_ten_of_the_interest_feed_fall_by_lot() -> None:
    feed = two_halves(Interest)
    by_lot = [sum(clip % 2 for clip in feed.slate(0, BEGINNING, 3)) for _ in range(2_000)]
    odd = np.mean(np.flatnonzero(~feed.seen[0]) % 2)
    assert np.mean(by_lot) / 3 == pytest.approx(Interest.explored * odd, abs=0.1)
    assert np.mean(by_lot) > 0


@pytest.mark.parametrize("kind", BASELINES, ids=lambda kind: kind.name)
def test_no_clip_is_shown_before_it_is_published_nor_twice(kind: type[Baseline]) -> None:
    place = world()
    feed = baseline(kind, place)
    here = place.arriving(0)
    feed.publish(here, BEGINNING)
    feed.settle(BEGINNING)
    shown: list[int] = []
    for _ in range(5):
        slate = feed.slate(0, BEGINNING, SLATE_CLIPS)
        assert len(slate) == SLATE_CLIPS
        for clip in slate:
            feed.told(0, clip, BEGINNING, SKIPPED)
        shown += slate
    assert len(set(shown)) == len(shown)
    assert max(shown) < len(here)


@pytest.mark.parametrize("module", [policies, baselines, ours], ids=lambda module: module.__name__)
def test_no_feed_is_handed_or_can_name_what_is_hidden(module: object) -> None:
    names = {name for line in inspect.getsource(module).splitlines() if "import" in line for name in line.split()}  # type: ignore[arg-type]
    hidden = {f"openforyou.bench.satisfaction.{name}" for name in ("world", "sitting", "oracle")}
    assert names.isdisjoint(hidden)
    assert {"World", "Lately", "Sitting", "Habits", "Oracle", "Person", "people", "reaction"}.isdisjoint(vars(module))


def test_what_a_feed_is_handed_is_what_any_platform_has() -> None:
    assert {one.name for one in fields(Clip)} == {
        "number",
        "creator",
        "topic",
        "duration_ms",
        "published_at",
        "content",
    }
    assert {one.name for one in fields(Deed)} == {"type", "after_ms", "watch_ms"}
    handed = {
        str(parameter.annotation)
        for name, method in inspect.getmembers(Policy, inspect.isfunction)
        if not name.startswith("_")
        for parameter in inspect.signature(method).parameters.values()
        if parameter.name != "self"
    }
    assert handed == {"Sequence[Clip]", "Sequence[Deed]", "datetime", "int"}
