"""`bench access` on a small platform: each figure is there, and comes from acts and looks that were really done."""

from __future__ import annotations

from openforyou.bench.access import Load, run


def test_each_figure_stands_beside_its_baseline() -> None:
    load = Load(items=500, viewers=12, rounds=1, fields=20, staff=2, asks=2, grants=3, events_per_s=40)
    told = run(load).as_dict()
    figures = {**told["metrics"], **{name: value for name, value in told["baseline"].items() if name != "name"}}
    assert [name for name, value in figures.items() if not value > 0] == []
    ratio = told["detail"]["vault_p99_ms"]["median"] / told["detail"]["bare_p99_ms"]["median"]
    assert told["metrics"]["feed_p99_ratio"] == ratio
    assert told["metrics"]["unseal_p50_ms"] <= told["metrics"]["unseal_p99_ms"]
    assert told["detail"]["events_per_s"] > 0
