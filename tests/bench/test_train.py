"""`bench train` runs whole on a small file, and says a ratio only where there is something to compare with."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from openforyou.bench.train import Load, run, settings_of
from openforyou.core.errors import BadInput
from tests.learn.peers.test_foreign import interpreter
from tests.learn.worlds import markov, of_file, written

ANSWERS = """
import json, sys
import numpy as np
job_path, rows_path, answer_path = sys.argv[-3:]
job = json.load(open(job_path))
assert (job["task"], job["batches"], job["recipe"]["negatives"]) == ("speed", 4, 16), job
assert len(np.load(rows_path)["train_item"]) == 60 * 14
np.savez(answer_path, at_s=[5.0, 6.0, 7.0, 9.0], sequences=[16, 16, 16, 8], version="9.9")
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    data = written(tmp_path / "orders.txt", markov(viewers=60))
    return Load(data=data, width=16, heads=2, length=20, batch=16, negatives=16, steps=3, repeats=2)


def test_the_ratio_is_ours_to_theirs_pair_by_pair(tmp_path: Path, load: Load) -> None:
    report = run(replace(load, rectools=interpreter(tmp_path / "python", ANSWERS))).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["baseline"]["sequences_per_s"] == pytest.approx(40 / 4), (
        "what came before the first step is not timed"
    )
    assert report["baseline"]["sequences_a_step"] == pytest.approx(40 / 3)
    ours = report["detail"]["sequences_per_s"]
    ratio = report["detail"]["ratio_to_rectools"]
    assert {name: value / 10 for name, value in ours.items()} == pytest.approx(ratio)
    assert report["metrics"]["ratio_to_rectools"] == pytest.approx(report["metrics"]["sequences_per_s"] / 10)
    assert report["settings"]["viewers"] == 60


def test_without_the_other_interpreter_there_is_no_ratio_but_the_remedy(load: Load) -> None:
    report = run(replace(load, repeats=1)).as_dict()
    assert set(report["metrics"]) == {"sequences_per_s"}
    assert "rectools[torch]==0.19.0" in report["baseline"]["missing"]
    lacking = run(replace(load, repeats=1, rectools=Path(sys.executable))).as_dict()
    assert "No module named 'rectools'" in lacking["baseline"]["missing"]


def test_without_negatives_both_compare_with_the_whole_catalogue(tmp_path: Path, load: Load) -> None:
    answers = ANSWERS.replace('"negatives"]) == ("speed", 4, 16)', '"negatives"]) == ("speed", 4, 0)')
    whole = replace(load, negatives=0, repeats=1, rectools=interpreter(tmp_path / "python", answers))
    data = of_file(whole.data)
    assert settings_of(whole, data).whole_softmax_items == len(data.item_ids)
    assert settings_of(load, data).whole_softmax_items == 0
    report = run(whole)
    assert report.baseline["name"] == "RecTools' SASRec, whole softmax"
    assert report.metrics["ratio_to_rectools"] > 0


def test_heads_that_do_not_divide_the_width_are_refused(load: Load) -> None:
    with pytest.raises(BadInput, match="3 heads do not divide width 16"):
        run(replace(load, heads=3))


def test_the_real_one_is_timed(load: Load) -> None:
    python = os.environ.get("OPENFORYOU_RECTOOLS", "")
    if not python:
        pytest.skip("needs an interpreter with rectools[torch]==0.19.0; set OPENFORYOU_RECTOOLS to it")
    report = run(replace(load, repeats=1, rectools=Path(python)))
    assert report.metrics["ratio_to_rectools"] > 0
    assert report.baseline["sequences_a_step"] <= 16
