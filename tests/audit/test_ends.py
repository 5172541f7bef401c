"""The end of a model's weights in the log: held to its form, once each, and by its deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from openforyou.audit.records import LATE_S, Records
from openforyou.audit.types import Findings
from openforyou.events.leaf import encode_record
from openforyou.learn.forgetting.rules import MODEL_END, end_leaf
from openforyou.learn.forgetting.types import Cause, Ended
from openforyou.learn.types import ModelId

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SOUND = Ended(ModelId(5), "a" * 64, Cause.REPLACED, NOW, NOW + timedelta(hours=3), 0, "")


def found(*leaves: bytes) -> list[str]:
    findings = Findings()
    records = Records(findings, today=20_600)
    for index, leaf in enumerate(leaves):
        records.take(index, leaf)
    return [problem.kind for problem in findings.problems]


def test_ends_of_models_are_judged() -> None:
    in_time = replace(SOUND, at=NOW + timedelta(hours=3, seconds=LATE_S))
    other = replace(SOUND, model_id=ModelId(6), cause=Cause.RETIRED, deadline=None)
    assert found(end_leaf(SOUND), end_leaf(other)) == []
    assert found(end_leaf(in_time)) == []
    assert found(end_leaf(replace(in_time, at=in_time.at + timedelta(seconds=1)))) == ["late_forgetting"]
    assert found(end_leaf(SOUND), end_leaf(in_time)) == ["bad_record"], "weights end once"
    assert found(encode_record(MODEL_END, {"id": "11111111115"})) == ["bad_record"]
