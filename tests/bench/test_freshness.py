"""`bench freshness` runs whole on a small platform, and what it calls learned is what a version says it learned."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from openforyou.bench.freshness import Load, run
from openforyou.bench.freshness_probes import Probe, Sight, reached
from openforyou.core.ids import encode_id
from openforyou.learn.types import Model, ModelId, ModelStatus

BEGAN = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_figures_stand_under_their_names_and_are_of_what_happened() -> None:
    told: list[str] = []
    load = Load(items=300, viewers=40, history=24, epochs=2, probes=2, uploads=1, rate=20, update_s=1)
    report = run(load, lambda done, total, message="": told.append(message)).as_dict()
    assert json.loads(json.dumps(report)) == report
    assert (report["bench"], report["settings"]["probes"]) == ("freshness", 2)
    metrics, baseline, detail = report["metrics"], report["baseline"], report["detail"]
    assert set(metrics) == {"requests_to_changed_slate", "event_to_weights_s", "upload_to_impression_s"}
    assert metrics["requests_to_changed_slate"] == 1, "the very next slate"
    assert 0 < detail["event_to_weights_s"]["min"] <= metrics["event_to_weights_s"]
    assert 0 < detail["event_to_changed_slate_ms"]["p50"] <= detail["event_to_changed_slate_ms"]["p99"]
    assert detail["event_to_changed_slate_ms"]["p50"] < 1_000 * metrics["event_to_weights_s"]
    assert 0 < detail["upload_to_published_s"]["min"] < metrics["upload_to_impression_s"]
    assert detail["updates"] >= 1
    assert detail["update_deeds"]["max"] <= 2
    assert detail["probes_kept_out"] < 2
    assert baseline["training_s"] > 0
    assert baseline["ratio_update_to_training"] > 0
    assert {"writing 300 items", "training", "watching and liking", "uploading"} <= set(told)


def version(number: int, read_to_s: float, *, steps: int = 3, thrown: bool = False) -> Model:
    manifest = {"number": number, "read_to": (BEGAN + timedelta(seconds=read_to_s)).isoformat(), "steps": steps}
    status = ModelStatus.FAILED if thrown else ModelStatus.SERVING
    return Model(ModelId(number + 100 * thrown), status, "", "" if thrown else "weights", "", manifest, BEGAN, BEGAN)


def probe(at_s: float) -> Probe:
    return Probe(1_000 + at_s, BEGAN + timedelta(seconds=at_s), 1, 20.0)


def sight(at_s: float, number: int) -> Sight:
    return Sight(1_000 + at_s, encode_id(number))


def test_learned_is_what_the_version_that_had_it_for_a_lesson_learned_once_it_answers() -> None:
    versions = [version(1, 5, steps=0), version(2, 20), version(2, 35, thrown=True), version(3, 50)]
    sights = [sight(at_s, number) for at_s, number in ((4, 1), (30, 2), (60, 3), (61, 3))]
    assert reached([probe(6)], versions, sights) == [24.0], "not by the version that had read less"
    assert reached([probe(19)], versions, sights[:1]) == [None], "made, and not seen in service"
    assert reached([probe(19)], versions, sights[2:]) == [41.0], "a later version has it, too"
    assert reached([probe(20)], versions, sights) == [None], "what was thrown away taught nothing"
    assert reached([probe(36)], versions, sights) == [24.0]
    assert reached([probe(1)], versions, sights) == [None], "read, and no step was taken"
    assert reached([probe(51)], versions, sights) == [None], "read by none"
