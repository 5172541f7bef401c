"""A model in service: the promise of `ServingModel`, whatever it is given."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch

from openforyou.learn import fitted as fitted_module
from openforyou.learn import weights
from openforyou.learn.errors import BadWeights
from openforyou.learn.evaluate import Sought, ranks
from openforyou.learn.fitted import Fitted
from openforyou.learn.loaded import LoadedModel
from openforyou.learn.scorers import ModelScorer
from openforyou.learn.sequence import Inputs, gap_buckets
from openforyou.learn.serving import ACTIONS, History, ServingModel
from openforyou.learn.split import leave_out
from openforyou.learn.train import Job, fit
from openforyou.learn.types import Dataset
from tests.learn.worlds import SEEN, looks, quick


@pytest.fixture(scope="module")
def data() -> Dataset:
    return looks(viewers=40)[0]


@pytest.fixture(scope="module")
def fitted(data: Dataset) -> Fitted:
    found = fit(Job(data, leave_out(data, 1), quick(epochs=1))).fitted
    return replace(found, counts_weight=1.0)


@pytest.fixture(scope="module")
def model(fitted: Fitted) -> ServingModel:
    return LoadedModel("11111111112", fitted)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_what_serves_says_what_the_network_that_was_trained_says(
    data: Dataset, model: LoadedModel, fitted: Fitted, count: int
) -> None:
    vectors = model.item_vectors(data.item_ids, data.content)
    rng = np.random.default_rng(count)
    rows = rng.integers(0, len(vectors), count)
    told = replace(
        history(data.item_ids[rows]),
        did=rng.integers(0, 64, count),
        watch_fraction=rng.uniform(0, 2, count).astype(np.float32),
        age_s=np.sort(rng.uniform(0, 1e6, count))[::-1].astype(np.float32),
    )
    ages = told.age_s.astype(np.float64)
    inputs = Inputs(
        items=torch.from_numpy(rows)[None],
        did=torch.from_numpy(told.did)[None],
        watched=torch.from_numpy(told.watch_fraction)[None],
        gaps=gap_buckets(torch.from_numpy(-np.diff(ages, prepend=ages[:1])))[None],
    )
    with torch.inference_mode():
        trained = fitted.network.encode(torch.from_numpy(vectors), inputs)[0, -1]
        odds = fitted.network.actions(trained, torch.from_numpy(vectors))
    viewer = model.viewer_vector(told, vectors[rows])
    np.testing.assert_allclose(viewer, trained.numpy(), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(model.action_probabilities(viewer, vectors), torch.sigmoid(odds).numpy(), atol=1e-4)


def history(item_ids: np.ndarray, age_s: float = 10.0) -> History:
    count = len(item_ids)
    ages = np.arange(count, 0, -1, dtype=np.float32) * age_s
    return History(item_ids, np.full(count, SEEN), np.ones(count, dtype=np.float32), ages)


def test_shapes_and_kinds_are_as_promised(model: ServingModel, data: Dataset) -> None:
    vectors = model.item_vectors(data.item_ids, data.content)
    viewer = model.viewer_vector(history(data.item_ids[:7]), vectors[:7])
    chances = model.action_probabilities(viewer, vectors)
    assert vectors.shape == (len(data.item_ids), len(viewer))
    assert chances.shape == (len(data.item_ids), len(ACTIONS))
    assert {vectors.dtype, viewer.dtype, chances.dtype} == {np.dtype(np.float32)}
    assert model.name == "11111111112"


def test_it_ranks_in_service_as_it_was_judged(model: LoadedModel, fitted: Fitted, data: Dataset) -> None:
    """Dot product and followers together are the scores of the evaluation: one model, not two."""
    sought = Sought.of(leave_out(data, 1).validation)
    found = ranks(data, sought, ModelScorer(fitted, data))
    vectors = model.item_vectors(data.item_ids, data.content)
    held = data.sequences
    for viewer, row, rank in zip(sought.viewers[:10], sought.rows[:10], found[:10], strict=True):
        rows = slice(int(held.starts[viewer]), int(row))
        ages = np.zeros(rows.stop - rows.start, dtype=np.float32)
        seen = held.items[rows]
        told = History(data.item_ids[seen], held.did[rows].astype(np.int64), held.watched[rows], ages)
        scores = vectors @ model.viewer_vector(told, vectors[seen])
        ids, bonus = model.followers(told)
        scores[np.searchsorted(data.item_ids, ids)] += bonus
        scores[seen] = -np.inf
        target = held.items[row]
        assert (scores > scores[target]).sum() == pytest.approx(rank, abs=1)


def test_several_threads_get_what_one_gets(model: ServingModel, data: Dataset) -> None:
    vectors = model.item_vectors(data.item_ids, data.content)
    histories = [history(np.roll(data.item_ids, shift)[:9]) for shift in range(24)]

    def ask(one: History) -> np.ndarray:
        return model.action_probabilities(model.viewer_vector(one, vectors[one.item_ids]), vectors)

    alone = [ask(one) for one in histories]
    with ThreadPoolExecutor(6) as pool:
        for expected, found in zip(alone, pool.map(ask, histories), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_long_history_is_read_from_its_end(model: ServingModel, data: Dataset) -> None:
    vectors = model.item_vectors(data.item_ids, data.content)
    many = np.resize(data.item_ids, 5_000)
    length = quick().length
    whole = model.viewer_vector(history(many), vectors[many])
    np.testing.assert_allclose(whole, model.viewer_vector(history(many[-length:]), vectors[many[-length:]]), rtol=1e-4)


def test_a_history_of_one_deed_may_come_as_a_reversed_view(model: ServingModel, data: Dataset) -> None:
    """As a feed reads it: newest first, then turned round. A single reversed row is an array that torch refuses."""
    vectors = model.item_vectors(data.item_ids, data.content)
    one = data.item_ids[:1]
    placed = model.viewer_vector(history(one), vectors[one][::-1])
    np.testing.assert_allclose(placed, model.viewer_vector(history(one), vectors[one].copy()), rtol=1e-6)
    assert np.isfinite(model.action_probabilities(placed, vectors[:1][::-1])).all()


def test_no_history_says_nothing(model: LoadedModel, data: Dataset) -> None:
    vectors = model.item_vectors(data.item_ids, data.content)
    none = np.empty(0, dtype=np.int64)
    viewer = model.viewer_vector(history(none), vectors[:0])
    assert not viewer.any()
    assert np.isfinite(model.action_probabilities(viewer, vectors)).all()
    assert len(model.followers(history(none))[0]) == 0
    assert model.action_probabilities(viewer, vectors[:0]).shape == (0, len(ACTIONS))
    assert model.item_vectors(none, data.content[:0]).shape == (0, vectors.shape[1])


def test_odd_content_counts_as_none(model: ServingModel, data: Dataset) -> None:
    unknown = np.array([10**6, 10**6 + 1])
    content = data.content[:2].copy()
    content[0, 3] = np.nan
    vectors = model.item_vectors(unknown, content)
    assert np.isfinite(vectors).all()
    np.testing.assert_array_equal(vectors[0], model.item_vectors(unknown[:1], np.zeros_like(content[:1]))[0])
    assert vectors[1].any()
    other_length = model.item_vectors(data.item_ids[:3], np.ones((3, 5), dtype=np.float32))
    bare = np.zeros_like(data.content[:3])
    np.testing.assert_array_equal(other_length, model.item_vectors(data.item_ids[:3], bare))


def test_many_items_are_placed_in_parts_as_one_by_one(model: ServingModel, data: Dataset) -> None:
    count = fitted_module.PLACED_AT_ONCE + 100
    ids, content = np.resize(data.item_ids, count), np.resize(data.content, (count, data.content.shape[1]))
    vectors = model.item_vectors(ids, content)
    for at in (0, fitted_module.PLACED_AT_ONCE - 1, fitted_module.PLACED_AT_ONCE, count - 1):
        one = model.item_vectors(ids[at : at + 1], content[at : at + 1])[0]
        np.testing.assert_allclose(vectors[at], one, rtol=1e-4, atol=1e-6)


def test_a_file_of_weights_comes_back_as_it_was(fitted: Fitted, data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    weights.write(fitted, path)
    with path.open("rb") as file:
        back = weights.read(file, "model.pt")
    np.testing.assert_array_equal(back.place(data.item_ids, data.content), fitted.place(data.item_ids, data.content))
    np.testing.assert_array_equal(back.counts.values, fitted.counts.values)
    assert (back.counts_weight, back.encoder) == (fitted.counts_weight, fitted.encoder)
    assert back.heads_share == fitted.heads_share


@pytest.mark.parametrize("damage", ["cut", "flipped", "other", "empty"])
def test_a_file_that_is_no_file_of_weights_is_named(fitted: Fitted, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.pt"
    weights.write(fitted, path)
    whole = path.read_bytes()
    damaged = {
        "cut": whole[: len(whole) // 2],
        "flipped": b"\0" * 64 + whole[64:],
        "other": b"viewer item\n1 2\n",
        "empty": b"",
    }[damage]
    with pytest.raises(BadWeights, match=r"my\.pt"):
        weights.read(BytesIO(damaged), "my.pt")


def test_a_file_of_another_form_is_told_apart_from_a_damaged_one() -> None:
    import torch

    file = BytesIO()
    torch.save({"format": "openforyou-model-9"}, file)
    file.seek(0)
    with pytest.raises(BadWeights, match="openforyou-model-9"):
        weights.read(file, "future.pt")
