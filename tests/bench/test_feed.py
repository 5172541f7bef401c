"""`bench feed` runs whole on a small load, and prints the figures that it promises under their names."""

from __future__ import annotations

import json

import pytest

from openforyou.bench.feed import Load, run
from openforyou.recommend.feed import FOR_YOU

METRICS = {"items", "viewers", "p50_ms", "p99_ms", "cpu_ms_per_feed", "feeds_per_s", "rss_mb"}


@pytest.mark.parametrize("model", [False, True], ids=["without a model", "with a model"])
def test_the_figures_stand_under_their_names_beside_the_baseline(model: bool) -> None:
    told: list[str] = []
    servers = 1 if model else 2
    load = Load(
        items=400, viewers=30, history=20, rate=40, seconds=0.5, feeds=8, clients=2, servers=servers, model=model
    )
    report = run(load, lambda done, total, message="": told.append(message)).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert report["bench"] == "feed"
    assert report["settings"]["items"] == 400
    assert set(report["metrics"]) == METRICS
    assert all(value > 0 for value in report["metrics"].values())
    assert {"name", "ratio_p50", "ratio_cpu", "ratio_feeds_per_s"} <= report["baseline"].keys()
    assert report["detail"]["p50_ms"].keys() == {"min", "median", "max"}
    stages = report["detail"]["stages_ms"]
    assert {f"source:{source.name}" for source in FOR_YOU.sources} <= stages.keys()
    assert {"query", "rank", "permission", "explain", "entries"} <= stages.keys()
    assert "writing 400 items" in told
    assert "feed" in told
