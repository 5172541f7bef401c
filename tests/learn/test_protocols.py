"""What each protocol lets training see, and what it asks for; sets without an order; baselines that can be beaten."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openforyou.core.errors import BadInput
from openforyou.learn import dataset as door
from openforyou.learn import readers
from openforyou.learn.baselines import BASELINES, NotHere, als, ease
from openforyou.learn.batches import training_batch
from openforyou.learn.counts import count
from openforyou.learn.evaluate import Sought, by_rarity, gains, intervals, metrics, of_the_lists, ranks
from openforyou.learn.split import NONE, TESTS_MAX, Split, as_given, at_one_moment, leave_out, shares_moment
from openforyou.learn.study import Study
from openforyou.learn.types import Dataset
from tests.learn.worlds import SEEN, SKIPPED, dataset_of, markov, quick


def timed(histories: list[list[tuple[int, float]]], did: list[list[int]] | None = None) -> Dataset:
    """Viewers with (item, time) pairs."""
    plain = dataset_of([[item for item, _ in history] for history in histories], did)
    at_s = np.array([at for history in histories for _, at in history])
    return replace(plain, sequences=replace(plain.sequences, at_s=at_s))


def folder_of(path: Path, train: str, valid: str, test: str) -> Path:
    path.mkdir()
    for name, text in (("train", train), ("valid", valid), ("test", test)):
        (path / f"{name}.txt").write_text(text)
    return path


def test_one_moment_for_all_keeps_the_future_out_of_training() -> None:
    rng = np.random.default_rng(0)
    histories = [[(int(rng.integers(40)), at) for at in sorted(rng.uniform(1, 100, 12))] for _ in range(60)]
    data = timed(histories)
    split, at_s, starts = at_one_moment(data), data.sequences.at_s, data.sequences.starts
    viewer = np.repeat(np.arange(60), 12)
    trained = np.arange(len(at_s)) < split.train_end[viewer]
    moment = at_s[~trained].min()
    assert at_s[trained].max() < moment, "training ends at one moment for everybody"
    assert trained.mean() == pytest.approx(0.8, abs=0.01)
    asked = split.test[split.test != NONE]
    assert len(asked) > 20
    assert at_s[asked].min() >= np.quantile(at_s, 0.9)
    for row in asked:
        before = np.arange(starts[viewer[row]], row)
        assert len(before), "nobody is asked without a past"
        assert at_s[before].max() < np.quantile(at_s, 0.9), "it is the first that was wanted after the moment"
    validated = split.validation[split.validation != NONE]
    assert ((at_s[validated] >= moment) & (at_s[validated] < np.quantile(at_s, 0.9))).all()


def test_each_of_the_first_wanted_after_the_moment_is_sought_from_all_before_it() -> None:
    histories = [[(item, float(item + 1)) for item in range(70)], [(3, 1.0), (4, 2.0), (70, 69.0), (71, 69.5)]]
    data = timed([*histories, [(5, 69.0), (6, 69.5)]])
    split = at_one_moment(data)
    sought = Sought.tested(split, data.sequences.starts)
    at_s = data.sequences.at_s[sought.rows]
    assert at_s.min() >= np.quantile(data.sequences.at_s, 0.9)
    assert (sought.ends == sought.rows).all()
    assert set(sought.viewers.tolist()) == {0, 1}, "who has no past before the moment is not asked"
    assert (sought.viewers == 1).sum() == 2
    assert np.bincount(sought.viewers).max() <= TESTS_MAX
    many = timed([[(item, 1.0 + item / 1000) for item in range(50)] + [(item, 99.0 + item) for item in range(50, 99)]])
    assert len(Sought.tested(at_one_moment(many), many.sequences.starts)) == min(TESTS_MAX, 10)


def test_a_viewer_who_is_asked_often_counts_as_one() -> None:
    found = np.array([0.0, 50.0, 50.0, 50.0, 0.0])
    viewers = np.array([4, 7, 7, 7, 7])
    told = metrics(found, viewers)
    assert told["hr@10"] == pytest.approx((1 + 1 / 4) / 2)
    assert told["hr@200"] == 1
    low, high = intervals(found, 0, viewers)["hr@10_ci95"]
    assert (low, high) == (0.25, 1.0), "viewers are drawn, not rows"
    assert metrics(found, np.arange(5)) == metrics(found)


def test_what_was_skipped_after_the_moment_is_not_sought() -> None:
    histories = [[(0, 1.0), (1, 2.0), (2, 3.0), (3, 4.0), (4, 95.0), (5, 100.0)]] * 4
    data = timed(histories, [[SEEN, SEEN, SEEN, SEEN, SKIPPED, SEEN]] * 4)
    split = at_one_moment(data)
    assert data.sequences.items[split.test[split.test != NONE]].tolist() == [5, 5, 5, 5]


def test_rows_that_share_a_moment_are_counted() -> None:
    data = timed([[(0, 1.0), (1, 2.0), (2, 2.0)], [(3, 2.0), (4, 3.0)]])
    assert shares_moment(data, np.array([2, 3, 4])) == 1, "only within one viewer"


def test_a_given_split_is_taken_as_it_is_and_the_history_ends_with_training(tmp_path: Path) -> None:
    data = door.from_file(folder_of(tmp_path / "sets", "1 10\n1 11\n2 10\n3 12\n", "1 12\n", "1 13\n2 11\n4 10\n"))
    split = as_given(data)
    assert not data.ordered
    assert data.item_ids[data.sequences.items[split.test[:2]]].tolist() == [13, 11]
    assert split.test[2:].tolist() == [NONE, NONE], "the third is not asked, the fourth has nothing to start from"
    assert (split.validation != NONE).tolist() == [True, False, False, False]
    sought = Sought.of(split.test, past_end=split.past_end)
    assert (sought.rows - sought.ends).tolist() == [1, 0], "what validates is no part of the past"


def test_features_of_a_folder_become_content_and_can_be_withheld(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "sets", "0 0\n0 2\n1 1\n", "", "0 1\n")
    np.save(folder / "image_feat.npy", np.array([[1, 0], [0, 3], [5, 5]], dtype=np.float16))
    np.save(folder / "audio_feat.npy", np.array([[1], [np.nan], [2]], dtype=np.float32))
    data = door.from_file(folder)
    assert data.content.shape == (3, 3)
    assert np.isfinite(data.content).all()
    assert data.encoder == "sets"
    less = door.without(data, content=False)
    assert less.content.shape == (3, 0)
    assert less.digest != data.digest
    np.save(folder / "image_feat.npy", np.zeros((2, 2)))
    with pytest.raises(BadInput, match="shape"):
        door.from_file(folder)


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [("1 10 3\n", "1 11\n", "3 words"), ("1 10\n", "1 11\n1 12\n", "second time"), ("1 x\n", "1 11\n", "not an item")],
)
def test_a_bad_folder_is_named_with_file_and_line(tmp_path: Path, train: str, test: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        readers.read(folder_of(tmp_path / "bad", train, "", test))


def test_sets_are_counted_both_ways_whatever_their_order() -> None:
    sets = [[0, 1, 2], [2, 1, 0], [0, 3], [4, 5]]
    data = replace(dataset_of(sets), ordered=False)
    everything = Split(data.sequences.starts[1:], np.full(4, NONE), np.full(4, NONE))
    counts = count(data, everything)
    turned = replace(dataset_of([row[::-1] for row in sets]), ordered=False)
    again = count(turned, everything)
    for item in range(6):
        assert counts.dense(np.array([item], np.int32)) == pytest.approx(again.dense(np.array([item], np.int32)))
    row = counts.dense(np.array([0], np.int32))
    assert row[1] == pytest.approx(row[2])
    assert row[1] > 0
    assert row[4] == 0


def test_sets_come_in_another_order_each_time_and_whole() -> None:
    data = replace(dataset_of([list(range(12)), [3, 4, 5]]), ordered=False)
    split = Split(data.sequences.starts[1:], np.full(2, NONE), np.full(2, NONE))
    seen = set()
    for seed in range(8):
        batch = training_batch(data, split, np.array([0, 1]), 20, np.random.default_rng(seed))
        told = batch.inputs.items[0].tolist()
        last = batch.target[batch.position < batch.inputs.items.shape[1]][-1].item()
        assert sorted([*told, last]) == list(range(12))
        seen.add(tuple(told))
        second = batch.position >= batch.inputs.items.shape[1]
        assert int(second.sum()) == 2, "the shorter set foretells its own rest alone"
    assert len(seen) == 8


def paired(pairs: int = 30, viewers: int = 200) -> Dataset:
    """Items go in pairs: who has one of a pair has the other, in any order."""
    rng = np.random.default_rng(1)
    histories = []
    for _ in range(viewers):
        some = rng.choice(pairs, 4, replace=False)
        row = [int(2 * pair + side) for pair in some[:3] for side in rng.permutation(2)]
        histories.append([*row, int(2 * some[3]), int(2 * some[3] + 1)])
    return dataset_of(histories, items=2 * pairs)


@pytest.mark.parametrize("method", [ease, als], ids=["ease", "als"])
def test_a_tuned_baseline_finds_what_goes_together_and_says_what_it_chose(method: object) -> None:
    data = paired()
    split = leave_out(data, 2)
    tuned = method(data, split)  # type: ignore[operator]
    sought = Sought.of(split.test)
    assert gains(ranks(data, sought, tuned.scorer)).mean() > 0.8
    assert tuned.chosen["validation_ndcg@10"] > 0


def test_what_a_baseline_cannot_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    data = replace(paired(), ordered=False)
    missing = BASELINES["markov"](data, leave_out(data, 2), 0, lambda *_: None)
    assert missing == NotHere("the data has no order")
    monkeypatch.setattr("openforyou.learn.baselines.EASE_ITEMS_MAX", 10)
    assert isinstance(ease(data, leave_out(data, 2)), NotHere)
    monkeypatch.setattr("openforyou.learn.baselines.find_spec", lambda _: None)
    assert als(data, leave_out(data, 2)) == NotHere("pip install implicit==0.7.3")


def test_lists_as_a_whole_are_described_by_what_stands_in_them() -> None:
    trained = np.array([100.0, 50, 1, 0])
    same = of_the_lists(np.array([[0, 1]] * 5, dtype=np.int32), trained, 100)
    spread = of_the_lists(np.array([[0, 1], [2, 3]], dtype=np.int32), trained, 100)
    assert (same["coverage@10"], spread["coverage@10"]) == (0.5, 1.0)
    assert same["novelty@10"] == pytest.approx(0.5), "half the lists' places are known to all, half to one in two"
    assert spread["novelty@10"] > same["novelty@10"]
    assert spread["gini@10"] == pytest.approx(0)
    assert same["gini@10"] == pytest.approx(0.5)


def test_figures_by_rarity_put_each_item_into_its_quarter() -> None:
    found = by_rarity(np.array([0.0, 99, 0, 99]), np.array([0, 0, 3, 3]), np.array([0.0, 1, 2, 3]), np.arange(4))
    assert {name: one["viewers"] for name, one in found.items()} == {"rarest": 2, "commonest": 2}
    assert found["rarest"]["hr@10"] == 0.5


@pytest.mark.parametrize(
    ("protocol", "ordered", "said"),
    [("given", True, "no split"), ("temporal", True, "no times"), ("leave-one-out", False, "no order")],
)
def test_a_protocol_that_the_data_cannot_answer_is_refused(protocol: str, ordered: bool, said: str) -> None:
    data = replace(markov(viewers=10), ordered=ordered)
    with pytest.raises(BadInput, match=said):
        Study(data, protocol, quick(epochs=1), 0).train()


def test_withheld_times_reach_nobody_and_each_viewer_is_written_down(tmp_path: Path) -> None:
    plain = markov(viewers=80)
    at_s = np.arange(1, len(plain.sequences.items) + 1, dtype=np.float64)
    data = replace(plain, sequences=replace(plain.sequences, at_s=at_s))
    study = Study(data, "", quick(epochs=1), 0, uses_times=False)
    report = study.report(study.train())
    assert report.withheld == ("times",)
    report.write_viewers(tmp_path / "each.csv")
    with (tmp_path / "each.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == report.metrics["viewers"]
    for name, figures in [("model", report.metrics), *report.baselines.items()]:
        mean = np.mean([float(row[f"{name}:ndcg@10"]) for row in rows])
        assert mean == pytest.approx(figures["ndcg@10"], abs=1e-4)
