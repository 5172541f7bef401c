"""`openforyou import`: what it prints, what it refuses, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.types import Right
from openforyou.cli.commands import app
from openforyou.core.errors import BadInput
from openforyou.ingest.imports.errors import Unproven
from tests.ingest.imports.builders import zipped
from tests.ingest.imports.conftest import FilmOf
from tests.ingest.imports.test_service import filmed


@pytest.fixture
def data(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder on the test's database, with a creator."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    folder = tmp_path / "data"
    with Platform(Settings.read(folder)) as platform:
        platform.catalog.add_creator("ada", "Ada")
    return folder


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments, "--creator", "ada", "--data", str(data)])


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_dry_run_says_what_would_come_in_and_changes_nothing(data: Path, archive_path: Path, film_of: FilmOf) -> None:
    path = zipped(archive_path, filmed(film_of))
    answer = told(run(data, str(path), "--dry-run", "--json"))
    assert answer["platform"] == "instagram"
    assert answer["owner"]["handle"] == "ada.films"
    assert answer["counts"] == {"taken": 3, "skipped": 2}
    assert all(entry["reason"] for entry in answer["entries"] if entry["outcome"] == "skipped")
    with Platform(Settings.read(data)) as platform:
        assert platform.catalog.items_of(platform.catalog.creator("ada").id, everything=True) == []


def test_rights_without_proof_or_licence_are_refused_before_anything_is_taken_in(
    data: Path, archive_path: Path, film_of: FilmOf
) -> None:
    result = run(data, str(zipped(archive_path, filmed(film_of))), "--show", "--recommend", "--learn")
    assert result.exit_code == 1
    assert isinstance(result.exception, Unproven)
    assert "show, recommend and learn cannot be given" in str(result.exception)
    with Platform(Settings.read(data)) as platform:
        assert platform.catalog.items_of(platform.catalog.creator("ada").id, everything=True) == []


def test_with_a_licence_everything_is_published_under_it(data: Path, archive_path: Path, film_of: FilmOf) -> None:
    path = zipped(archive_path, filmed(film_of))
    result = run(data, str(path), "--show", "--learn", "--licence", "CC BY 4.0", "--json")
    assert result.exit_code == 0, result.output
    assert told(result)["rights"]["given"] is True
    with Platform(Settings.read(data)) as platform:
        creator = platform.catalog.creator("ada")
        shown = {item.title: platform.catalog.item_rights(item.id) for item in platform.catalog.items_of(creator.id)}
    assert shown == {title: {Right.SHOW, Right.LEARN} for title in ("Köln am Rhein 🌇", "A reel")}


def test_without_rights_it_says_that_all_stays_private(data: Path, archive_path: Path, film_of: FilmOf) -> None:
    result = run(data, str(zipped(archive_path, filmed(film_of))))
    assert result.exit_code == 0, result.output
    assert "Private to its owner" in result.output
    assert "out of every model" in result.output


def test_whoever_is_no_creator_is_told_what_to_do(data: Path, archive_path: Path, film_of: FilmOf) -> None:
    path = zipped(archive_path, filmed(film_of))
    result = CliRunner().invoke(app, ["import", str(path), "--creator", "nobody", "--data", str(data)])
    assert isinstance(result.exception, BadInput)
    assert "openforyou ingest --creator nobody" in str(result.exception)
