"""What a past says of a candidate: arithmetic on columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.learn.rules import did_of, watched_share
from openforyou.learn.serving import Did
from openforyou.recommend.params import Weights
from openforyou.recommend.query.query import history_of
from openforyou.recommend.query.taste import FEELING_MAX, Past, interests, likeness, past_of, taste
from tests.recommend.shelves import LOOKS, NOW_S, deed, finished, recall_of, shelf_of

WEIGHTS = Weights(taste_prior=0.5)
"""Half a clip, whatever the feed has: the figures below are those of the arithmetic."""
SHELF = shelf_of(60)
DEEDS_MADE = st.fixed_dictionaries(
    {
        "watch_ms": st.integers(0, 10**9),
        "views": st.integers(0, 3),
        "completions": st.integers(0, 3),
        "skips": st.integers(0, 3),
        "shares": st.integers(0, 3),
        "liked": st.integers(0, 1),
        "refused": st.integers(0, 1),
    }
)


def past(*rows: tuple[float, ...]) -> Past:
    return past_of(recall_of(rows).history, SHELF, NOW_S, WEIGHTS)


def tastes(one: Past) -> np.ndarray:
    """For every item of the shelf."""
    alike = likeness(one, SHELF.unit, SHELF.creators, SHELF.space, WEIGHTS)
    return taste(one, alike, WEIGHTS)


def mean_of(felt: np.ndarray, look: int) -> float:
    return float(felt[look::LOOKS].mean())


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"liked": 1, "completions": 1}, {"completions": 1}),
        ({"completions": 1}, {"watch_ms": 6000}),
        ({"watch_ms": 6000}, {"watch_ms": 3000}),
        ({"watch_ms": 3000}, {}),
        ({}, {"watch_ms": 1000}),
        ({"watch_ms": 1000}, {"skips": 1, "watch_ms": 5000}),
        ({"skips": 1, "watch_ms": 5000}, {"skips": 1, "watch_ms": 300}),
        ({"skips": 1}, {"refused": 1}),
        ({"completions": 1, "skips": 1}, {"skips": 1}),
    ],
)
def test_feelings_are_in_the_order_that_anybody_would_give(better: dict[str, int], worse: dict[str, int]) -> None:
    one, other = past(deed(1000, **better)), past(deed(1000, **worse))
    assert one.feeling[0] > other.feeling[0]
    assert mean_of(tastes(one), 0) > mean_of(tastes(other), 0)


def test_a_clip_merely_on_screen_says_nothing() -> None:
    assert past(deed(1000)).feeling[0] == 0
    assert not tastes(past(deed(1000))).any()


@given(rows=st.lists(st.tuples(st.integers(990, 1070), DEEDS_MADE, st.floats(-1e9, 1e9)), max_size=20))
def test_whatever_the_past_holds_tastes_are_finite_and_bounded(
    rows: Sequence[tuple[int, dict[str, int], float]],
) -> None:
    one = past(*(deed(item, NOW_S - age_s, **done) for item, done, age_s in rows))
    felt = tastes(one)
    assert np.isfinite(felt).all()
    assert np.abs(felt).max(initial=0) <= FEELING_MAX
    points = interests(one, SHELF.space, WEIGHTS)
    assert len(points) <= WEIGHTS.similar_interests
    assert np.allclose(np.linalg.norm(points, axis=1), 1)


def test_three_make_a_stronger_taste_than_one_and_the_newest_count_most() -> None:
    one = past(finished(1000))
    three = past(finished(1000), finished(1006), finished(1012))
    assert mean_of(tastes(three), 0) > mean_of(tastes(one), 0) > 0.3
    old = past(*(finished(1001) for _ in range(3)), *(deed(1000 + 6 * n, skips=1) for n in range(5)))
    turned = past(*(deed(1000 + 6 * n, skips=1) for n in range(5)), *(finished(1001) for _ in range(3)))
    assert mean_of(tastes(old), 1) > mean_of(tastes(turned), 1) > 0
    faded = past(finished(1000, NOW_S - 90 * 86_400))
    assert mean_of(tastes(faded), 0) < 0.5 * mean_of(tastes(one), 0)


def test_a_skip_counts_against_what_is_like_it_and_against_nothing_else() -> None:
    felt = tastes(past(*(deed(1000 + 6 * n, skips=1, watch_ms=500) for n in range(3))))
    assert mean_of(felt, 0) < -0.5
    assert all(mean_of(felt, look) > -0.25 for look in range(1, LOOKS)), "a creator in common weighs a little"


def test_interests_are_the_looks_that_were_liked_strongest_first() -> None:
    one = past(finished(1001), deed(1007, completions=1, liked=1), finished(1004), deed(1002, skips=1))
    points = interests(one, SHELF.space, WEIGHTS)
    cosines = points @ SHELF.unit.T
    assert [int(row.argmax()) % LOOKS for row in cosines] == [1, 4]


def test_the_past_is_told_to_a_model_as_training_reads_it() -> None:
    rows = [
        finished(1003),
        deed(77, liked=1),  # Not on the shelf any more.
        deed(1002),  # Merely on screen.
        deed(1001, NOW_S - 120, watch_ms=35_000, views=1, liked=1, shares=2),
        deed(1000, NOW_S - 180, watch_ms=2_000, skips=1, refused=1),
    ]
    one = past(*rows)
    history, told = history_of(one, SHELF.ids[one.positions], NOW_S)
    assert told.tolist() == [True, False, True, True]
    assert history.item_ids.tolist() == [1000, 1001, 1003], "oldest first"
    assert history.age_s.tolist() == [180, 120, 60]
    expected = [
        did_of(views=0, completions=0, liked=False, shares=0, skips=1, refused=True),
        did_of(views=1, completions=0, liked=True, shares=2, skips=0, refused=False),
        did_of(views=1, completions=1, liked=False, shares=0, skips=0, refused=False),
    ]
    assert history.did.tolist() == expected
    assert expected[0] == Did.SKIP | Did.NOT_INTERESTED
    shares = [watched_share(ms, 10_000, did) for ms, did in zip([2_000, 35_000, 10_000], expected, strict=True)]
    assert np.allclose(history.watch_fraction, shares)
