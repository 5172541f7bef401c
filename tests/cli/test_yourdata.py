"""`openforyou export`, `forget` and `retention`: what they print, write and leave, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openforyou.accounts.errors import WrongCredentials
from openforyou.app.platform import Platform
from openforyou.cli.commands import app
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import encode_id
from openforyou.privacy.person import erasing
from tests.privacy.planting import PASSWORD, Planted, plant

Run = Callable[..., Result]


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        told = [*arguments, "--data", str(platform.settings.data)]
        return CliRunner().invoke(app, told, catch_exceptions=False)

    return invoke


@pytest.fixture
def ada(platform: Platform) -> Planted:
    return plant(platform, "adatag")


def test_a_copy_is_written_whole_and_for_its_owner_alone(ada: Planted, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "ada.zip"
    mine = ("--password", PASSWORD)
    told = json.loads(run("export", ada.email, *mine, "--out", str(out), "--json").stdout)
    assert (told["bytes"], told["rows"]["events"]) == (out.stat().st_size, 1)
    assert out.stat().st_mode & 0o077 == 0
    assert {"index.html", "shape.json", "events.json"} <= set(ZipFile(out).namelist())
    with pytest.raises(BadInput, match="is there already"):
        run("export", ada.email, *mine, "--out", str(out))
    with pytest.raises(BadInput, match="cannot be written"):
        run("export", ada.email, *mine, "--out", str(tmp_path / "nowhere" / "ada.zip"))
    with pytest.raises(BadInput, match="has an account"):
        run("export", encode_id(ada.person.viewer_id), "--out", str(tmp_path / "b.zip"))
    for who, words in (("nobody@example.org", PASSWORD), (ada.email, "not their password")):
        with pytest.raises(WrongCredentials):
            run("export", who, "--password", words, "--out", str(tmp_path / "b.zip"))
    assert [path.name for path in tmp_path.iterdir() if "zip" in path.name] == ["ada.zip"]


def test_going_is_asked_for_scanned_and_answered_again(
    ada: Planted, run: Run, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AGAIN_AFTER", erasing.AGAIN_AFTER * 0)
    (platform.settings.data / "studio").mkdir(exist_ok=True)
    left = platform.settings.data / "log.old"
    left.write_bytes(ada.email.encode())
    refused = run("forget", ada.email)  # nobody answers the question
    assert refused.exit_code == 1
    with pytest.raises(BadInput, match="a person, or a receipt"):
        run("forget")
    found = run("forget", ada.email, "--yes", "--scan", "--json")
    told = json.loads(found.stdout)
    assert found.exit_code == 1, "something was found"
    assert (told["state"], told["waits"], told["removed"]["accounts"]) == ("done", [], 1)
    assert told["scan"]["places"] == [{"what": "e-mail", "file": "log.old", "at": 0}]
    assert any("DATABASE_URL" in one for one in told["scan"]["not_scanned"])
    again = json.loads(run("forget", "--receipt", told["id"], "--json").stdout)
    assert again == {name: value for name, value in told.items() if name != "scan"}
    assert "In the public log" in run("forget", "--receipt", told["id"]).stdout
    with pytest.raises(NotFound):
        run("forget", ada.email, "--yes")
    assert run("forget", encode_id(ada.person.viewer_id), "--yes").exit_code == 0, "a repeat by the pseudonym"


def test_periods_and_the_last_run(run: Run) -> None:
    assert json.loads(run("retention", "--json").stdout)["last"] is None
    told = json.loads(run("retention", "--now", "--json").stdout)
    assert told["days"]["events"] == 730
    assert told["last"]["is_over"]
    assert "The last run was at" in run("retention").stdout
