"""What the other interpreter is given, what becomes of its answer, and what is said where it cannot answer."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openforyou.learn.baselines import NotHere, Tuned
from openforyou.learn.evaluate import Sought, gains, ranks
from openforyou.learn.peers.foreign import LONG, MODELS, SHORT, Foreign, peers, recipe_of
from openforyou.learn.split import Split, at_one_moment, leave_out
from openforyou.learn.study import Study
from openforyou.learn.types import Dataset
from tests.learn.worlds import SEEN, SKIPPED, dataset_of, markov, quick

ANSWERS = """
import json, shutil, sys
import numpy as np
job_path, rows_path, answer_path = sys.argv[-3:]
shutil.copy(rows_path, {kept!r}); shutil.copy(job_path, {kept!r} + ".json")
print(json.dumps({{"done": 1, "total": 2, "message": "half"}}), flush=True)
asked = np.load(rows_path)["asked_viewer"]
top = np.full((len(asked), 200), -1, dtype=np.int32)
top[:, :2] = [7, 5]
np.savez(answer_path, top=top, epochs=4, best_epoch=2, epoch_s=[1.0, 3.0, 2.0], validation=0.25, stopped="patience",
         version="9.9")
"""


def interpreter(path: Path, code: str) -> Path:
    """Something that is started as an interpreter is, and does what `code` says."""
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


def of(data: Dataset, split: Split, python: Path, model: str = "sasrec") -> Tuned | NotHere:
    return peers(Foreign(python))[f"rectools-{model}"](data, split, 0, lambda *_: None)


def test_its_lists_are_scored_by_our_code_and_what_it_chose_is_told(tmp_path: Path) -> None:
    histories = [[0, 1, 2, 3, target] for target in (7, 5, 6, 7)]
    data = dataset_of(histories, items=20)
    split = leave_out(data, 2)
    python = interpreter(tmp_path / "python", ANSWERS.format(kept=str(tmp_path / "rows.npz")))
    tuned = of(data, split, python)
    assert isinstance(tuned, Tuned)
    found = ranks(data, Sought.of(split.test), tuned.scorer)
    assert found[[0, 1, 3]].tolist() == [0, 1, 0]
    assert found[2] == pytest.approx(2 + (20 - 4 - 2 - 1) / 2), "what is on no list stands level behind those that are"
    assert tuned.chosen == {
        "epochs": 4,
        "best_epoch": 2,
        "epoch_s": 2.0,
        "validation_ndcg@10": 0.25,
        "stopped_by": "patience",
        "version": "9.9",
    }


@pytest.mark.parametrize("protocol", ["leave-one-out", "temporal"])
def test_nothing_of_the_test_goes_over_but_who_is_asked(tmp_path: Path, protocol: str) -> None:
    plain = markov(viewers=60)
    data = replace(plain, sequences=replace(plain.sequences, at_s=np.arange(1.0, len(plain.sequences.items) + 1)))
    at_s = np.random.default_rng(0).permuted(data.sequences.at_s)
    at_s = np.concatenate([np.sort(at_s[data.sequences.of(viewer)]) for viewer in range(60)])
    data = replace(data, sequences=replace(data.sequences, at_s=at_s))
    split = leave_out(data, 2) if protocol == "leave-one-out" else at_one_moment(data)
    of(data, split, interpreter(tmp_path / "python", ANSWERS.format(kept=str(tmp_path / "rows.npz"))))
    rows = np.load(tmp_path / "rows.npz")
    sought = Sought.tested(split, data.sequences.starts)
    assert len(set(rows["asked_viewer"].tolist())) == len(sought)
    for asked, viewer, row in zip(rows["asked_viewer"], sought.viewers, sought.rows, strict=True):
        past = rows["past_item"][rows["past_viewer"] == asked]
        assert past.tolist() == data.sequences.items[data.sequences.starts[viewer] : row].tolist()
    assert len(rows["train_item"]) == (split.train_end - data.sequences.starts[:-1]).sum()
    assert len(rows["validation_item"]) > 10
    trained = set(zip(rows["train_viewer"].tolist(), rows["train_item"].tolist(), strict=True))
    wanted = zip(sought.viewers.tolist(), data.sequences.items[sought.rows].tolist(), strict=True)
    assert not trained & set(wanted)
    if protocol == "temporal":
        assert rows["train_at"].max() < rows["validation_at"].min()


def test_of_a_set_without_an_order_nobody_is_told_the_files(tmp_path: Path) -> None:
    data = dataset_of([sorted(range(viewer, viewer + 30)) for viewer in range(8)])
    python = interpreter(tmp_path / "python", ANSWERS.format(kept=str(tmp_path / "rows.npz")))
    for ordered in (True, False):
        assert isinstance(of(replace(data, ordered=ordered), leave_out(data, 2), python), Tuned)
        rows = np.load(tmp_path / "rows.npz")
        for viewer in np.unique(rows["past_viewer"]):
            own = rows["past_viewer"] == viewer
            read = rows["past_item"][own][np.argsort(rows["past_at"][own])]
            assert (np.diff(read) > 0).all() == ordered


def test_what_was_skipped_is_not_handed_over(tmp_path: Path) -> None:
    data = dataset_of([[0, 1, 2, 3, 4]] * 3, [[SEEN, SKIPPED, SEEN, SEEN, SEEN]] * 3)
    of(data, leave_out(data, 2), interpreter(tmp_path / "python", ANSWERS.format(kept=str(tmp_path / "rows.npz"))))
    rows = np.load(tmp_path / "rows.npz")
    assert rows["past_item"].tolist() == [0, 2, 3] * 3
    assert rows["train_item"].tolist() == [0, 2] * 3


def test_why_it_cannot_answer_is_said_with_the_remedy(tmp_path: Path) -> None:
    data = markov(viewers=20)
    split = leave_out(data, 2)
    told = {
        "nowhere": of(data, split, tmp_path / "nowhere"),
        "ours": of(data, split, Path(sys.executable)),
        "none": peers(None)["rectools-hstu"](data, split, 0, lambda *_: None),
    }
    for reason in told.values():
        assert isinstance(reason, NotHere)
        assert "pip install torch==2.13.0 'rectools[torch]==0.19.0'" in reason.reason
    assert "No such file" in str(told["nowhere"])
    assert "No module named 'rectools'" in str(told["ours"])
    broken = of(data, split, interpreter(tmp_path / "python", "import sys; sys.exit('out of memory')"))
    assert broken == NotHere(f"{tmp_path / 'python'} ended with 1: out of memory")


def test_a_table_names_all_three_whether_they_are_here_or_not(tmp_path: Path) -> None:
    python = interpreter(tmp_path / "python", ANSWERS.format(kept=str(tmp_path / "rows.npz")))
    study = Study(markov(viewers=60), "", quick(epochs=1), 0)
    trained = study.train()
    report = study.report(trained, baselines=peers(Foreign(python)))
    assert set(report.baselines) == {f"rectools-{model}" for model in MODELS}
    assert report.baselines["rectools-hstu"]["chosen"]["stopped_by"] == "patience"
    assert set(study.report(trained, baselines=peers(None)).missing) == set(report.baselines)


def test_the_recipe_goes_by_how_long_histories_are() -> None:
    short = markov(viewers=40)
    long = markov(items=200, viewers=40, length=80)
    assert recipe_of("esasrec", short, leave_out(short, 2)) == SHORT
    assert recipe_of("esasrec", long, leave_out(long, 2)) == LONG
    assert recipe_of("sasrec", long, leave_out(long, 2)) == replace(LONG, negatives=0)
    assert recipe_of("hstu", short, leave_out(short, 2)).length == SHORT.length


@pytest.mark.parametrize("model", MODELS)
def test_the_real_ones_learn_what_follows_what(model: str) -> None:
    python = os.environ.get("OPENFORYOU_RECTOOLS", "")
    if not python:
        pytest.skip("needs an interpreter with rectools[torch]==0.19.0; set OPENFORYOU_RECTOOLS to it")
    data = markov(items=30, viewers=40, length=10)
    split = leave_out(data, 2)
    tuned = peers(Foreign(Path(python), rounds=1))[f"rectools-{model}"](data, split, 0, lambda *_: None)
    assert isinstance(tuned, Tuned), tuned
    assert tuned.chosen["stopped_by"] == "rounds"
    chance = gains(np.arange(30.0)).mean()
    assert gains(ranks(data, Sought.of(split.test), tuned.scorer)).mean() > 2 * chance
