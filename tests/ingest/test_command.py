"""`openforyou ingest`: what it prints, what it publishes, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Right
from openforyou.cli.ingest import ingest
from openforyou.core.clock import SystemClock
from openforyou.core.ids import ItemId, decode_id
from tests.ingest.films import Film

SMALL = Film(size=(96, 160), seconds=0.6)
Run = Callable[..., Result]


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on the database and the blobs of `platform`."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    app = typer.Typer()
    app.command()(ingest)

    def invoke(*arguments: str | Path) -> Result:
        told = ["--data", str(platform.settings.data), *(str(argument) for argument in arguments)]
        return CliRunner().invoke(app, told, catch_exceptions=False)

    return invoke


@pytest.fixture
def catalog(platform: Platform) -> Catalog:
    """The catalogue by the machine's clock, which the command goes by."""
    return Catalog(platform.database, SystemClock())


def listed(result: Result) -> list[dict[str, Any]]:
    return json.loads(result.stdout)


def test_good_and_bad_files_each_get_their_outcome_and_the_rest_goes_on(
    run: Run, catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    (folder / "deep").mkdir(parents=True)
    SMALL.make(folder / "a.mp4")
    SMALL.but(sound=None, size=(160, 96)).make(folder / "deep" / "B.MOV")
    (folder / "empty.mp4").touch()
    (folder / "notes.txt").write_text("not looked at")
    (folder / ".hidden.mp4").write_bytes(b"not looked at")
    named = SMALL.but(seconds=0.7).make(tmp_path / "named.mp4").rename(tmp_path / "named.film")
    odd = (tmp_path / "bell\x07.mp4").absolute()
    odd.write_bytes(b"x")
    result = run(folder, named, odd, tmp_path / "absent.mp4", "--json")
    assert result.exit_code == 1
    found = {Path(each["path"]).name: each for each in listed(result)}
    outcomes = {name: each["outcome"] for name, each in found.items()}
    assert outcomes == {
        "a.mp4": "published",
        "B.MOV": "published",
        "empty.mp4": "refused",
        "named.film": "published",
        "bell\\u0007.mp4": "refused",
        "absent.mp4": "refused",
    }
    assert found["a.mp4"].keys() == {"path", "outcome", "id", "duration_ms", "width", "height", "has_sound"}
    assert (found["B.MOV"]["width"], found["B.MOV"]["height"], found["B.MOV"]["has_sound"]) == (160, 96, False)
    assert "empty.mp4 is empty" in found["empty.mp4"]["error"]
    assert found["empty.mp4"]["hint"]
    assert len(catalog.items_of(catalog.creator("local").id)) == 3


def test_a_second_run_finds_everything_here_and_is_content(run: Run, tmp_path: Path) -> None:
    path = SMALL.make(tmp_path / "a.mp4")
    first = run(path, path, "--json")
    assert (first.exit_code, len(listed(first))) == (0, 1)
    second = run(path, "--json")
    assert second.exit_code == 0
    assert listed(second) == [listed(first)[0] | {"outcome": "already here"}]


def test_files_are_marked_as_posted_elsewhere_before_only_where_it_is_said(
    run: Run, catalog: Catalog, tmp_path: Path
) -> None:
    for number, options in enumerate(((), ("--cross-post",))):
        path = SMALL.but(seconds=0.6 + number / 30).make(tmp_path / f"{number}.mp4")
        (made,) = listed(run(path, "--json", *options))
        assert catalog.item(ItemId(decode_id(made["id"]))).cross_post is bool(options)


def test_rights_are_those_asked_for_and_learning_is_never_assumed(run: Run, catalog: Catalog, tmp_path: Path) -> None:
    wanted = {
        (): {Right.SHOW, Right.RECOMMEND},
        ("--learn",): {Right.SHOW, Right.RECOMMEND, Right.LEARN},
        ("--no-recommend",): {Right.SHOW},
        ("--no-show", "--no-recommend"): set(),
    }
    for number, (options, rights) in enumerate(wanted.items()):
        path = SMALL.but(seconds=0.6 + number / 30).make(tmp_path / f"{number}.mp4")
        (outcome,) = listed(run(path, *options, "--creator", "@Ada", "--json"))
        assert catalog.item_rights(ItemId(decode_id(outcome["id"]))) == rights
    assert catalog.creator("ada").name == "Ada"


def test_an_item_left_waiting_by_a_stopped_run_is_finished(run: Run, platform: Platform, tmp_path: Path) -> None:
    creator = platform.catalog.add_creator("local", "local")
    path = SMALL.make(tmp_path / "a.mp4")
    waiting = platform.ingest.take_in(path, creator.id, rights={Right.SHOW}, evidence="ticked")
    (outcome,) = listed(run(path, "--json"))
    assert (outcome["outcome"], decode_id(outcome["id"])) == ("published", waiting)


def test_people_read_a_line_a_file_and_what_went_wrong_on_standard_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"text" * 100)
    result = run(SMALL.make(tmp_path / "good.mp4"), tmp_path / "bad.mp4")
    assert result.exit_code == 1
    assert "published" in result.stdout
    assert "96×160" in result.stdout
    assert "bad.mp4 is not a video" in result.stderr
    assert "1 of 2" in result.stderr


def test_an_empty_folder_is_not_a_success(run: Run, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    result = run(tmp_path / "films")
    assert result.exit_code == 1
    assert "No video files" in result.stderr


def test_the_help_says_what_the_rights_mean() -> None:
    app = typer.Typer()
    app.command()(ingest)
    told = " ".join(CliRunner().invoke(app, ["--help"]).stdout.split())
    for word in ("--show", "--recommend", "--learn", "Never assumed", "--creator", "--json", "Exit code 0"):
        assert word in told


def test_real_clips_are_published_with_their_length_shape_and_sound(
    run: Run, catalog: Catalog, real_data: Path
) -> None:
    clips = real_data / "clips"
    result = run(clips / "doorknob-hd-no-bar.mp4", clips / "pattern-hd-no-bar.mp4", "--json")
    assert result.exit_code == 0
    facts = [(each["width"], each["height"], each["duration_ms"], each["has_sound"]) for each in listed(result)]
    assert facts == [(1_280, 720, 4_309, True), (720, 1_280, 6_869, True)]
    (pattern,) = [each for each in listed(result) if "pattern" in each["path"]]
    item = catalog.items([decode_id(pattern["id"])])[decode_id(pattern["id"])]
    assert [(rendition.name, rendition.width, rendition.height) for rendition in item.renditions] == [
        ("720p", 720, 1_280),
        ("360p", 360, 640),
    ]


def test_a_loop_of_links_is_one_bad_file_and_no_more(run: Run, tmp_path: Path) -> None:
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    good = SMALL.make(tmp_path / "good.mp4")
    result = run(loop, good, "--json")
    assert result.exit_code == 1
    outcomes = {Path(each["path"]).name: each["outcome"] for each in listed(result)}
    assert outcomes["good.mp4"] == "published"
    assert outcomes["loop.mp4"] != "published"
