"""While whoever keeps the keys is away: who is here goes on, who comes to the door is told to come back."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.app.minors import Minors
from openforyou.app.platform import Platform
from openforyou.web.application import create_app
from tests.accounts.keeping import MemoryKeeper
from tests.web.conftest import EMAIL, ORIGIN, PASSWORD, sign_up


@pytest.fixture
def keeper(platform: Platform) -> MemoryKeeper:
    keeper = MemoryKeeper()
    quick = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    platform.accounts = Accounts(platform.database, platform.clock, keeper, quick)
    platform.minors = Minors(platform.database, platform.clock, platform.accounts, platform.catalog.rights)
    return keeper


def browser(platform: Platform) -> TestClient:
    """On a process of its own, as it were: what one process remembers the next does not."""
    same = {"Sec-Fetch-Site": "same-origin"}
    return TestClient(create_app(platform), base_url=ORIGIN, headers=same, raise_server_exceptions=False)


def test_who_is_here_goes_on_and_the_door_says_come_back(platform: Platform, keeper: MemoryKeeper) -> None:
    member, visitor, newcomer = browser(platform), browser(platform), browser(platform)
    sign_up(member)
    visitor.get("/v1/feed")
    keeper.is_away = True
    for path in ("/v1/account", "/v1/feed", "/settings", "/v1/controls"):
        assert member.get(path).status_code == 200, path
    assert visitor.get("/v1/controls").status_code == 200
    assert newcomer.get("/v1/feed").status_code == 200
    assert newcomer.get("/v1/controls").status_code == 200
    for path, body in (
        ("/v1/sessions", {"email": EMAIL, "password": PASSWORD}),
        ("/v1/accounts", {"email": "eve@example.org", "password": PASSWORD}),
    ):
        refused = newcomer.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (503, "broker_unavailable")
        assert "minute" in refused.json()["hint"]
        assert "Retry-After" in refused.headers
    unseen = browser(platform)
    unseen.cookies = visitor.cookies
    assert unseen.get("/v1/controls").status_code == 503, "whether an account claimed it cannot be known"
    assert member.delete("/v1/sessions/current").status_code == 204
    keeper.is_away = False
    assert unseen.get("/v1/controls").status_code == 200
    assert newcomer.post("/v1/accounts", json={"email": "eve@example.org", "password": PASSWORD}).status_code == 201
