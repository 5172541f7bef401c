"""One's own data over HTTP: a copy for whoever asks, and going only for whoever means it."""

from __future__ import annotations

import io
import json
from zipfile import ZipFile

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id, new_id
from openforyou.privacy.person.erasing import AGAIN_AFTER
from tests.web.conftest import EMAIL, PASSWORD, Browser, World, event, sign_up

FORGET = "/v1/your-data/forget"


def taken(client: TestClient) -> ZipFile:
    answer = client.get("/v1/your-data/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == int(answer.headers["content-length"])
    return ZipFile(io.BytesIO(answer.content))


def rows(archive: ZipFile, name: str) -> list[dict[str, object]]:
    told: list[dict[str, object]] = json.loads(archive.read(f"{name}.json"))["rows"]
    return told


def liked(client: TestClient, world: World, clock: ManualClock) -> str:
    (card,) = client.get("/v1/feed").json()["items"]
    sent = client.post("/v1/events", json={"events": [event("like", card, clock.now())]})
    assert sent.json()["accepted"] == 1
    world.platform.events.slate(1, 1)  # type: ignore[arg-type] # waits until the slate is written
    return str(card["id"])


def test_somebody_without_an_account_takes_it_along_and_goes(
    browser: Browser, world: World, clock: ManualClock
) -> None:
    world.item(world.creator(), "Waves #sea")
    ada, bo = browser(), browser()
    assert ada.get("/v1/your-data").status_code == 401
    item = liked(ada, world, clock)
    liked(bo, world, clock)
    archive = taken(ada)
    assert [row["item_id"] for row in rows(archive, "events")] == [item]
    assert rows(archive, "history")[0]["liked"] is True
    assert len(rows(archive, "slates")) == 1
    assert {"kind": "topic", "name": "#sea"}.items() <= rows(archive, "interests")[0].items()
    assert "Waves #sea" in archive.read("index.html").decode()
    assert {one["name"]: one["rows"] for one in ada.get("/v1/your-data").json()["topics"]}["events"] == 1

    for wanted, code in (
        ({"what": "everything"}, "not_confirmed"),
        ({"what": "everything", "confirm": "history"}, "not_confirmed"),
        ({"what": "some", "confirm": "some"}, None),
    ):
        answer = ada.post(FORGET, json=wanted)
        assert answer.status_code == 422
        assert code is None or answer.json()["code"] == code
    assert rows(taken(ada), "events"), "nothing was done"
    receipt = ada.post(FORGET, json={"what": "everything", "confirm": "everything"}).json()
    assert (receipt["state"], receipt["removed"]["events"]) == ("looking", 1)
    assert ada.get("/v1/your-data").status_code == 401, "the cookie is gone"
    assert ada.get("/v1/feed").status_code == 200
    assert rows(taken(ada), "events") == []
    assert len(rows(taken(bo), "events")) == 1
    assert browser().get(f"/v1/erasures/{receipt['id']}").json() == receipt, "for whoever has its id"
    clock.advance(AGAIN_AFTER)
    world.platform.erasing.resume()
    assert browser().get(f"/v1/erasures/{receipt['id']}").json()["state"] == "done"
    world.platform.log.step()
    proof = browser().get(f"/v1/erasures/{receipt['id']}/proof")
    assert proof.status_code == 200
    assert bytes.fromhex(proof.headers["openforyou-leaf"]).decode() == receipt["record"]
    assert browser().get(f"/v1/erasures/{encode_id(new_id())}").json()["code"] == "erasure_not_found"


def test_an_account_goes_by_its_password_and_the_e_mail_is_free_again(
    client: TestClient, world: World, clock: ManualClock
) -> None:
    world.item(world.creator())
    client.get("/v1/feed")
    sign_up(client)
    assert client.post("/v1/creators", json={"handle": "ada"}).status_code == 201
    liked(client, world, clock)
    assert {"field": "email", "value": EMAIL} in rows(taken(client), "opened")
    wanted = {"what": "history", "confirm": "history"}
    refused = client.post(FORGET, json=wanted | {"password": "a wrong one"})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    assert client.post(FORGET, json=wanted | {"password": PASSWORD}).json()["what"] == "history"
    assert client.get("/v1/account").json()["email"] == EMAIL, "still signed in"
    archive = taken(client)
    assert (rows(archive, "events"), len(rows(archive, "account"))) == ([], 1)
    gone = client.post(FORGET, json={"what": "everything", "confirm": "everything", "password": PASSWORD})
    assert gone.json()["removed"]["accounts"] == 1
    assert client.get("/v1/account").status_code == 401
    assert client.get("/@ada").status_code == 404
    assert client.get(f"/forgotten/{gone.json()['id']}").status_code == 200
    assert client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 401
    sign_up(client)
