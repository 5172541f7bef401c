"""Training in worlds in which the right answer is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from openforyou.learn import weights
from openforyou.learn.checkpoint import Checkpoint
from openforyou.learn.evaluate import Sought, gains, ranks
from openforyou.learn.loaded import LoadedModel
from openforyou.learn.odds import item_odds, mean_odds
from openforyou.learn.rules import labels
from openforyou.learn.scorers import ModelScorer, popularity
from openforyou.learn.serving import ACTIONS, Did, History
from openforyou.learn.split import NONE, Split, leave_out
from openforyou.learn.study import BASELINES, Report, Study
from openforyou.learn.train import Cost, Job, Trained, fit
from openforyou.learn.types import Dataset
from tests.learn.worlds import SEEN, SKIPPED, content_of, dataset_of, looks, markov, quick


def ndcg(data: Dataset, trained: Trained) -> float:
    sought = Sought.of(leave_out(data, 2).test)
    return float(gains(ranks(data, sought, ModelScorer(trained.fitted, data))).mean())


def history(item_ids: list[int], did: int) -> History:
    count = len(item_ids)
    watched = np.full(count, 1.0 if did & Did.COMPLETE else 0.1, dtype=np.float32)
    return History(np.array(item_ids), np.full(count, did), watched, np.arange(count, 0, -1, dtype=np.float32))


@pytest.fixture(scope="module")
def ordered() -> Dataset:
    return markov()


@pytest.fixture(scope="module")
def trained(ordered: Dataset) -> Trained:
    return fit(Job(ordered, leave_out(ordered, 2), quick(epochs=8), seed=1))


@pytest.fixture(scope="module")
def taste() -> tuple[LoadedModel, Dataset, np.ndarray]:
    data, look = looks()
    return LoadedModel("taste", fit(Job(data, leave_out(data, 1), quick(epochs=12))).fitted), data, look


def test_the_network_by_itself_learns_what_follows_what(ordered: Dataset, trained: Trained) -> None:
    plain = ranks(ordered, Sought.of(leave_out(ordered, 2).test), popularity(ordered, leave_out(ordered, 2)))
    alone = replace(trained, fitted=replace(trained.fitted, counts_weight=0.0))
    assert ndcg(ordered, alone) > 0.5
    assert gains(plain).mean() < 0.15


def test_the_same_seed_gives_the_same_model_and_another_seed_another(ordered: Dataset, tmp_path: Path) -> None:
    job = Job(ordered, leave_out(ordered, 2), quick(epochs=1), seed=5)
    before = torch.random.get_rng_state()
    files = []
    for number, one in enumerate((job, job, replace(job, seed=6))):
        files.append(weights.write(fit(one).fitted, tmp_path / f"{number}.pt"))
    assert files[0] == files[1]
    assert files[0] != files[2]
    assert torch.equal(torch.random.get_rng_state(), before), "the caller's random numbers are not used up"


def test_a_training_that_was_cut_off_ends_with_the_very_same_weights(ordered: Dataset, tmp_path: Path) -> None:
    job = Job(ordered, leave_out(ordered, 2), quick(epochs=2), seed=2)
    whole = weights.write(fit(job).fitted, tmp_path / "whole.pt")
    checkpoint = Checkpoint(tmp_path / "kept", "recipe", save_every_s=0)

    def cut(done: int, total: int, message: str = "") -> None:
        if done and done > total * 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(replace(job, checkpoint=checkpoint), cut)
    resumed = fit(replace(job, checkpoint=checkpoint))
    assert resumed.was_resumed
    assert weights.write(resumed.fitted, tmp_path / "resumed.pt") == whole


def test_a_checkpoint_that_is_damaged_or_of_another_recipe_is_not_taken(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "kept", "one")
    assert checkpoint.load() is None
    checkpoint.save({"step": 3})
    assert checkpoint.load() == {"step": 3}
    assert Checkpoint(tmp_path / "kept", "other").load() is None
    state = tmp_path / "kept" / "state.pt"
    state.write_bytes(state.read_bytes()[:-30])
    assert checkpoint.load() is None
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0, "it holds what viewers did"
    checkpoint.clear()
    assert not (tmp_path / "kept").exists()


def test_heads_are_trusted_as_far_as_they_tell_more_than_counts(taste: tuple[LoadedModel, Dataset, np.ndarray]) -> None:
    by_viewer, _, _ = taste
    assert by_viewer.heads_share > 0.5, "who likes what is all there is to know, and counts do not know it"
    rng = np.random.default_rng(0)
    good = rng.random(40)  # The same to everybody, which counts see at once, and heads that never learned do not.
    histories = [rng.permutation(40)[:20].tolist() for _ in range(120)]
    did = [[SEEN if rng.random() < good[item] else SKIPPED for item in history] for history in histories]
    data = dataset_of(histories, did)
    untaught = fit(Job(data, leave_out(data, 1), quick(epochs=1, learning_rate=0.0)))
    assert untaught.fitted.heads_share == 0


def test_odds_by_item_are_drawn_to_the_mean_where_there_are_few_rows() -> None:
    data = dataset_of([[0, 1, 2]] * 8 + [[0, 1, 3]], [[SEEN, SKIPPED, SEEN]] * 8 + [[SEEN, SKIPPED, SKIPPED]])
    split = Split(data.sequences.starts[1:], *[np.full(9, NONE)] * 2)
    chance = torch.sigmoid(item_odds(data, split)).numpy()[:, ACTIONS.index("skip")]
    mean = 10 / 27
    assert torch.sigmoid(mean_odds(data, split))[ACTIONS.index("skip")] == pytest.approx(mean)
    assert chance == pytest.approx([8 * mean / 17, (9 + 8 * mean) / 17, 8 * mean / 16, (1 + 8 * mean) / 9])


def test_training_stops_when_nothing_gets_better_and_says_what_it_costs(ordered: Dataset) -> None:
    costs: list[Cost] = []
    job = Job(ordered, leave_out(ordered, 2), quick(epochs=50, patience=1, learning_rate=0.0))
    trained = fit(job, announce=costs.append)
    assert trained.epochs == 2, "the first counts as better than none, the second is not better"
    assert costs[0].seconds is None
    assert costs[-1].seconds is not None
    assert (costs[0].viewers, costs[0].items) == (len(ordered.sequences), len(ordered.item_ids))


def test_what_viewers_skip_is_not_foretold(taste: tuple[LoadedModel, Dataset, np.ndarray]) -> None:
    model, data, look = taste
    vectors = model.item_vectors(data.item_ids, data.content)
    for wanted in range(4):
        own = np.flatnonzero(look == wanted)[:4].tolist()
        viewer = model.viewer_vector(history(own, SEEN), vectors[own])
        best = np.argsort(-(vectors @ viewer))[:14]
        assert (look[best] == wanted).mean() > 0.8


def test_a_clip_that_nobody_has_seen_is_placed_by_its_content(taste: tuple[LoadedModel, Dataset, np.ndarray]) -> None:
    model, data, look = taste
    new_look = np.repeat(np.arange(4), 10)
    content = content_of(new_look, np.random.default_rng(99))
    new = model.item_vectors(np.arange(1_000, 1_040), content)
    known = model.item_vectors(data.item_ids, data.content)
    for wanted in range(4):
        own = np.flatnonzero(look == wanted)[:4].tolist()
        best = np.argsort(-(new @ model.viewer_vector(history(own, SEEN), known[own])))[:10]
        assert (new_look[best] == wanted).mean() >= 0.8


def test_the_heads_tell_a_like_from_a_skip(taste: tuple[LoadedModel, Dataset, np.ndarray]) -> None:
    model, data, look = taste
    vectors = model.item_vectors(data.item_ids, data.content)
    like, skip = ACTIONS.index("like"), ACTIONS.index("skip")
    for wanted in range(4):
        own, others = np.flatnonzero(look == wanted), np.flatnonzero(look != wanted)
        viewer = model.viewer_vector(history(own[:5].tolist(), SEEN | Did.LIKE), vectors[own[:5]])
        chances = model.action_probabilities(viewer, vectors)
        assert chances.shape == (len(look), len(ACTIONS))
        assert ((chances >= 0) & (chances <= 1)).all()
        assert chances[own, like].mean() > 0.7 > 0.4 > chances[others, like].mean()
        assert chances[own, skip].mean() < 0.3 < 0.6 < chances[others, skip].mean()


def test_three_clips_seen_to_the_end_turn_a_viewer_round(taste: tuple[LoadedModel, Dataset, np.ndarray]) -> None:
    model, data, look = taste
    vectors = model.item_vectors(data.item_ids, data.content)
    skipped = [int(np.flatnonzero(look == other)[0]) for other in (0, 1, 3) for _ in range(1)]
    seen = np.flatnonzero(look == 2)[:3].tolist()
    both = history(skipped + seen, SKIPPED)
    both.did[-3:] = SEEN
    both.watch_fraction[-3:] = 1
    viewer = model.viewer_vector(both, vectors[skipped + seen])
    best = np.argsort(-(vectors @ viewer))[:10]
    assert (look[best] == 2).mean() >= 0.8


def test_a_study_reports_in_the_published_form_and_beats_its_baselines(ordered: Dataset, trained: Trained) -> None:
    report = Study(ordered, "leave-one-out", quick(epochs=8), 1).report(trained)
    told = json.loads(json.dumps(report.as_dict()))
    assert list(told) == [name for name in Report.__dataclass_fields__ if name not in ("ranks", "viewers")]
    assert set(told["baselines"]) == set(BASELINES)
    low, high = told["metrics"]["ndcg@10_ci95"]
    assert low < told["metrics"]["ndcg@10"] < high
    assert told["metrics"]["ndcg@10"] > 3 * told["baselines"]["popularity"]["ndcg@10"]
    assert told["baselines"]["markov"]["ndcg@10"] > told["baselines"]["popularity"]["ndcg@10"]
    assert told["metrics"]["hr@10"] <= told["metrics"]["hr@50"] <= 1


def test_ranks_leave_out_what_was_seen_and_share_a_tie() -> None:
    data = markov(items=6, viewers=1, length=4)
    sought = Sought.of(leave_out(data, 1).validation)
    target, seen = data.sequences.items[3], data.sequences.items[:3]
    rest = np.setdiff1d(np.arange(6), [*seen, target])
    scores = np.zeros((1, 6), dtype=np.float32)
    scores[0, seen] = 9
    assert ranks(data, sought, lambda _: scores).tolist() == [1.0], "in the middle of three equals, the seen left out"
    scores[0, rest[0]] = 1
    assert ranks(data, sought, lambda _: scores).tolist() == [1.5]
    scores[0, target] = 2
    assert ranks(data, sought, lambda _: scores).tolist() == [0.0]
    assert gains(np.array([0.0, 1.0, 9.0, 10.0])).tolist() == pytest.approx([1, 1 / np.log2(3), 1 / np.log2(11), 0])


def test_labels_follow_the_order_of_actions() -> None:
    data, _ = looks()
    rows = np.arange(len(data.sequences.items))
    told = labels(data.sequences, rows)
    skipped = data.sequences.did == SKIPPED
    np.testing.assert_array_equal(told[:, ACTIONS.index("skip")] > 0, skipped)
    np.testing.assert_array_equal(told[:, ACTIONS.index("complete")] > 0, ~skipped)
    assert not told[:, ACTIONS.index("follow")].any()
