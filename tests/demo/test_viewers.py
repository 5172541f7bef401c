"""What simulated viewers do follows the page's own rules, and their hidden tastes."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openforyou.demo.viewers import Deed, clip_quality, people, reaction
from openforyou.events.types import EventType

PERSON = people(1, 1, 16)[0]


@given(
    st.floats(0, 1.2),
    st.integers(3_000, 60_000),
    st.integers(0, 40),
    st.integers(0, 2**32 - 1),
)
def test_deeds_are_those_of_the_page(interest: float, duration_ms: int, place: int, seed: int) -> None:
    deeds = reaction(PERSON, interest, duration_ms, place, np.random.default_rng(seed))
    kinds = Counter(deed.type for deed in deeds)
    watched_ms = sum(deed.watch_ms for deed in deeds)
    assert deeds[0] == Deed(EventType.IMPRESSION, 0)
    assert [deed.after_ms for deed in deeds] == sorted(deed.after_ms for deed in deeds)
    assert all(count == 1 for kind, count in kinds.items() if kind is not EventType.WATCH)
    assert all(0 < deed.watch_ms <= 5_000 for deed in deeds if deed.type is EventType.WATCH)
    assert bool(kinds[EventType.VIEW]) == (watched_ms >= 2_000)
    assert bool(kinds[EventType.COMPLETE]) == (watched_ms >= duration_ms)
    assert bool(kinds[EventType.SKIP]) == (watched_ms < min(duration_ms / 3, 3_000))
    if kinds[EventType.SKIP]:
        assert not kinds[EventType.LIKE] + kinds[EventType.SHARE] + kinds[EventType.FOLLOW]


def test_people_watch_what_they_love_and_skip_what_they_do_not() -> None:
    rng = np.random.default_rng(1)
    loved, other = (
        [reaction(PERSON, interest, 7_000, number % 12, rng) for number in range(300)] for interest in (1.0, 0.1)
    )

    def share(group: list[list[Deed]], kind: EventType) -> float:
        return sum(any(deed.type is kind for deed in deeds) for deeds in group) / len(group)

    assert share(loved, EventType.COMPLETE) > 0.9 > 0.2 > share(other, EventType.COMPLETE)
    assert share(other, EventType.SKIP) > 0.7 > 0.1 > share(loved, EventType.SKIP)
    assert share(loved, EventType.LIKE) > share(other, EventType.LIKE)


def test_tastes_are_sharp_drift_a_little_and_differ() -> None:
    crowd = people(1, 200, 16)
    loved = [int((person.morning > 0.5).sum()) for person in crowd]
    assert 1 <= np.median(loved) <= 5
    assert all(person.morning.max() == 1 and person.evening.max() == 1 for person in crowd)
    kept = np.mean([person.morning.argmax() == person.evening.argmax() for person in crowd])
    assert 0.5 < kept < 1
    assert len({int(person.morning.argmax()) for person in crowd}) == 16


def test_people_are_the_same_by_seed_and_no_two_share_an_id() -> None:
    first, again = people(1, 400, 16), people(1, 400, 16)
    assert [person.viewer_id for person in first] == [person.viewer_id for person in again]
    assert len({person.viewer_id for person in (*first, *people(2, 400, 16))}) == 800


def test_some_clips_are_better_than_their_siblings() -> None:
    qualities = [clip_quality(f"clip {number}") for number in range(100)]
    assert -0.2 <= min(qualities) < -0.1 < 0.1 < max(qualities) <= 0.2
