"""Media over HTTP, from a folder and from an object store alike: ranges, and no file that is not shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openforyou.catalog.types import Creator, Right
from openforyou.core.ids import ItemId, encode_id
from openforyou.storage.blobs import FsspecBlobs
from openforyou.web import media
from openforyou.web.application import create_app
from tests.web.conftest import World

CONTENT = b"720p.mp4 " * 1_000


@pytest.fixture(params=["folder", "objects"])
def shown(request: pytest.FixtureRequest, world: World) -> World:
    """A world whose media lies in a folder, or in a store that has no files."""
    if request.param == "objects":
        world.platform.blobs = FsspecBlobs(f"memory://{id(world)}")
    return world


@pytest.fixture
def maker(shown: World) -> Creator:
    return shown.creator()


@pytest.fixture
def item(shown: World, maker: Creator) -> ItemId:
    return shown.item(maker)


@pytest.fixture
def player(shown: World) -> Iterator[TestClient]:
    app: FastAPI = create_app(shown.platform)
    with TestClient(app, base_url="http://localhost:8000", raise_server_exceptions=False) as client:
        yield client


def path_of(item: ItemId, name: str = "720p.mp4") -> str:
    return f"/media/items/{encode_id(item)}/{name}"


def test_a_file_is_served_whole_with_its_type_and_without_a_cookie(player: TestClient, item: ItemId) -> None:
    answer = player.get(path_of(item))
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"
    assert int(answer.headers["content-length"]) == len(CONTENT)
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    assert player.get(path_of(item, "poster.jpg")).headers["content-type"] == "image/jpeg"


def test_head_tells_the_same_without_the_bytes(player: TestClient, item: ItemId) -> None:
    whole, head = player.get(path_of(item)), player.head(path_of(item))
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "content-type", "etag", "cache-control", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=100-199": (100, 200),
    "bytes=8900-": (8_900, 9_000),
    "bytes=-100": (8_900, 9_000),
    "bytes=-99999": (0, 9_000),
    "bytes=8000-99999": (8_000, 9_000),
}


def test_a_range_is_served_as_such(player: TestClient, item: ItemId) -> None:
    for asked, (start, end) in RANGES.items():
        answer = player.get(path_of(item), headers={"Range": asked})
        assert answer.content == CONTENT[start:end], asked
        assert int(answer.headers["content-length"]) == end - start
        if (start, end) != (0, len(CONTENT)):
            assert answer.status_code == 206
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


def test_a_range_beyond_the_end_cannot_be_had(player: TestClient, item: ItemId) -> None:
    answer = player.get(path_of(item), headers={"Range": "bytes=9000-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */9000"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.text(alphabet="bytes=0123456789-, ", max_size=24))
def test_any_range_is_answered(player: TestClient, item: ItemId, asked: str) -> None:
    answer = player.get(path_of(item), headers={"Range": asked})
    assert answer.status_code in (200, 206, 400, 416)
    if answer.status_code == 200:
        assert answer.content == CONTENT


def test_what_one_has_is_not_sent_again(player: TestClient, item: ItemId) -> None:
    etag = player.get(path_of(item)).headers["etag"]
    assert etag.startswith('"'), "strong"
    kept = player.get(path_of(item), headers={"If-None-Match": f'"other", {etag}'})
    assert (kept.status_code, kept.content) == (304, b"")
    assert player.get(path_of(item), headers={"If-None-Match": '"other"'}).status_code == 200
    part = {"Range": "bytes=0-9"}
    assert player.get(path_of(item), headers={**part, "If-Range": etag}).status_code == 206
    assert player.get(path_of(item), headers={**part, "If-Range": '"other"'}).status_code == 200
    assert player.get(path_of(item, "360p.mp4")).headers["etag"] != etag


def test_a_withdrawn_item_is_not_served_for_long(
    player: TestClient, shown: World, maker: Creator, item: ItemId, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(media, "monotonic", lambda: now)
    assert player.get(path_of(item)).status_code == 200
    shown.platform.catalog.withdraw(item, maker.id)
    now += media.LISTED_FOR_S
    assert player.get(path_of(item)).status_code == 404
    assert player.get(path_of(item), headers={"Range": "bytes=0-9"}).status_code == 404


def test_an_item_that_may_not_be_shown_is_not_served(player: TestClient, shown: World, maker: Creator) -> None:
    assert player.get(path_of(shown.item(maker, "Hidden", frozenset({Right.LEARN})))).status_code == 404


def test_only_files_of_items_are_served(player: TestClient, shown: World, item: ItemId) -> None:
    own = encode_id(item)
    for key in (f"uploads/{own}.mp4", f"items/{own}/stray.mp4", f"items/{own}/720p.html", "items/plain.mp4"):
        shown.file(key, b"a secret")
    for path in (
        f"uploads/{own}.mp4",
        f"items/{own}/stray.mp4",
        f"items/{own}/720p.html",
        "items/plain.mp4",
        f"items/{own}/..%2f{own}/720p.mp4",
        f"items/{own}/%2e%2e/720p.mp4",
        f"items/{own}/..%2f..%2fsigning.key",
        "..%2f..%2fsigning.key",
        "../signing.key",
        "%2e%2e/signing.key",
        "/etc/passwd",
        f"items/{own}/720p.mp4%00.jpg",
        f"items/{own}/720p.mp4%0d%0aX-Evil:1",
        f"items/{own}//720p.mp4",
        f"items/{own}\\720p.mp4",
        f"items/{own}/720p.mp4/",
        "",
        "items",
        "items/" + "x" * 5_000 + "/720p.mp4",
    ):
        answer = player.get(f"/media/{path}")
        assert answer.status_code == 404, path
        assert "secret" not in answer.text
        assert "x-evil" not in answer.headers
    assert player.post(path_of(item)).status_code in (403, 405)
