"""`bench verify` runs whole on a small log, and what it measures is a check that finds what is wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from openforyou.bench.history import write
from openforyou.bench.verify import Load, NotRight, _child, run
from openforyou.core.progress import silent


def test_the_figures_stand_under_their_names_beside_the_baseline() -> None:
    report = run(Load(leaves=12_000, repeats=1)).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["bench"] == "verify"
    assert set(report["metrics"]) == {"leaves", "seconds", "peak_mb"}
    assert report["metrics"]["leaves"] == 12_000
    assert all(value > 0 for value in report["metrics"].values())
    assert {"name", "seconds", "ratio"} <= report["baseline"].keys()
    assert report["detail"]["items"] > 20
    assert report["detail"]["creators"] > 5


def test_a_log_that_is_not_right_gives_no_figure(tmp_path: Path) -> None:
    history = asdict(write(tmp_path / "log", 10_000, 3, silent))
    del history["leaves"]
    np.savez(tmp_path / "log.npz", **history)
    assert _child(tmp_path / "log")["items"] == len(history["items"])
    history["item_counts"][0, 0] += 1
    np.savez(tmp_path / "log.npz", **history)
    with pytest.raises(NotRight, match="did not pass"):
        _child(tmp_path / "log")
