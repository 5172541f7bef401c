"""`bench rights` runs whole on a small file, and a door that leaks gives no figure."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from openforyou.bench import rights as bench
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.types import Right


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty viewers, forty items, some rows twice."""
    file = tmp_path_factory.mktemp("rows") / "rows.txt"
    rows = [f"{viewer} {1 + (viewer * 7 + step * 3) % 40}" for viewer in range(1, 61) for step in range(14)]
    file.write_text("\n".join(rows) + "\n")
    return file


def test_what_comes_through_is_what_was_said(data: Path) -> None:
    report = bench.run(bench.Load(data, repeats=1)).as_dict()
    assert json.loads(json.dumps(report)) == report
    metrics = report["metrics"]
    assert metrics["planted_caught"] == 2
    assert 0 < metrics["viewers_allowed"] < metrics["viewers"] == 60
    assert 0 < metrics["items_allowed"] < metrics["items"] == 40
    assert 0 < metrics["rows_allowed"] < metrics["rows"]
    assert sum(report["detail"]["viewers_by_story"].values()) == 60
    assert {"name", "seconds", "ratio_door"} <= report["baseline"].keys()


def test_a_door_that_leaks_gives_no_figure(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = rights_store.subjects_with

    def leaks(connection: Connection, kind: str, right: Right, at: datetime) -> Collection[int]:
        held = closed(connection, kind, right, at)
        return {*held, *range(1, 61)} if kind == "viewer" else held

    monkeypatch.setattr(rights_store, "subjects_with", leaks)
    with pytest.raises(bench.NotRight, match="without a right"):
        bench.run(bench.Load(data, repeats=1))
