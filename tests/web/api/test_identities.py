"""Accounts elsewhere over HTTP: claimed, looked at, shown, withdrawn; and nobody else's hand in it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from openforyou.catalog.identities.providers import Provider
from openforyou.catalog.identities.service import Identities
from openforyou.drills.elsewhere import Elsewhere, html
from openforyou.drills.id_provider import CLIENT_ID, CLIENT_SECRET, HOST, IdProvider
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames
from tests.web.conftest import Browser, World, sign_up

ORIGIN = "http://localhost:8000"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path, ["social.example", HOST]) as opened:
        yield opened


@pytest.fixture
def provider(there: Elsewhere) -> IdProvider:
    return IdProvider(there)


@pytest.fixture
def ada(client: TestClient, world: World, there: Elsewhere, provider: IdProvider) -> TestClient:
    """Signed in, with a handle, on a platform that may ask the servers there."""
    platform = world.platform
    networks = (ip_network("127.0.0.0/8"),)
    platform.outside = Fetcher(DnsNames(there.name_server), networks, trust=there.authority.trust())
    club = Provider("club", CLIENT_ID, CLIENT_SECRET, title="Our club", issuer=provider.issuer)
    platform.identities = Identities(
        platform.database, platform.clock, platform.outside, origin=ORIGIN, providers={"club": club}
    )
    return creator(client, "ada")


def creator(client: TestClient, handle: str) -> TestClient:
    sign_up(client, f"{handle}@example.org")
    assert client.post("/v1/creators", json={"handle": handle}).status_code == 201
    return client


def bio(there: Elsewhere, text: str) -> None:
    there.pages["social.example", "/@ada"] = html(f'<meta name="description" content="{text}">')


def test_an_account_is_proven_step_by_step(ada: TestClient, browser: Browser, there: Elsewhere) -> None:
    bio(there, "I film.")
    who = f"ada@{there.at('social.example')}"
    begun = ada.post("/v1/identities", json={"platform": "mastodon", "who": f"@{who}", "method": "code"})
    assert begun.status_code == 201
    told = begun.json()
    code = told["steps"][0]["copy_text"]
    assert told["steps"][1]["link"] == f"https://{there.at('social.example')}/@ada"
    assert "secrets" not in begun.text
    refused = ada.post(f"/v1/identities/challenges/{told['id']}/check")
    assert (refused.status_code, refused.json()["code"]) == (422, "not_proven")
    assert "“I film.”" in refused.json()["error"]
    assert browser().get("/v1/creators/ada").status_code == 401
    assert ada.get("/v1/creators/ada").json()["identities"] == []
    bio(there, f"I film. {code}")
    proven = ada.post(f"/v1/identities/challenges/{told['id']}/check")
    assert (proven.status_code, proven.json()["who"]) == (200, who)
    (shown,) = ada.get("/v1/creators/ada").json()["identities"]
    assert (shown["title"], shown["method"], shown["how"]) == ("Mastodon", "code", "a code in your bio")
    assert "id" not in shown
    assert ada.get("/v1/identities").json()["challenges"] == []
    page = ada.get("/@ada").text
    assert f'href="https://{there.at("social.example")}/@ada" rel="me noopener"' in page
    assert ada.delete(f"/v1/identities/{proven.json()['id']}").status_code == 204
    assert ada.get("/v1/creators/ada").json()["identities"] == []


def test_nobody_else_has_a_hand_in_it(ada: TestClient, browser: Browser, there: Elsewhere) -> None:
    who = f"ada@{there.at('social.example')}"
    told = ada.post("/v1/identities", json={"platform": "mastodon", "who": who, "method": "code"}).json()
    bio(there, told["steps"][0]["copy_text"])
    eve = creator(browser(), "eve")
    path = f"/v1/identities/challenges/{told['id']}"
    assert eve.post(f"{path}/check").status_code == 404
    assert eve.delete(path).status_code == 404
    assert browser().post(f"{path}/check").status_code == 401
    proof = ada.post(f"{path}/check").json()
    assert eve.delete(f"/v1/identities/{proof['id']}").status_code == 404
    taken = eve.post("/v1/identities", json={"platform": "mastodon", "who": who})
    assert (taken.status_code, taken.json()["code"]) == (409, "identity_taken")
    assert "@ada" in taken.json()["error"]
    assert "dispute" in taken.json()["hint"]


@pytest.mark.parametrize(
    ("claim", "field"),
    [
        ({"platform": "myspace", "who": "ada"}, "platform"),
        ({"platform": "mastodon", "who": "ada"}, "who"),
        ({"platform": "mastodon", "who": "ada@social.example", "method": "oracle"}, "method"),
        ({"platform": "web", "who": "http://169.254.169.254/"}, "who"),
    ],
)
def test_what_cannot_be_claimed_is_said_beside_its_field(ada: TestClient, claim: dict[str, str], field: str) -> None:
    answer = ada.post("/v1/identities", json=claim)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["hint"]


def test_a_viewer_without_a_handle_is_told_to_choose_one(client: TestClient, world: World) -> None:
    sign_up(client)
    answer = client.get("/v1/identities")
    assert (answer.status_code, answer.json()["code"]) == (403, "no_handle")


def test_signing_in_elsewhere_comes_back_here(ada: TestClient, browser: Browser, world: World) -> None:
    told = ada.post("/v1/identities", json={"platform": "club"}).json()
    asked = urlsplit(told["steps"][0]["link"]).query
    back = urlsplit(world.platform.outside.get_alone(told["steps"][0]["link"]).headers["location"])
    assert "code_challenge" in asked
    eve = creator(browser(), "eve")
    stolen = eve.get(f"{back.path}?{back.query}")
    assert "There is no such challenge of yours." in stolen.text
    away = browser().get(f"{back.path}?{back.query}", follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/signin?next=/identities")
    refused = ada.get(f"{back.path}?error=access_denied&state=x")
    assert "You did not sign in there (access_denied)" in refused.text
    done = ada.get(f"{back.path}?{back.query}", follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/identities?proven=ada")
    assert [one["who"] for one in ada.get("/v1/creators/ada").json()["identities"]] == ["ada"]
    assert [one["who"] for one in ada.get("/v1/creators/eve").json()["identities"]] == []
