"""Creators over HTTP: how an account becomes one, and what everyone sees of them."""

from __future__ import annotations

from fastapi.testclient import TestClient

from openforyou.core.ids import AccountId, encode_id
from tests.web.conftest import Browser, World, sign_up


def test_an_account_publishes_as_one_creator(browser: Browser, client: TestClient, world: World) -> None:
    sign_up(client)
    bad = client.post("/v1/creators", json={"handle": "../etc"})
    assert (bad.status_code, bad.json()["field"]) == (422, "handle")
    world.creator("taken")
    taken = client.post("/v1/creators", json={"handle": "Taken"})
    assert (taken.status_code, taken.json()["code"]) == (409, "handle_taken")
    made = client.post("/v1/creators", json={"handle": "@Ada", "name": "Ada L.", "bio": "Numbers."})
    assert (made.status_code, made.json()["handle"]) == (201, "ada")
    assert client.get("/v1/account").json()["role"] == "creator"
    assert client.get("/v1/account").json()["creator"]["name"] == "Ada L."
    again = client.post("/v1/creators", json={"handle": "ada2"})
    assert (again.status_code, again.json()["code"]) == (409, "creator_already")
    assert browser().post("/v1/creators", json={"handle": "x"}).status_code == 401


def test_a_role_follows_where_the_process_ended_between_the_two_steps(client: TestClient, world: World) -> None:
    sign_up(client)
    account = world.platform.accounts.of_email("ada@example.org")
    world.platform.catalog.add_creator("ada", "Ada", account_id=AccountId(account.id))
    assert client.get("/v1/account").json()["role"] == "viewer"
    assert client.post("/v1/creators", json={"handle": "ada"}).json()["code"] == "creator_already"
    assert client.get("/v1/account").json()["role"] == "creator"


def test_a_creators_page_shows_what_they_show(client: TestClient, world: World) -> None:
    client.get("/v1/feed")
    maker = world.creator("maker")
    shown = encode_id(world.item(maker, "Shown"))
    world.item(maker, "Hidden", frozenset())
    told = client.get("/v1/creators/maker").json()
    assert [card["id"] for card in told["items"]["items"]] == [shown]
    assert told["creator"]["name"] == "Maker"
    assert told["followers"] == 0
    assert client.get("/v1/creators/@Maker").status_code == 200
    assert client.get("/v1/creators/nobody").status_code == 404
