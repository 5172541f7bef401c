"""Imports through the API: sent as an upload, looked through, decided about by its owner alone, and taken in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from openforyou.app.platform import Platform
from openforyou.catalog.types import Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, decode_id
from openforyou.ingest.imports import store
from openforyou.ingest.imports.proofs import Checked
from tests.ingest.imports.builders import as_json, instagram, tiktok, zipped
from tests.ingest.imports.conftest import Proven
from tests.web.api.test_uploads import ada, begin, clip, look, send
from tests.web.conftest import Browser, sign_up

__all__ = ["ada", "clip"]


def archive(folder: Path, film: bytes) -> bytes:
    """Instagram's, with one film that is in it three times under three posts."""
    files = instagram()
    for name in files:
        if name.endswith(".mp4"):
            files[name] = film
    return zipped(folder / "a.zip", files).read_bytes()


def sent(client: TestClient, content: bytes, name: str = "instagram.zip") -> str:
    """Sent in whole; answers with its id."""
    begun = begin(client, len(content), filename=name, purpose="import")
    assert begun.status_code == 201, begun.text
    answer = send(client, begun.headers["location"], 0, content)
    assert answer.status_code == 204, answer.text
    assert "openforyou-item" not in answer.headers
    assert look(client, begun.headers["location"]).headers["openforyou-import"] == answer.headers["openforyou-import"]
    return str(answer.headers["openforyou-import"])


def told(client: TestClient, run: str) -> Any:
    answer = client.get(f"/v1/imports/{run}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_archive_is_looked_through_before_anything_is_taken_in(
    ada: TestClient, quick: Platform, tmp_path: Path, clip: bytes
) -> None:
    run = sent(ada, archive(tmp_path, clip))
    assert told(ada, run)["state"] == "looking"
    assert quick.archives.work_next()
    assert not quick.archives.work_next()
    found = told(ada, run)
    assert (found["state"], found["platform"], found["owner"]) == ("found", "Instagram", "ada.films")
    assert found["counts"] == {"taken": 3, "skipped": 2}
    assert all(entry["reason"] for entry in found["entries"] if entry["outcome"] == "skipped")
    assert not found["can_give"]
    assert "have not proven" in found["why_not"]
    assert ada.get("/v1/uploads").json()["items"] == []


def test_what_is_asked_for_is_given_once_it_is_proven(
    ada: TestClient, quick: Platform, tmp_path: Path, clip: bytes
) -> None:
    proven = Proven()
    quick.imports.proofs = Checked(proven)
    run = sent(ada, archive(tmp_path, clip))
    quick.archives.work_next()
    started = ada.post(f"/v1/imports/{run}/start", json={"show": True, "show_private": True})
    assert (started.status_code, started.json()["state"]) == (200, "waiting")
    assert quick.archives.work_next()
    done = told(ada, run)
    assert (done["state"], done["counts"]) == ("done", {"taken": 1, "here": 2, "skipped": 2})
    assert list(quick.blobs.keys("imports/")) == []
    (taken,) = [entry for entry in done["entries"] if entry["outcome"] == "taken"]
    item = ItemId(decode_id(taken["item_id"]))
    assert quick.catalog.item_rights(item) == frozenset()
    refused = ada.put(f"/v1/items/{taken['item_id']}/rights", json={"show": True, "recommend": True, "learn": False})
    assert (refused.status_code, refused.json()["code"]) == (403, "unproven")
    assert quick.catalog.item_rights(item) == frozenset()
    assert [one["imported_from"] for one in ada.get("/v1/uploads").json()["items"]] == ["ada.films on instagram"]
    proven.accounts.append(("instagram", "ada.films"))
    quick.imports.settle_all()
    assert quick.catalog.item_rights(item) == {Right.SHOW, Right.RECOMMEND}
    assert [one["imported_from"] for one in ada.get("/v1/uploads").json()["items"]] == [""]


def test_a_large_archive_is_taken_in_piece_by_piece(ada: TestClient, quick: Platform, tmp_path: Path) -> None:
    quick.imports.fetcher = None
    run = sent(ada, zipped(tmp_path / "t.zip", {"user_data_tiktok.json": as_json(tiktok(count=40))}).read_bytes())
    quick.archives.work_next()
    ada.post(f"/v1/imports/{run}/start", json={})
    assert quick.archives.work_next(piece_s=0.0)
    assert told(ada, run)["state"] == "waiting"
    assert quick.archives.work_next()
    assert told(ada, run)["counts"] == {"skipped": 40}


def test_one_waits_while_another_import_of_the_same_creator_runs(
    ada: TestClient, quick: Platform, tmp_path: Path, clip: bytes
) -> None:
    run = sent(ada, archive(tmp_path, clip))
    quick.archives.work_next()
    ada.post(f"/v1/imports/{run}/start", json={})
    with quick.database.connect() as connection:
        assert store.claim(connection, store.IMPORT_LOCK, quick.catalog.creator("ada").id)
        for _ in range(5):
            assert not quick.archives.work_next()
        store.release(connection, store.IMPORT_LOCK, quick.catalog.creator("ada").id)
    assert told(ada, run)["state"] == "waiting"
    assert quick.archives.work_next()
    assert told(ada, run)["state"] == "done"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("holiday.zip", b"PK\x03\x04 and then nothing", "holiday.zip is cut short"),
        ("words.txt", b"These are words.", "words.txt is no export"),
    ],
)
def test_what_is_no_export_is_refused_with_the_reason(
    ada: TestClient, quick: Platform, name: str, content: bytes, words: str
) -> None:
    run = sent(ada, content, name)
    quick.archives.work_next()
    refused = told(ada, run)
    assert refused["state"] == "refused"
    assert refused["reason"].startswith(words)
    assert len(refused["reason"]) > len(words) + 20, "and what to do next"
    assert list(quick.blobs.keys("imports/")) == []


