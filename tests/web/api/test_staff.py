"""Acts of staff over HTTP: what a key signed is done, and whoever has none learns nothing and holds nobody up."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from openforyou.core.encoding import to_base64url
from openforyou.core.ids import encode_id, new_id
from openforyou.privacy.access.types import Doing
from openforyou.web.api import staff
from tests.privacy.access.staffing import Office
from tests.web.conftest import EMAIL, World, sign_up


@pytest.fixture
def office(world: World) -> Office:
    return Office(world.platform)


def post(client: TestClient, text: str, signature: bytes) -> Response:
    return client.post("/v1/access/acts", json={"text": text, "signature": to_base64url(signature)})


def test_what_a_key_signed_is_done_and_no_cookie_is_needed(client: TestClient, office: Office, world: World) -> None:
    facts = client.get("/v1/access/facts")
    assert facts.headers["cache-control"] == "no-store"
    assert facts.json()["broker"].startswith("home/")
    assert "account_recovery" in [one["name"] for one in facts.json()["purposes"]]
    text, signature = office.signed("sue", Doing.LOOK)
    told = post(client, text, signature)
    assert told.headers["cache-control"] == "no-store"
    assert told.json()["me"]["name"] == "sue"
    again = post(client, text, signature)
    assert (again.status_code, again.json()["code"]) == (409, "replayed")
    assert not client.cookies


def test_a_refusal_says_why_and_what_to_do(client: TestClient, office: Office, world: World) -> None:
    sign_up(client)
    request = office.ask("sue", world.platform.accounts.of_email(EMAIL))
    refused = post(client, *office.signed("sue", Doing.GRANT, request=request))
    assert refused.status_code == 403
    assert refused.json() == {
        "code": "same_hand",
        "error": "This is your own request.",
        "hint": "Somebody else grants it.",
    }


def test_who_has_no_key_learns_nothing(client: TestClient, office: Office, world: World) -> None:
    sign_up(client)
    request = office.ask("sue", world.platform.accounts.of_email(EMAIL))
    told = []
    for named in (request, encode_id(new_id())):
        text, _ = office.signed("gil", Doing.READ, request=named)
        told.append(post(client, text, bytes(64)).json())
    assert told[0] == told[1], "not even whether there is such a request"
    assert told[0]["code"] == "bad_act"
    assert not office.leaves("access")


@pytest.mark.parametrize(
    "sent",
    [
        {"text": "{}", "signature": "short"},
        {"text": "{}", "signature": "+" * 86},
        {"text": "x" * 16_385, "signature": to_base64url(bytes(64))},
        {"text": "no act", "signature": to_base64url(bytes(64))},
        {"signature": to_base64url(bytes(64))},
    ],
)
def test_what_is_no_act_is_turned_away(client: TestClient, sent: dict[str, Any]) -> None:
    refused = client.post("/v1/access/acts", json=sent)
    assert refused.status_code == 422
    assert refused.json()["hint"]


def test_half_a_character_is_no_act(client: TestClient) -> None:
    body = f'{{"text": "\\ud800", "signature": "{to_base64url(bytes(64))}"}}'
    refused = client.post("/v1/access/acts", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422


def test_few_wait_for_the_broker_at_a_time(client: TestClient, office: Office) -> None:
    text, signature = office.signed("sue", Doing.LOOK)
    with ExitStack() as waiting:
        for _ in range(staff.AT_ONCE):
            waiting.enter_context(staff.PLACES)
        refused = post(client, text, signature)
        assert (refused.status_code, refused.json()["hint"]) == (503, "Nothing was done. Try again in a moment.")
    assert post(client, text, signature).status_code == 200


def test_the_pages_are_kept_nowhere_and_hold_nobodys_data(client: TestClient, office: Office, world: World) -> None:
    sign_up(client)
    request = office.ask("sue", world.platform.accounts.of_email(EMAIL))
    client.cookies.clear()
    for address in ("", "/ask", f"/requests/{request}", "/people", "/key"):
        page = client.get("/staff/access" + address)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store"), address
        assert "They wrote to support and cannot" not in page.text, "what was asked comes by a signed act alone"
    assert client.get("/staff/access/requests/none").status_code == 422
