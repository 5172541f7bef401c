"""Items over HTTP: everyone sees what is shown, and its creator decides."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from openforyou.catalog.types import Creator, Right
from openforyou.core.ids import encode_id, new_id
from openforyou.web.api.cards import SlatePage
from tests.web.conftest import Browser, World, sign_up


@pytest.fixture
def maker(client: TestClient, world: World) -> Creator:
    """The creator that `client` is signed in as."""
    sign_up(client)
    client.post("/v1/creators", json={"handle": "ada", "name": "Ada"})
    return world.platform.catalog.creator("ada")


def test_an_item_is_a_slate_of_one(client: TestClient, world: World) -> None:
    item = encode_id(world.item(world.creator(), "Waves"))
    assert client.get(f"/v1/items/{item}").status_code == 401
    client.get("/v1/feed")
    answer = client.get(f"/v1/items/{item}")
    (card,) = SlatePage.model_validate_json(answer.content).items
    assert card.title == "Waves"
    assert card.feed_context


def test_an_item_tells_what_of_it_can_be_muted(client: TestClient, world: World) -> None:
    sound, maker = new_id(), world.creator()
    told = world.item(maker, "#Waves", caption="At #Sea, with #boats. \uff03SEA", language="nl", sound_id=sound)
    item = encode_id(told)
    silent = encode_id(world.item(maker, "Nothing"))
    client.get("/v1/feed")
    (card,) = client.get(f"/v1/items/{item}").json()["items"]
    assert (card["sound_id"], card["language"]) == (encode_id(sound), "nl")
    assert card["topics"] == ["waves", "sea", "boats"]
    (card,) = client.get(f"/v1/items/{silent}").json()["items"]
    assert (card["sound_id"], card["language"], card["topics"]) == (None, "", [])


def test_absent_hidden_and_withdrawn_read_the_same(client: TestClient, world: World) -> None:
    client.get("/v1/feed")
    maker = world.creator()
    hidden = world.item(maker, "Hidden", frozenset({Right.LEARN}))
    gone = world.item(maker, "Gone")
    world.platform.catalog.withdraw(gone, maker.id)
    told = []
    for item in (hidden, gone, new_id()):
        answer = client.get(f"/v1/items/{encode_id(item)}")
        assert answer.status_code == 404
        told.append(answer.text.replace(encode_id(item), ""))
    assert told[0] == told[1] == told[2]
    bad = client.get("/v1/items/..%2f..%2fetc")
    assert bad.status_code == 404
    assert client.get("/v1/items/short").json()["field"] == "item_id"


def test_a_creator_allows_and_forbids(client: TestClient, world: World, maker: Creator) -> None:
    item = encode_id(world.item(maker, "Waves"))
    path = f"/v1/items/{item}/rights"
    assert client.get(path).json() == {"show": True, "recommend": True, "learn": True}
    wanted = {"show": True, "recommend": False, "learn": False}
    assert client.put(path, json=wanted).json() == wanted
    world.platform.feed.refresh()
    assert client.get("/v1/feed").json()["items"] == []
    assert client.get(f"/v1/items/{item}").status_code == 200
    assert client.put(path, json={"learn": True}).json() == wanted | {"learn": True}, "the others stay as they are"
    assert client.put(path, json={}).status_code == 422


def test_a_creator_withdraws_at_once(client: TestClient, world: World, maker: Creator) -> None:
    item = encode_id(world.item(maker, "Waves"))
    assert client.delete(f"/v1/items/{item}").status_code == 204
    assert client.get("/v1/feed").json()["items"] == []
    assert client.get(f"/v1/items/{item}").status_code == 404


def test_another_creators_item_is_not_there(browser: Browser, client: TestClient, world: World, maker: Creator) -> None:
    item = encode_id(world.item(maker, "Waves"))
    other = browser()
    sign_up(other, "eve@example.org")
    assert other.delete(f"/v1/items/{item}").json()["code"] == "no_handle"
    other.post("/v1/creators", json={"handle": "eve"})
    for answer in (
        other.delete(f"/v1/items/{item}"),
        other.get(f"/v1/items/{item}/rights"),
        other.put(f"/v1/items/{item}/rights", json={"show": False, "recommend": False, "learn": False}),
    ):
        assert answer.status_code == 404
    assert client.get(f"/v1/items/{item}/rights").json()["show"]
    assert browser().delete(f"/v1/items/{item}").status_code == 401
