"""`openforyou sounds` and `openforyou studio`: what they register, whom they let, what they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import pytest
import typer
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.types import ItemKind, ItemStatus
from openforyou.cli.sounds import app
from openforyou.cli.studio import studio
from openforyou.core.clock import SystemClock
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.drills.music.songs import RATE, song
from tests.ingest.tunes import write_wav
from tests.ingest.voiced import film_with

Run = Callable[..., Result]


@pytest.fixture
def clock() -> SystemClock:
    """The command's own, so that what it gives holds for `platform` as well."""
    return SystemClock()


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`sounds …` or `studio …`, on the database and the blobs of `platform`."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    whole = typer.Typer()
    whole.add_typer(app, name="sounds")
    whole.command("studio")(studio)

    def invoke(*arguments: str) -> Result:
        told = [*arguments, "--data", str(platform.settings.data)]
        return CliRunner().invoke(whole, told, catch_exceptions=False)

    return invoke


def test_a_work_is_registered_given_and_withdrawn_and_items_follow(
    run: Run, platform: Platform, tmp_path: Path
) -> None:
    work = song(41, 15)
    path = write_wav(tmp_path / "song.wav", work)
    told = ("--title", "Song", "--owner", "A. Composer", "--licence", "cc_by", "--audio", "everyone", "--json")
    sound = json.loads(run("sounds", "add", str(path), *told).stdout)
    assert (sound["audio"], sound["owner"]) == ("everyone", "A. Composer")
    creator = platform.catalog.add_creator("ada", "Ada")
    clip = film_with(tmp_path / "clip.mp4", work[: 6 * RATE])
    item_id = platform.ingest.take_in(clip, creator.id, title="Clip", evidence="test")
    ended = platform.ingest.finish(item_id)
    assert ended.status is ItemStatus.PUBLISHED
    assert encode_id(item_id) in run("sounds", "withdraw", sound["id"]).stdout
    assert platform.catalog.own_item(item_id, creator.id).status is ItemStatus.NEEDS_SOUND
    with pytest.raises(OpenForYouError, match="no right to use"):
        run("sounds", "replace", encode_id(item_id), "--sound", sound["id"])
    assert "silent" in run("sounds", "mute", encode_id(item_id)).stdout
    assert "@ada" in run("sounds", "grant", sound["id"], "--audio", "@ada").stdout
    assert json.loads(run("sounds", "show", sound["id"]).stdout)["creators"] == ["@ada"]
    assert "with sound" in run("sounds", "replace", encode_id(item_id), "--sound", sound["id"]).stdout
    assert json.loads(run("sounds", "list", "--json").stdout)[0]["id"] == sound["id"]


def test_a_slideshow_becomes_a_file_or_an_item(run: Run, platform: Platform, tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (200, 30, 30)).save(tmp_path / "a.jpg")
    picture, out = str(tmp_path / "a.jpg"), tmp_path / "out.mp4"
    path = write_wav(tmp_path / "song.wav", song(42, 4))
    run("studio", picture, picture, "--seconds", "0.5", "--sound", str(path), "--out", str(out), "--captions", "One")
    with av.open(str(out)) as made:
        assert made.streams.audio
        assert made.streams.video[0].height == 1_280
    platform.catalog.add_creator("ada", "Ada")
    said = ("--seconds", "0.6", "--creator", "ada", "--title", "Mine", "--rights", "show")
    published = run("studio", picture, *said).stdout.split()
    item = platform.catalog.item(ItemId(decode_id(published[1])))
    assert (item.kind, item.title, item.has_sound) == (ItemKind.SLIDESHOW, "Mine", False)
    with pytest.raises(OpenForYouError, match=r"nothing\.jpg"):
        run("studio", str(tmp_path / "nothing.jpg"), "--out", str(out))
