"""Uploads by tus 1.0.0: begun, broken off, gone on with, handed over once; and nothing of it for anybody else."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import av
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.catalog.types import ItemStatus, Right
from openforyou.core.clock import ManualClock
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ItemId, decode_id
from openforyou.web.api import tus
from openforyou.web.api.uploads import UploadsOut
from openforyou.web.session import SESSION_COOKIE
from openforyou.web.unfinished import LIFE
from tests.web.conftest import Browser, sign_up

TUS = {"Tus-Resumable": "1.0.0"}
PART = {**TUS, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of a moving square, as a phone would send it."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 96, "yuv420p"
        for number in range(10):
            picture = np.zeros((96, 64, 3), dtype=np.uint8)
            picture[number * 5 : number * 5 + 30, 10:40] = (200, 40 * number % 256, 90)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.fixture
def ada(client: TestClient) -> TestClient:
    """Signed in, with a handle."""
    sign_up(client)
    assert client.post("/v1/creators", json={"handle": "ada", "name": "Ada"}).status_code == 201
    return client


def metadata(**told: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in told.items())


def begin(client: TestClient, length: int, **told: str) -> Any:
    said = metadata(**{"filename": "waves.mp4", **told})
    return client.post("/v1/uploads", headers={**TUS, "Upload-Length": str(length), "Upload-Metadata": said})


def send(client: TestClient, url: str, offset: int, part: bytes) -> Any:
    return client.patch(url, content=part, headers={**PART, "Upload-Offset": str(offset)})


def look(client: TestClient, url: str) -> Any:
    return client.head(url, headers=TUS)


def test_the_server_says_what_it_can(client: TestClient) -> None:
    answer = client.options("/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {"creation", "expiration", "termination"}
    assert int(answer.headers["tus-max-size"]) == 2_000_000_000


def test_a_file_in_three_parts_becomes_an_item(
    ada: TestClient, clip: bytes, quick: Platform, clock: ManualClock
) -> None:
    begun = begin(ada, len(clip), title="Waves", caption="At\nnight", rights="show,recommend")
    assert begun.status_code == 201, begun.text
    assert begun.headers["tus-resumable"] == "1.0.0"
    assert parsedate_to_datetime(begun.headers["upload-expires"]) == clock.now() + LIFE
    url = begun.headers["location"]
    for start, end in ((0, 10), (10, 1_000)):
        answer = send(ada, url, start, clip[start:end])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(end)), answer.text
        assert look(ada, url).headers["upload-offset"] == str(end)
    last = send(ada, url, 1_000, clip[1_000:])
    assert last.status_code == 204, last.text
    item = quick.catalog.own_item(ItemId(decode_id(last.headers["openforyou-item"])), quick.catalog.creator("ada").id)
    assert (item.title, item.caption, item.status) == ("Waves", "At\nnight", ItemStatus.QUEUED)
    assert quick.catalog.item_rights(item.id) == {Right.SHOW, Right.RECOMMEND}
    with quick.database.connect() as connection:
        row = connection.execute(text("SELECT source_name, source_key FROM items")).one()
    assert row.source_name == "waves.mp4"
    with quick.blobs.open(row.source_key) as stored:
        assert stored.read() == clip
    missed = look(ada, url)
    assert missed.headers["upload-offset"] == str(len(clip)), "a client that missed the answer learns it"
    assert missed.headers["openforyou-item"] == last.headers["openforyou-item"]
    assert missed.headers["cache-control"] == "no-store"


def test_nothing_ticked_is_nothing_given(ada: TestClient, clip: bytes, quick: Platform) -> None:
    url = begin(ada, len(clip)).headers["location"]
    item = ItemId(decode_id(send(ada, url, 0, clip).headers["openforyou-item"]))
    assert quick.catalog.item_rights(item) == frozenset()


def test_a_clip_says_its_language_in_one_form_and_a_wrong_one_is_refused_at_once(
    ada: TestClient, clip: bytes, quick: Platform
) -> None:
    wrong = begin(ada, len(clip), language="Elvish")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "language")
    assert wrong.json()["hint"]
    url = begin(ada, len(clip), language="pt-BR").headers["location"]
    item = ItemId(decode_id(send(ada, url, 0, clip).headers["openforyou-item"]))
    assert quick.catalog.own_item(item, quick.catalog.creator("ada").id).language == "pt"
    assert [one["language"] for one in ada.get("/v1/uploads").json()["items"]] == ["pt"]


def test_a_part_goes_where_the_last_one_ended(ada: TestClient, clip: bytes) -> None:
    url = begin(ada, len(clip)).headers["location"]
    send(ada, url, 0, clip[:100])
    for offset in (0, 99, 101, 10**9):
        answer = send(ada, url, offset, clip[offset:])
        assert (answer.status_code, answer.json()["code"]) == (409, "offset_mismatch")
    for offset in ("-1", "x", "", "1.0", "9" * 30):
        answer = ada.patch(url, content=b"x", headers={**PART, "Upload-Offset": offset})
        assert (answer.status_code, answer.json()["field"]) == (422, "Upload-Offset"), offset
    assert look(ada, url).headers["upload-offset"] == "100"


def test_more_than_was_said_is_refused_and_what_fits_is_kept(ada: TestClient, app: FastAPI, clip: bytes) -> None:
    url = begin(ada, len(clip)).headers["location"]
    assert send(ada, url, 0, clip + b"!").status_code == 413
    assert look(ada, url).headers["upload-offset"] == "0"
    status = asyncio.run(stream(app, ada, url, [clip[:500], clip[500:] + b"!"]))
    assert status == 413
    assert look(ada, url).headers["upload-offset"] == "500"
    assert send(ada, url, 500, clip[500:]).status_code == 204


def test_a_connection_that_breaks_costs_nothing_that_came(ada: TestClient, app: FastAPI, clip: bytes) -> None:
    url = begin(ada, len(clip)).headers["location"]
    asyncio.run(stream(app, ada, url, [clip[:700], clip[700:900]], breaks=True))
    assert look(ada, url).headers["upload-offset"] == "900"
    assert "openforyou-item" in send(ada, url, 900, clip[900:]).headers


async def stream(app: FastAPI, client: TestClient, url: str, pieces: list[bytes], *, breaks: bool = False) -> int:
    """PATCH without a Content-Length, piece by piece; answers the status, 0 when the connection broke."""
    coming: Iterator[bytes] = iter(pieces)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        piece = next(coming, None)
        if piece is None and breaks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send_message(message: Any) -> None:
        sent.append(message)

    headers = {
        **{name.lower(): value for name, value in PART.items()},
        "host": "localhost:8000",
        "sec-fetch-site": "same-origin",
        "upload-offset": "0",
        "cookie": f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}",
    }
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "PATCH",
        "scheme": "http",
        "path": url,
        "raw_path": url.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("203.0.113.9", 1234),
        "server": ("localhost", 8000),
    }
    await app(scope, receive, send_message)
    return int(sent[0]["status"]) if sent else 0


def test_an_upload_is_its_owners(ada: TestClient, browser: Browser, clip: bytes) -> None:
    url = begin(ada, len(clip)).headers["location"]
    eve = browser()
    sign_up(eve, "eve@example.org")
    eve.post("/v1/creators", json={"handle": "eve"})
    nobody = browser()
    nobody.get("/v1/feed")
    for other, status in ((eve, 404), (nobody, 401)):
        assert look(other, url).status_code == status
        assert send(other, url, 0, clip).status_code == status
        assert other.delete(url, headers=TUS).status_code == status
    assert eve.get("/v1/uploads").json() == {"unfinished": [], "items": [], "before": None, "rules_days": 7}
    assert nobody.get("/v1/uploads").status_code == 401
    assert begin(nobody, 10).status_code == 401
    assert look(ada, url).headers["upload-offset"] == "0"


def test_only_creators_upload(client: TestClient) -> None:
    sign_up(client)
    answer = begin(client, 10)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_handle")


def test_another_sites_page_cannot_upload(ada: TestClient) -> None:
    headers = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata(filename="a.mp4")}
    assert ada.post("/v1/uploads", headers={**headers, "Sec-Fetch-Site": "cross-site"}).status_code == 403


NOT_BEGUN: list[tuple[int, dict[str, str], str, int]] = [
    (0, {}, "Upload-Length", 422),
    (2_000_000_001, {}, "Upload-Length", 413),
    (-1, {}, "Upload-Length", 422),
    (10, {"filename": ""}, "name", 422),
    (10, {"filename": "../../etc/passwd"}, "name", 422),
    (10, {"filename": "C:\\clips\\a.mp4"}, "name", 422),
    (10, {"filename": "a\r\nX-Evil: 1.mp4"}, "name", 422),
    (10, {"filename": "a\x00.mp4"}, "name", 422),
    (10, {"filename": "gpj.\u202eexe.mp4"}, "name", 422),
    (10, {"filename": "a" * 300 + ".mp4"}, "name", 422),
    (10, {"title": "a\x00b"}, "title", 422),
    (10, {"title": "a" * 151}, "title", 413),
    (10, {"caption": "a" * 2_201}, "caption", 413),
    (10, {"rights": "show,own"}, "rights", 422),
]


def test_what_cannot_be_is_refused_by_name_before_the_first_byte(ada: TestClient) -> None:
    for length, told, field, status in NOT_BEGUN:
        answer = begin(ada, length, **told)
        assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text
        assert answer.headers["tus-resumable"] == "1.0.0"
        assert "x-evil" not in answer.headers
        assert "\r" not in answer.text
    assert ada.get("/v1/uploads").json()["unfinished"] == []


def test_what_is_no_tus_is_refused_by_name(ada: TestClient, clip: bytes) -> None:
    url = begin(ada, len(clip)).headers["location"]
    old = ada.head(url, headers={"Tus-Resumable": "0.2.2"})
    assert (old.status_code, old.headers["tus-version"]) == (412, "1.0.0")
    assert ada.post("/v1/uploads", headers={"Upload-Length": "5"}).status_code == 412
    plain = ada.patch(url, content=b"x", headers={**TUS, "Upload-Offset": "0"})
    assert (plain.status_code, plain.json()["field"]) == (415, "Content-Type")
    deferred = ada.post("/v1/uploads", headers={**TUS, "Upload-Defer-Length": "1"})
    assert deferred.json()["field"] == "Upload-Defer-Length"
    broken = ada.post("/v1/uploads", headers={**TUS, "Upload-Length": "5", "Upload-Metadata": "filename ???"})
    assert broken.json()["field"] == "filename"
    overridden = ada.post(url, headers={**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert overridden.status_code == 405
    assert look(ada, url).status_code == 200


def test_a_cancelled_upload_is_gone(ada: TestClient, clip: bytes, quick: Platform) -> None:
    url = begin(ada, len(clip)).headers["location"]
    send(ada, url, 0, clip[:100])
    assert ada.delete(url, headers=TUS).status_code == 204
    assert look(ada, url).status_code == 404
    assert send(ada, url, 100, clip[100:]).status_code == 404
    assert not [path for path in (quick.settings.data / "uploads-part").rglob("*") if path.is_file()]


def test_an_upload_that_gets_no_byte_expires(ada: TestClient, clip: bytes, clock: ManualClock) -> None:
    url = begin(ada, len(clip)).headers["location"]
    clock.advance(LIFE - timedelta(seconds=1))
    assert look(ada, url).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert look(ada, url).status_code == 404


def test_the_list_shows_what_is_on_its_way_and_what_became_of_it(ada: TestClient, clip: bytes, quick: Platform) -> None:
    waiting = begin(ada, 10, filename="later.mp4").headers["location"]
    url = begin(ada, len(clip), title="Waves").headers["location"]
    send(ada, url, 0, clip)
    told = UploadsOut.model_validate_json(ada.get("/v1/uploads").content)
    (unfinished,), (item,) = told.unfinished, told.items
    assert (unfinished.url, unfinished.filename, unfinished.offset, unfinished.length) == (waiting, "later.mp4", 0, 10)
    assert (item.title, item.status, item.poster_url) == ("Waves", ItemStatus.QUEUED, None)
    with quick.database.begin() as connection:
        connection.execute(text("UPDATE items SET status = 'refused', reason = 'It has no picture.'"))
    (refused,) = ada.get("/v1/uploads").json()["items"]
    assert (refused["status"], refused["reason"]) == ("refused", "It has no picture.")


def test_the_same_file_twice_says_so_and_keeps_no_bytes(ada: TestClient, clip: bytes, quick: Platform) -> None:
    first = begin(ada, len(clip)).headers["location"]
    assert send(ada, first, 0, clip).status_code == 204
    second = begin(ada, len(clip)).headers["location"]
    answer = send(ada, second, 0, clip)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_here")
    assert look(ada, second).status_code == 404
    assert len(ada.get("/v1/uploads").json()["items"]) == 1


def test_a_file_that_is_no_clip_is_refused_and_its_bytes_deleted(ada: TestClient, quick: Platform) -> None:
    words = b"text, and no clip at all. " * 40
    url = begin(ada, len(words), filename="notes.mp4").headers["location"]
    answer = send(ada, url, 0, words)
    assert answer.status_code == 422, answer.text
    assert "notes.mp4" in answer.json()["error"]
    assert answer.json()["hint"]
    assert ada.get("/v1/uploads").json() == {"unfinished": [], "items": [], "before": None, "rules_days": 7}
    assert not list(quick.blobs.keys())


def test_a_fault_at_the_last_moment_is_made_good_by_asking_again(
    ada: TestClient, clip: bytes, quick: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(ada, len(clip)).headers["location"]

    def away(*_: object, **__: object) -> ItemId:
        raise Unavailable("The blob store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(quick.ingest, "take_in", away)
        assert send(ada, url, 0, clip).status_code == 503
    answer = look(ada, url)
    assert answer.headers["upload-offset"] == str(len(clip))
    assert decode_id(answer.headers["openforyou-item"])
    assert len(ada.get("/v1/uploads").json()["items"]) == 1


def test_a_process_that_ends_after_handing_over_hands_over_once(
    ada: TestClient, clip: bytes, quick: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = begin(ada, len(clip)).headers["location"]
    genuine = quick.ingest.take_in

    def dies_after(*given: Any, **told: Any) -> ItemId:
        genuine(*given, **told)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(quick.ingest, "take_in", dies_after)
        assert send(ada, url, 0, clip).status_code == 500
    item = look(ada, url).headers["openforyou-item"]
    assert [own["id"] for own in ada.get("/v1/uploads").json()["items"]] == [item]


def test_metadata_is_read_as_the_protocol_writes_it() -> None:
    name, rights = (b64encode(value.encode()).decode() for value in ("wäves.mp4", " learn , show "))
    told = tus.read_metadata(f"filename {name} , is_private,rights {rights}")
    assert told.filename == "wäves.mp4"
    assert told.title == ""
    assert told.rights == {Right.LEARN, Right.SHOW}
