"""Who looked, over HTTP: each person reads what is about them, and nobody else does."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.privacy.access.types import Doing
from tests.privacy.access.staffing import Office
from tests.web.conftest import EMAIL, Browser, World, sign_up


def test_a_look_is_on_their_page_and_on_no_other(
    client: TestClient, browser: Browser, world: World, clock: ManualClock
) -> None:
    sign_up(client)
    account = world.platform.accounts.of_email(EMAIL)
    office, other = Office(world.platform), browser()
    other.get("/v1/feed")
    refused = office.ask("sue", account)
    office.do("gil", Doing.REFUSE, request=refused, words="This case was closed a week ago.")
    clock.advance(timedelta(minutes=5))
    asked = office.ask("sue", account)
    office.do("gil", Doing.GRANT, request=asked)
    office.do("sue", Doing.READ, request=asked)
    told = client.get("/v1/who-looked").json()
    assert [one["standing"] for one in told["looks"]] == ["granted", "refused"]
    assert (told["looks"][0]["fields"], len(told["looks"][0]["reads"])) == (["email"], 1)
    page = client.get("/who-looked").text
    assert "Help somebody back into their own account" in page
    assert "refused by a colleague" in page
    assert other.get("/v1/who-looked").json()["looks"] == []
    assert "Nobody looked" in other.get("/who-looked").text


def test_who_asks_to_be_protected_is(client: TestClient, world: World) -> None:
    assert client.put("/v1/who-looked/protection", json={"on": True}).status_code == 401
    sign_up(client)
    assert client.put("/v1/who-looked/protection", json={"on": True}).status_code == 204
    assert client.get("/v1/who-looked").json()["protected"] is True
    assert "You are protected" in client.get("/who-looked").text
    office = Office(world.platform)
    request = office.ask("sue", world.platform.accounts.of_email(EMAIL))
    assert office.do("gil", Doing.GRANT, request=request)["standing"] == "waiting", "one grant is not enough"
    client.put("/v1/who-looked/protection", json={"on": False})
    assert client.get("/v1/who-looked").json()["protected"] is False
