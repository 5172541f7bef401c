"""`openforyou copies`: what a file is a copy of, what waits for a person, and deciding it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.bench.copies.films import write
from openforyou.catalog.types import ITEM_RIGHTS, ItemStatus
from openforyou.cli.main import main
from openforyou.core.clock import SystemClock
from openforyou.core.ids import encode_id
from openforyou.ingest.types import Processed
from tests.ingest.copies.test_service import room

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def clock() -> SystemClock:
    """The command's own."""
    return SystemClock()


@pytest.fixture
def run(
    platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """`openforyou copies …` on the database and the blobs of `platform`: its exit code, output and errors."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("OPENFORYOU_DATA", str(platform.settings.data))
    monkeypatch.setenv("COLUMNS", "160")

    def invoke(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["openforyou", "copies", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return invoke


def test_a_file_is_checked_and_what_waits_is_decided(run: Run, platform: Platform, tmp_path: Path) -> None:
    def brought(who: str, seed: int) -> Processed:
        path = write(room(seed), tmp_path / f"{who}-{seed}.mp4")
        creator = platform.catalog.add_creator(who, who.title())
        item_id = platform.ingest.take_in(path, creator.id, rights=set(ITEM_RIGHTS), evidence="ticked")
        return platform.ingest.finish(item_id)

    assert run("list") == (0, "Nothing waits.\n", "")
    first = brought("ada", 1)
    code, out, _ = run("check", str(tmp_path / "ada-1.mp4"))
    assert code == 0
    assert [word for word in (encode_id(first.item_id), "@ada", "0:00–0:04", "copy") if word not in out] == [], out
    held, other = brought("bob", 2), brought("carla", 3)
    assert held.status is other.status is ItemStatus.HELD
    listed = json.loads(run("list", "--json")[1])
    waiting = {row["id"]: (row["verdict"], row["other"], row["creator"]) for row in listed}
    earlier = ("same scene", encode_id(first.item_id), "ada"), ("same scene", encode_id(held.item_id), "bob")
    assert waiting[encode_id(held.item_id)] == earlier[0]
    assert waiting[encode_id(other.item_id)] in earlier, "one room: either may be the nearer"
    assert encode_id(held.item_id) in run("list")[1]

    assert run("release", encode_id(held.item_id)) == (0, f"{encode_id(held.item_id)}  is published.\n", "")
    assert platform.catalog.item(held.item_id).status is ItemStatus.PUBLISHED
    code, _, errors = run("refuse", encode_id(other.item_id), "--reason", "  ")
    assert (code, "A reason has 1 to" in errors) == (1, True)
    assert run("refuse", encode_id(other.item_id), "--reason", "It is the same dance.")[0] == 0
    carla = platform.catalog.creator("carla")
    assert platform.catalog.own_item(other.item_id, carla.id).reason == "It is the same dance."
    code, out, errors = run("release", encode_id(other.item_id))
    assert (code, out) == (1, "")
    assert f"Item {encode_id(other.item_id)} is not held. `openforyou copies list` names those that are." in errors


def test_what_cannot_be_checked_is_named_with_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("These are words. " * 400)
    for arguments, words in (
        (("check", str(tmp_path / "absent.mp4")), "absent.mp4"),
        (("check", str(tmp_path)), tmp_path.name),
        (("check", str(tmp_path / "words.mp4")), "words.mp4"),
        (("release", "nonsense"), "ID is not an id of this platform: 'nonsense'. An id has eleven letters"),
    ):
        code, out, errors = run(*arguments)
        assert (code, out) == (1, ""), arguments
        assert words in errors
        assert "Traceback" not in errors
    assert run("refuse", "11111111112")[0] == 2, "a reason must be given"
