"""`openforyou experiments off-policy` as a user meets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from openforyou.cli.main import main


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["openforyou", "experiments", "off-policy", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for policy in ("random", "bts"):
        (tmp_path / policy).mkdir()
        rows = "".join(f"{number % 2},1,{int(number % 3 == 0)},0.5\n" for number in range(60))
        (tmp_path / policy / "men.csv").write_text("item_id,position,click,propensity_score\n" + rows)
    return tmp_path


def test_a_folder_of_logs_becomes_a_table_or_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    assert run(monkeypatch, folder) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("random", "bts", "SNIPS", "0.3333", "60 of 60"))
    assert run(monkeypatch, folder, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["ips"]["value"] for one in told] == pytest.approx([1 / 3, 1 / 3], abs=1e-5)


def test_a_platform_that_drew_no_lots_says_so(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert run(monkeypatch, "--data", tmp_path / "data") == 1
    said = capsys.readouterr()
    assert "chosen by lot" in said.err
    assert said.out == ""
