"""Content is compared about the catalogue's mean, on a scale of its own."""

from __future__ import annotations

import numpy as np
import pytest

from openforyou.recommend.snapshot.shelf import LISTING, empty, restocked
from openforyou.recommend.snapshot.space import fit
from tests.recommend.shelves import LOOKS, shelf_of


def test_looks_stand_apart_although_every_vector_leans_one_way() -> None:
    rng = np.random.default_rng(0)
    looks = np.arange(120) % 8
    raw = (rng.normal(size=(8, 32))[looks] + 5 + 0.2 * rng.normal(size=(120, 32))).astype(np.float32)
    plain = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    assert (plain @ plain.T).min() > 0.5, "as the encoder gives them, any two look alike"
    space = fit(raw)
    unit, _ = space.place(raw)
    alike = space.likeness(unit @ unit.T)
    same = looks[:, None] == looks[None, :]
    assert alike[same].min() > 0.7
    assert np.quantile(alike[~same], 0.9) < 0.4


def test_raw_content_comes_back_and_its_absence_stays_absent() -> None:
    raw = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    raw[3] = np.nan
    raw[4] = np.inf
    raw[5] = 0
    space = fit(raw)
    unit, distance = space.place(raw)
    back = space.raw(unit, distance)
    known = [n for n in range(20) if n not in (3, 4, 5)]
    assert np.allclose(back[known], raw[known], atol=1e-5)
    assert not back[[3, 4, 5]].any()
    assert not unit[[3, 4, 5]].any()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7])
def test_a_handful_of_clips_is_a_space_too(count: int) -> None:
    raw = np.random.default_rng(2).normal(size=(count, 8)).astype(np.float32)
    unit, _ = fit(raw).place(raw)
    assert np.isfinite(unit).all()
    assert np.allclose(np.linalg.norm(unit, axis=1), 1)


def test_a_restocked_shelf_keeps_order_replaces_and_removes() -> None:
    shelf = shelf_of(30)
    raw = np.ones((3, 24), dtype=np.float32)
    raw[1] = 0
    rows = [
        (500, 98, 6.0, 8, 2.0, False, 0, 0),
        (1005, 99, 5.0, 7, 2.0, False, 0, 0),
        (9000, 97, 7.0, 9, 2.0, True, 0, 0),
    ]
    come = np.array(rows, dtype=LISTING)
    after = restocked(shelf, np.array([1000, 1001, 4]), come, raw)
    assert after.ids.tolist() == [500, *range(1002, 1030), 9000]
    at = after.positions(np.array([1005, 500, 9000, 1000]))
    assert at.tolist() == [4, 0, 29, -1]
    assert after.creators[at[:3]].tolist() == [99, 98, 97]
    assert after.distance[at[0]] == 0, "replaced whole: it has no content any more"
    assert after.distance[at[1]] > 0
    assert np.allclose(after.raw()[at[2]], 1, atol=1e-5)
    stays = shelf.positions(np.array([1010]))[0], after.positions(np.array([1010]))[0]
    assert np.allclose(shelf.raw()[stays[0]], after.raw()[stays[1]], atol=1e-5)
    assert shelf.ids.tolist() == list(range(1000, 1030)), "requests in flight keep theirs"


def test_the_space_is_learned_anew_as_the_catalogue_grows() -> None:
    first = shelf_of(30)
    rows = np.array([(5000 + n, 1, 0.0, 1, 1.0, False, 0, 0) for n in range(30)], dtype=LISTING)
    far = (50 + np.eye(24)[np.arange(30) % 24]).astype(np.float32)
    grown = restocked(first, np.empty(0, np.int64), rows, far)
    assert grown.space.fitted_on == 60
    assert np.allclose(grown.space.mean, grown.raw().mean(axis=0), atol=1e-3)
    one = restocked(first, np.empty(0, np.int64), rows[:1], far[:1])
    assert one.space is first.space


def test_looks_of_the_test_shelf_are_told_apart() -> None:
    """The ground that other tests stand on."""
    shelf = shelf_of(60)
    alike = shelf.space.likeness(shelf.unit @ shelf.unit.T)
    same = np.equal.outer(np.arange(60) % LOOKS, np.arange(60) % LOOKS)
    assert alike[same].mean() > 0.8 > 0.3 > alike[~same].mean()
    assert len(empty(8)) == 0
