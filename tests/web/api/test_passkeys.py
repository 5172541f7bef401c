"""Passkeys over HTTP, from the options to the cookie."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.web.session import VIEWER_COOKIE
from tests.accounts.authenticator import Authenticator
from tests.web.conftest import EMAIL, ORIGIN, Browser, World, event, sign_up


def make(client: TestClient, key: Authenticator, email: str = EMAIL, origin: str = ORIGIN) -> Any:
    options = client.post("/v1/passkeys/sign-up/options", json={"email": email}).json()["publicKey"]
    return client.post("/v1/passkeys/sign-up", json={"credential": key.create(options, origin), "name": "Phone"})


def enter(client: TestClient, key: Authenticator, origin: str = ORIGIN) -> Any:
    options = client.post("/v1/passkeys/sign-in/options").json()["publicKey"]
    return client.post("/v1/passkeys/sign-in", json={"credential": key.get(options, origin)})


def test_a_passkey_makes_an_account_and_opens_it(browser: Browser) -> None:
    key, phone, desk = Authenticator(), browser(), browser()
    made = make(phone, key)
    assert made.status_code == 201, made.text
    assert made.json()["email"] == EMAIL
    assert not made.json()["has_password"]
    assert [held["name"] for held in made.json()["passkeys"]] == ["Phone"]
    entered = enter(desk, key)
    assert entered.status_code == 201, entered.text
    assert desk.get("/v1/account").json()["sessions"] == 2


def test_who_signs_up_with_a_passkey_keeps_what_they_did(client: TestClient, world: World, clock: ManualClock) -> None:
    world.item(world.creator())
    card = client.get("/v1/feed").json()["items"][0]
    client.post("/v1/events", json={"events": [event("like", card, clock.now())]})
    make(client, Authenticator())
    assert VIEWER_COOKIE not in client.cookies
    assert client.get(f"/v1/items/{card['id']}").json()["items"][0]["liked"]


def test_a_passkey_is_added_and_removed(client: TestClient) -> None:
    sign_up(client)
    key = Authenticator()
    options = client.post("/v1/passkeys/options").json()["publicKey"]
    added = client.post("/v1/passkeys", json={"credential": key.create(options, ORIGIN)})
    assert added.status_code == 201, added.text
    (held,) = added.json()["passkeys"]
    assert enter(client, key).status_code == 201
    assert client.delete("/v1/passkeys/AAAA").status_code == 404
    assert client.delete("/v1/passkeys/%25%25").status_code == 404
    assert client.delete(f"/v1/passkeys/{held['id']}").json()["passkeys"] == []
    assert enter(client, key).status_code == 422


def test_another_sites_answer_is_refused(browser: Browser) -> None:
    client = browser()
    answer = make(client, Authenticator(), origin="https://evil.example")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_passkey")
    assert client.get("/v1/account").status_code == 401


def test_a_bare_address_says_which_name_to_use(browser: Browser) -> None:
    for origin in ("http://127.0.0.1:8000", "http://[::1]:8000"):
        answer = browser(origin).post("/v1/passkeys/sign-in/options")
        assert answer.status_code == 422
        assert "http://localhost:8000" in answer.json()["hint"]


def test_a_taken_address_is_not_told_by_the_options(browser: Browser) -> None:
    sign_up(browser())
    other = browser()
    assert other.post("/v1/passkeys/sign-up/options", json={"email": EMAIL}).status_code == 200
    assert make(other, Authenticator()).json()["code"] == "email_taken"


def test_adding_needs_an_account(client: TestClient) -> None:
    assert client.post("/v1/passkeys/options").status_code == 401
    assert client.post("/v1/passkeys", json={"credential": {}}).status_code == 401
