"""Sounds and the studio over HTTP: who hears what, who may give what, and what is refused by name."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from openforyou.app.platform import Platform
from openforyou.catalog.sounds.types import About, Access, Audience, Licence
from openforyou.core.ids import encode_id
from openforyou.drills.music.songs import song
from tests.ingest.tunes import write_wav
from tests.web.conftest import Browser

SONG = song(51, 8)


@pytest.fixture
def creator(browser: Browser) -> TestClient:
    """A browser in which somebody publishes."""
    return signed_up(browser, "ada")


def signed_up(browser: Browser, handle: str) -> TestClient:
    client = browser()
    account = {"email": f"{handle}@example.org", "password": "correct horse"}
    assert client.post("/v1/accounts", json=account).status_code == 201
    assert client.post("/v1/creators", json={"handle": handle, "name": handle.title()}).status_code == 201
    return client


def test_a_sound_is_heard_by_those_who_may_use_it(
    platform: Platform, client: TestClient, creator: TestClient, tmp_path: Path
) -> None:
    about = About("Song", "A. Composer", Licence.ALL_RIGHTS_RESERVED)
    path = write_wav(tmp_path / "s.wav", SONG)
    sound = platform.library.add(path, about, Access(Audience.NOBODY), "operator")
    address = f"/v1/sounds/{encode_id(sound.id)}"
    client.get("/v1/feed")
    assert client.get(address).json()["usable"] is False
    assert client.get(f"{address}/audio").status_code == 403
    ada = platform.catalog.creator("ada").id
    platform.sounds.give(sound.id, Access(Audience.CREATORS, frozenset({ada})), "operator")
    heard = creator.get(f"{address}/audio")
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/mp4")
    assert client.get(f"{address}/audio").status_code == 403
    assert [one["title"] for one in creator.get("/v1/sounds?q=compos&usable=true").json()["sounds"]] == ["Song"]
    assert creator.get("/v1/sounds?q=%25").json()["sounds"] == []


def test_only_its_owner_gives_a_sound(browser: Browser, creator: TestClient, tmp_path: Path) -> None:
    content = write_wav(tmp_path / "s.wav", SONG).read_bytes()
    made = creator.post("/v1/sounds", params={"title": "Mine", "licence": "own_work"}, content=content)
    assert (made.status_code, made.json()["owner"]) == (201, "@ada")
    other = signed_up(browser, "bob")
    path = f"/v1/sounds/{made.json()['id']}/access"
    assert other.put(path, json={"audio": "everyone"}).status_code == 403
    assert creator.put(path, json={"audio": "creators", "handles": ["bob"]}).json()["audio"] == "creators"
    assert other.get(f"/v1/sounds/{made.json()['id']}").json()["usable"] is True
    again = other.post("/v1/sounds", params={"title": "Bob's", "licence": "cc0"}, content=content)
    assert (again.status_code, again.json()["code"]) == (409, "sound_known")


def test_a_bad_file_or_plan_is_refused_by_its_name(creator: TestClient) -> None:
    bad = creator.post("/v1/studio/files?name=notes.txt", content=b"no picture")
    assert bad.status_code == 422
    assert "notes.txt" in bad.json()["error"]
    held = BytesIO()
    Image.new("RGB", (40, 30)).save(held, "PNG")
    good = creator.post("/v1/studio/files?name=a.png", content=held.getvalue())
    assert (good.status_code, good.json()["width"]) == (201, 40)
    shot = {"file": good.json()["id"], "duration_ms": 1}
    told = creator.post("/v1/studio/renders", json={"shots": [shot]})
    assert (told.status_code, told.json()["field"]) == (422, "shots[0].duration_ms")
    stranger = {"shots": [{"file": "0" * 32}]}
    assert creator.post("/v1/studio/renders", json=stranger).status_code == 404


def test_nobody_reaches_the_desk_of_somebody_else(browser: Browser, creator: TestClient, client: TestClient) -> None:
    held = BytesIO()
    Image.new("RGB", (40, 30)).save(held, "PNG")
    file = creator.post("/v1/studio/files?name=a.png", content=held.getvalue()).json()["id"]
    other = signed_up(browser, "bob")
    assert other.post("/v1/studio/renders", json={"shots": [{"file": file}]}).status_code == 404
    assert client.post("/v1/studio/files?name=a.png", content=b"x").status_code in (401, 403)
