"""The benchmark of events measures what it says: it runs, counts distinct events, and names its baseline."""

from __future__ import annotations

from openforyou.bench.events import Load, run


def test_it_reports_every_figure_of_the_design_beside_a_baseline() -> None:
    told: list[str] = []
    report = run(
        Load(events=1_000, batch=50, clients=2, viewers=20, items=50, repeats=1),
        lambda done, total, message="": told.append(f"{done}/{total} {message}"),
    ).as_dict()
    assert report["bench"] == "events"
    metrics = report["metrics"]
    assert set(metrics) == {"accepted_per_s_http", "accepted_per_s_inproc", "ack_p99_ms", "ratio_to_bare_insert"}
    assert all(value > 0 for value in metrics.values())
    assert report["baseline"]["events_per_s"] > 0
    assert metrics["ratio_to_bare_insert"] < 2
    assert told == ["0/3 bare insert", "1/3 in process", "2/3 over HTTP"]