def test_the_archive_of_somebody_else_is_refused_at_the_start(
    ada: TestClient, quick: Platform, tmp_path: Path, clip: bytes
) -> None:
    quick.imports.proofs = Checked(Proven([("instagram", "another.one")]))
    run = sent(ada, archive(tmp_path, clip))
    quick.archives.work_next()
    refused = told(ada, run)
    assert refused["state"] == "refused"
    assert "archive of ada.films" in refused["reason"]
    assert "another.one" in refused["reason"]


def test_an_import_is_its_owners_alone_and_can_be_forgotten(
    ada: TestClient, quick: Platform, browser: Browser, tmp_path: Path, clip: bytes
) -> None:
    run = sent(ada, archive(tmp_path, clip))
    other = browser()
    sign_up(other, "eve@example.org")
    assert other.get("/v1/imports").status_code == 403, "without a handle"
    other.post("/v1/creators", json={"handle": "eve", "name": "Eve"})
    for answer in (
        other.get(f"/v1/imports/{run}"),
        other.post(f"/v1/imports/{run}/start", json={}),
        other.delete(f"/v1/imports/{run}"),
    ):
        assert answer.status_code == 404
    assert other.get("/v1/imports").json() == {"imports": []}
    assert [one["id"] for one in ada.get("/v1/imports").json()["imports"]] == [run]
    assert ada.post(f"/v1/imports/{run}/start", json={}).status_code == 409, "it is not looked through yet"
    assert ada.delete(f"/v1/imports/{run}").status_code == 204
    assert ada.get("/v1/imports").json() == {"imports": []}
    assert list(quick.blobs.keys("imports/")) == []


def test_limits_are_told_before_anything_is_sent(ada: TestClient, quick: Platform, tmp_path: Path) -> None:
    large = quick.settings.upload_max_mb * 1_000_000 + 1
    assert begin(ada, large).status_code == 413
    assert begin(ada, large, purpose="import").status_code in (201, 503)
    assert begin(ada, quick.settings.import_max_mb * 1_000_000 + 1, purpose="import").status_code == 413
    assert begin(ada, 10, purpose="else").json()["field"] == "purpose"
    wrong = ada.post("/v1/imports", json={"address": "file:///etc/passwd"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "address")


def test_a_feed_that_leads_inside_is_refused(ada: TestClient, quick: Platform) -> None:
    begun = ada.post("/v1/imports", json={"address": "http://127.0.0.1:9/feed.xml"})
    assert begun.status_code == 201, begun.text
    quick.archives.work_next()
    refused = told(ada, begun.json()["id"])
    assert refused["state"] == "refused"
    assert "127.0.0.1" in refused["reason"]


def test_what_nobody_decides_about_is_deleted_after_a_week(
    ada: TestClient, quick: Platform, clock: ManualClock, tmp_path: Path, clip: bytes
) -> None:
    sent(ada, archive(tmp_path, clip))
    quick.archives.work_next()
    quick.archives.sweep()
    assert len(ada.get("/v1/imports").json()["imports"]) == 1
    clock.advance(timedelta(days=8))
    quick.archives.sweep()
    with quick.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM import_runs").scalar_one() == 0
    assert list(quick.blobs.keys("imports/")) == []


def test_its_life_elsewhere_is_kept_and_its_poster_is_its_owners_until_it_is_shown(
    ada: TestClient, browser: Browser, quick: Platform, tmp_path: Path, clip: bytes
) -> None:
    proven = Proven()
    quick.imports.proofs = Checked(proven)
    files = {"user_data_tiktok.json": as_json(tiktok(count=2)), "TikTok/videos/7301000000000000001.mp4": clip}
    quick.imports.fetcher = None
    run = sent(ada, zipped(tmp_path / "t.zip", files).read_bytes())
    quick.archives.work_next()
    ada.post(f"/v1/imports/{run}/start", json={"show": True, "show_private": True})
    assert quick.archives.work_next()
    (item,) = ada.get("/v1/uploads").json()["items"]
    assert item["poster_url"] is None, "nothing is made of it yet"
    assert ada.get(f"/v1/items/{item['id']}/poster").status_code == 404
    quick.ingest.process_next()
    (item,) = ada.get("/v1/uploads").json()["items"]
    poster = ada.get(item["poster_url"])
    assert (poster.status_code, poster.headers["content-type"]) == (200, "image/jpeg")
    eve = browser()
    sign_up(eve, "eve@example.org")
    eve.post("/v1/creators", json={"handle": "eve", "name": "Eve"})
    assert (eve.get(item["poster_url"]).status_code, browser().get(item["poster_url"]).status_code) == (404, 401)
    there = {
        "platform": "TikTok",
        "sound": "original sound",
        "licence": "",
        "ai_made": True,
        "counts": {"likes": 1_234},
    }
    assert item["elsewhere"] == there
    proven.accounts.append(("tiktok", "ada.t"))
    quick.imports.settle_all()
    page = f"/item/{item['id']}"
    assert "1,234 likes" in ada.get(page).text
    seen = eve.get(page).text
    assert "Marked on TikTok as made by a machine." in seen
    assert "original sound" in seen
    assert "1,234" not in seen, "the numbers of there are its owner's alone"
    card = eve.get(f"/v1/items/{item['id']}").json()["items"][0]
    assert card["counts"]["likes"] == 0
