"""Feeds over HTTP, and why an item stood in one."""

from __future__ import annotations

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id
from openforyou.web.api.cards import SlatePage
from openforyou.web.api.feed import Why
from tests.web.conftest import Browser, World, event


def test_a_slate_has_all_that_a_player_needs(client: TestClient, world: World) -> None:
    maker = world.creator("maker")
    item = encode_id(world.item(maker, "Waves"))
    answer = client.get("/v1/feed?size=5")
    assert answer.status_code == 200
    told = answer.json()
    SlatePage.model_validate_json(answer.content)
    (card,) = told["items"]
    assert card["id"] == item
    assert card["kind"] == "video"
    assert card["title"] == "Waves"
    assert card["creator"] == {"id": encode_id(maker.id), "handle": "maker", "name": "Maker", "following": False}
    assert card["media_url"] == f"/media/items/{item}/720p.mp4"
    assert [(file["width"], file["height"]) for file in card["renditions"]] == [(720, 1280), (360, 640)]
    assert card["poster_url"] == f"/media/items/{item}/poster.jpg"
    assert card["preview_url"] == f"/media/items/{item}/preview.mp4"
    assert (card["width"], card["height"], card["duration_ms"], card["has_sound"]) == (720, 1280, 3000, True)
    assert card["counts"]["likes"] == 0
    assert not card["liked"]
    assert card["reasons"][0]["text"]
    for address in (card["media_url"], card["poster_url"], card["preview_url"]):
        assert client.get(address).status_code == 200


def test_what_was_seen_does_not_come_back(client: TestClient, world: World, clock: ManualClock) -> None:
    maker = world.creator()
    for number in range(3):
        world.item(maker, f"Clip {number}")
    first = client.get("/v1/feed?size=2").json()["items"]
    client.post("/v1/events", json={"events": [event("impression", card, clock.now()) for card in first]})
    second = client.get("/v1/feed?size=3").json()["items"]
    assert not {card["id"] for card in first} & {card["id"] for card in second}


def test_a_size_or_cursor_that_cannot_be_is_refused_by_name(client: TestClient) -> None:
    for query, field in (("size=0", "size"), ("size=99", "size"), ("size=x", "size"), ("cursor=%00", "cursor")):
        answer = client.get(f"/v1/feed?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, field), query
    assert client.get("/v1/feed/following?cursor=nonsense").json()["field"] == "cursor"


def test_following_shows_whom_one_follows(client: TestClient, world: World, clock: ManualClock) -> None:
    followed, other = world.creator("followed"), world.creator("other")
    wanted = {encode_id(world.item(followed, f"Clip {number}")) for number in range(3)}
    world.item(other)
    cards = client.get("/v1/feed").json()["items"]
    assert client.get("/v1/feed/following").json()["items"] == []
    card = next(card for card in cards if card["creator"]["handle"] == "followed")
    client.post("/v1/events", json={"events": [event("follow", card, clock.now())]})
    first = client.get("/v1/feed/following?size=2").json()
    second = client.get(f"/v1/feed/following?size=2&cursor={first['cursor']}").json()
    assert {card["id"] for card in first["items"] + second["items"]} == wanted
    assert all(card["creator"]["following"] for card in first["items"])
    assert second["cursor"] == ""


def test_why_is_told_from_the_record_and_to_its_viewer_alone(browser: Browser, world: World) -> None:
    client, other = browser(), browser()
    world.item(world.creator(), "Waves")
    served = client.get("/v1/feed").json()
    asked = {"request_id": served["request_id"], "item_id": served["items"][0]["id"]}
    for _ in range(50):  # the record is written within moments
        answer = client.get("/v1/why", params=asked)
        if answer.status_code == 200:
            break
    told = Why.model_validate_json(answer.content)
    assert told.item_id == asked["item_id"]
    assert told.reasons[0].text == served["items"][0]["reasons"][0]["text"]
    assert 0 < told.propensity <= 1
    other.get("/v1/feed")
    assert other.get("/v1/why", params=asked).status_code == 404
    assert client.get("/v1/why", params={**asked, "item_id": "x"}).json()["field"] == "item_id"
    assert client.get("/v1/why", params={"request_id": asked["request_id"]}).json()["field"] == "item_id"
