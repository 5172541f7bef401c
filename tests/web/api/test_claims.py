"""Claims over HTTP: both sides read the same, strangers nothing."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import decode_id, encode_id, new_id
from openforyou.moderation.claims.rules import ANSWER_DAYS
from openforyou.moderation.claims.types import ClaimId, Ruling
from tests.web.conftest import Browser, World, sign_up

WHY = "I filmed this in my own kitchen and have the raw file."


def creator(browser: Browser, handle: str) -> TestClient:
    """A browser that is signed in as a creator."""
    client = browser()
    sign_up(client, f"{handle}@example.org")
    assert client.post("/v1/creators", json={"handle": handle, "name": handle}).status_code == 201
    return client


def test_a_claim_goes_its_way_between_two_creators(browser: Browser, world: World, clock: ManualClock) -> None:
    ada, bo, carl = (creator(browser, handle) for handle in ("ada", "bo", "carl"))
    item = encode_id(world.item(world.platform.catalog.creator("bo"), "Waves"))
    answer = ada.post("/v1/claims", json={"kind": "theft", "item_id": item, "statement": WHY})
    assert answer.status_code == 201
    card = answer.json()
    assert (card["side"], card["claimant"], card["respondent"]) == ("claimant", "ada", "bo")
    assert card["item_title"] == "Waves"
    assert card["may_rescind"]
    again = ada.post("/v1/claims", json={"kind": "theft", "item_id": item, "statement": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "claim_stands")
    (theirs,) = bo.get("/v1/claims").json()["claims"]
    assert (theirs["side"], theirs["steps"]) == ("respondent", card["steps"])
    assert carl.get("/v1/claims").json() == {"claims": []}
    path = f"/v1/claims/{card['id']}"
    assert carl.post(f"{path}/answer", json={"statement": WHY}).status_code == 404
    assert bo.post(f"{path}/answer", json={"statement": "No."}).json()["field"] == "statement"
    assert bo.post(f"{path}/answer", json={"statement": WHY}).status_code == 200
    claim_id = ClaimId(decode_id(card["id"]))
    world.platform.claims.decide(claim_id, Ruling.UPHELD, "Both files were looked at.", "anna")
    assert bo.get(f"/v1/items/{item}").status_code == 404
    assert ada.post(f"{path}/rescind").status_code == 409
    assert ada.post(f"{path}/appeal", json={"statement": WHY}).status_code == 409
    clock.advance(timedelta(days=1))
    appealed = bo.post(f"{path}/appeal", json={"statement": WHY}).json()
    assert appealed["state"] == "appealed"
    assert [step["act"] for step in appealed["steps"]] == ["opened", "answered", "upheld", "appealed"]
    assert "anna" not in bo.get("/v1/claims").text


def test_what_cannot_be_claimed_says_why(browser: Browser, world: World, clock: ManualClock) -> None:
    ada = creator(browser, "ada")
    own = encode_id(world.item(world.platform.catalog.creator("ada"), "Mine"))
    said = {"statement": WHY}
    for wanted, status in (
        ({"kind": "theft", "item_id": own}, 422),
        ({"kind": "theft", "item_id": encode_id(new_id())}, 404),
        ({"kind": "theft"}, 422),
        ({"kind": "copy", "item_id": own}, 422),
        ({"kind": "impersonation"}, 422),
        ({"kind": "impersonation", "handle": "nobody"}, 404),
        ({"kind": "impersonation", "handle": "@ada"}, 422),
        ({"kind": "envy"}, 422),
    ):
        answer = ada.post("/v1/claims", json=wanted | said)
        assert answer.status_code == status, wanted
        assert answer.json()["error"]
    assert ada.post("/v1/claims/abc/answer", json=said).json()["field"] == "claim_id"
    nobody = browser()
    nobody.get("/v1/feed")
    assert nobody.get("/v1/claims").status_code == 401
    clock.advance(timedelta(days=ANSWER_DAYS))
    assert ada.get("/v1/claims").json() == {"claims": []}
