"""Who is asking: pseudonyms, sessions, and that neither can be forged, planted or left behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.clock import ManualClock
from openforyou.web.application import create_app
from openforyou.web.session import SESSION_COOKIE, VIEWER_COOKIE, region_of
from tests.web.conftest import EMAIL, ORIGIN, PASSWORD, Browser, World, event, sign_up


def first_card(client: TestClient) -> dict[str, object]:
    card: dict[str, object] = client.get("/v1/feed").json()["items"][0]
    return card


def likes(client: TestClient, clock: ManualClock, card: dict[str, object]) -> int:
    return client.post("/v1/events", json={"events": [event("like", card, clock.now())]}).status_code


def test_somebody_new_gets_a_pseudonym_and_keeps_it(client: TestClient, world: World, clock: ManualClock) -> None:
    world.item(world.creator())
    answer = client.get("/v1/feed")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{VIEWER_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert likes(client, clock, answer.json()["items"][0]) == 200
    assert client.get("/v1/feed").status_code == 200
    assert likes(client, clock, answer.json()["items"][0]) == 200


def test_under_https_the_cookies_are_secure_and_of_this_host_alone(browser: Browser) -> None:
    client = browser("https://clips.example.org")
    cookie = client.get("/v1/feed").headers["set-cookie"]
    assert cookie.startswith(f"__Host-{VIEWER_COOKIE}=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    sign_up(client)
    assert f"__Host-{SESSION_COOKIE}" in client.cookies
    assert client.get("/v1/account").status_code == 200


def test_without_a_cookie_nobody_is_known(client: TestClient) -> None:
    for answer in (client.post("/v1/events", json={"events": []}), client.get("/v1/controls")):
        assert answer.status_code == 401
        assert answer.json()["code"] == "no_viewer"
        assert "GET /v1/feed" in answer.json()["hint"]
    assert client.get("/v1/account").json()["code"] == "not_signed_in"


def test_a_forged_pseudonym_is_nobody(browser: Browser) -> None:
    client = browser()
    client.get("/v1/feed")
    genuine = client.cookies[VIEWER_COOKIE]
    name, _, tag = genuine.partition(".")
    other = name[:-1] + ("2" if name[-1] != "2" else "3")
    for forged in (name, f"{name}.", f"{other}.{tag}", f"{name}.{tag[::-1]}", genuine[:-1], "x", ".", "=" * 9):
        answer = browser().get("/v1/controls", headers={"Cookie": f"{VIEWER_COOKIE}={forged}"})
        assert answer.status_code == 401, forged
    assert browser().get("/v1/controls", headers={"Cookie": f"{VIEWER_COOKIE}={genuine}"}).status_code == 200


def test_another_servers_cookie_is_nobodys(client: TestClient, database_url: str, tmp_path: Path) -> None:
    with Platform(Settings(data=tmp_path / "other"), database_url=database_url) as platform:
        elsewhere = TestClient(create_app(platform), base_url=ORIGIN)
        elsewhere.get("/v1/feed")
    foreign = elsewhere.cookies[VIEWER_COOKIE]
    assert client.get("/v1/controls", headers={"Cookie": f"{VIEWER_COOKIE}={foreign}"}).status_code == 401


def test_who_signs_up_keeps_what_they_did(client: TestClient, world: World, clock: ManualClock) -> None:
    world.item(world.creator())
    card = first_card(client)
    assert likes(client, clock, card) == 200
    sign_up(client)
    assert VIEWER_COOKIE not in client.cookies
    answer = client.get(f"/v1/items/{card['id']}")
    assert answer.json()["items"][0]["liked"]
    assert likes(client, clock, card) == 200, "what was served before still counts"


def test_who_signs_in_elsewhere_is_the_same_viewer(browser: Browser, world: World, clock: ManualClock) -> None:
    world.item(world.creator())
    phone, desk = browser(), browser()
    card = first_card(phone)
    likes(phone, clock, card)
    sign_up(phone)
    first_card(desk)
    assert desk.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD}).status_code == 201
    assert desk.get(f"/v1/items/{card['id']}").json()["items"][0]["liked"]


def test_a_planted_pseudonym_is_worthless_once_its_bearer_signs_up(
    browser: Browser, world: World, clock: ManualClock
) -> None:
    world.item(world.creator())
    thief, victim = browser(), browser()
    card = first_card(thief)
    assert thief.get("/v1/controls").status_code == 200
    planted = {"Cookie": f"{VIEWER_COOKIE}={thief.cookies[VIEWER_COOKIE]}"}
    answer = victim.post("/v1/accounts", json={"email": EMAIL, "password": PASSWORD}, headers=planted)
    assert answer.status_code == 201
    assert likes(thief, clock, card) == 401
    thief.get("/v1/feed")
    assert likes(thief, clock, card) == 422, "the thief is somebody new, and the old context is another viewer's"


def test_a_session_token_is_never_taken_from_the_browser(browser: Browser, app: FastAPI) -> None:
    client = browser()
    fixed = "A" * 43
    planted = {"Cookie": f"{SESSION_COOKIE}={fixed}"}
    answer = client.post("/v1/accounts", json={"email": EMAIL, "password": PASSWORD}, headers=planted)
    assert answer.status_code == 201
    assert fixed not in answer.headers["set-cookie"].partition(f"{SESSION_COOKIE}=")[2][:43]
    assert browser().get("/v1/account", headers=planted).status_code == 401


def test_signing_in_again_changes_the_token_and_ends_the_former(browser: Browser) -> None:
    client = browser()
    sign_up(client)
    former = client.cookies[SESSION_COOKIE]
    client.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert client.cookies[SESSION_COOKIE] != former
    assert browser().get("/v1/account", headers={"Cookie": f"{SESSION_COOKIE}={former}"}).status_code == 401
    assert client.get("/v1/account").json()["sessions"] == 1


def test_who_signs_out_comes_back_as_somebody_new(client: TestClient, world: World, clock: ManualClock) -> None:
    world.item(world.creator())
    card = first_card(client)
    likes(client, clock, card)
    sign_up(client)
    token = client.cookies[SESSION_COOKIE]
    assert client.delete("/v1/sessions/current").status_code == 204
    assert not client.cookies
    assert client.get("/v1/account", headers={"Cookie": f"{SESSION_COOKIE}={token}"}).status_code == 401
    client.get("/v1/feed")
    assert not client.get(f"/v1/items/{card['id']}").json()["items"][0]["liked"]


def test_signing_out_everywhere_ends_the_others_too(browser: Browser) -> None:
    phone, desk = browser(), browser()
    sign_up(phone)
    desk.post("/v1/sessions", json={"email": EMAIL, "password": PASSWORD})
    assert phone.delete("/v1/sessions").json() == {"ended": 2}
    assert desk.get("/v1/account").status_code == 401


def test_a_session_in_use_takes_its_cookie_along(client: TestClient, clock: ManualClock) -> None:
    sign_up(client)
    assert "set-cookie" not in client.get("/v1/account").headers
    clock.advance(timedelta(days=2))
    assert f"{SESSION_COOKIE}=" in client.get("/v1/account").headers["set-cookie"]
    clock.advance(timedelta(days=31))
    late = client.get("/v1/account")
    assert late.status_code == 401
    assert "Max-Age=0" in late.headers["set-cookie"], "an ended session's cookie is taken away"


@pytest.mark.parametrize(
    ("said", "region"),
    [
        ("", ""),
        ("de-CH, de;q=0.9, en;q=0.5", "CH"),
        ("en;q=0.5, fr-FR", "FR"),
        ("en", "en"),
        ("zh-Hant-TW;q=0.8", "TW"),
        ("*", ""),
        ("en-US;q=0, de", "de"),
        ("x" * 10_000, ""),
        ("de;q=nan, fr;q=1e9", ""),
        ("de-\u0130\u0131", ""),
    ],
)
def test_a_region_is_what_the_browser_prefers(said: str, region: str) -> None:
    assert region_of(said) == region
