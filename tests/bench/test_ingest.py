"""The bench of ingest takes real clips through the real queue, and tells both kinds apart."""

from __future__ import annotations

from openforyou.bench.ingest.benchmark import Load, run
from openforyou.bench.ingest.clips import Kind


def test_the_figures_stand_under_their_names_beside_the_baseline() -> None:
    told = run(Load(catalogue=200, clips=1, repeats=1, workers=1, seconds=1.0)).as_dict()
    assert told["bench"] == "ingest"
    metrics, detail = told["metrics"], told["detail"]
    for kind in Kind:
        assert metrics[f"clips_per_day_{kind}"] > 0
        assert metrics[f"ratio_to_bare_transcode_{kind}"] > 0
        assert detail[f"{kind} cpu_s_a_clip"]["min"] > 0
        assert told["baseline"][f"cpu_s_{kind}"] > 0
    assert detail["ended"] == {"published": 2}
    least, most = sorted(metrics[f"clips_per_day_{kind}"] for kind in Kind)
    assert least <= metrics["clips_per_day"] <= most
