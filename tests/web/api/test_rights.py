"""Rights and guardians over HTTP: separate questions, proofs that hold, and a no that costs nothing."""

from __future__ import annotations

import hashlib
import hmac

from fastapi.testclient import TestClient

from openforyou.app.platform import Platform
from openforyou.core.ids import ItemId, decode_id, encode_id
from tests.catalog.test_service import published
from tests.web.conftest import Browser

NOTHING = {"show": False, "recommend": False, "learn": False}


def signed_up(client: TestClient, name: str, *, handle: str = "", minor: bool = False) -> TestClient:
    client.get("/v1/feed")
    told = {"email": f"{name}@example.org", "password": "a long enough one", "minor": minor}
    assert client.post("/v1/accounts", json=told).json()["is_minor"] is minor
    if handle:
        assert client.post("/v1/creators", json={"handle": handle}).status_code == 201
    return client


def clip_of(platform: Platform, handle: str) -> str:
    return encode_id(published(platform, platform.catalog.creator(handle)))


def test_one_answer_for_all_clips_and_each_word_with_a_proof_that_holds(client: TestClient, quick: Platform) -> None:
    signed_up(client, "ada", handle="ada")
    first, second = clip_of(quick, "ada"), clip_of(quick, "ada")
    told = client.put("/v1/rights/items", json={"right": "learn", "allow": False})
    assert told.json() == {"allowed": 0, "refused": 0}
    held = {"show": True, "recommend": True, "learn": False}
    assert [client.get(f"/v1/items/{one}/rights").json() for one in (first, second)] == [held, held]
    quick.log.step()
    told = client.put("/v1/rights/items", json={"right": "learn", "allow": True}).json()
    assert told == {"allowed": 2, "refused": 0}
    newest, *older = client.get(f"/v1/items/{first}/rights/history").json()
    assert (newest["act"], newest["leaf"], newest["has_effect"]) == ("grant", None, True)
    assert (older[0]["act"], older[0]["right"]) == ("withdraw", "learn")
    assert all(one["leaf"] is not None for one in older)
    for one in (newest, *older):
        mark = hmac.new(bytes.fromhex(one["secret"]), one["said"].encode(), hashlib.sha256).hexdigest()
        assert mark == one["commitment"]
    for bad in ({"right": "audio", "allow": True}, {"right": "learn"}, {"right": "learn", "allow": "perhaps"}):
        assert client.put("/v1/rights/items", json=bad).status_code == 422


def test_a_no_is_put_on_record_as_a_yes_is_and_answers_one_question_alone(client: TestClient, quick: Platform) -> None:
    signed_up(client, "ada", handle="ada")
    clip = clip_of(quick, "ada")
    for _ in range(2):
        assert client.put("/v1/rights", json={"learn": False}).json() == {"learn": False}
        answer = client.put(f"/v1/items/{clip}/rights", json={"learn": False})
        assert answer.json() == {"show": True, "recommend": True, "learn": False}
    (word,) = client.get("/v1/rights/history").json()
    assert (word["act"], word["by"]) == ("refuse", "viewer"), "said twice, recorded once"
    said = [one["act"] for one in client.get(f"/v1/items/{clip}/rights/history").json() if one["right"] == "learn"]
    assert said == ["withdraw", "grant"], "nor is one taken back twice"
    assert client.put(f"/v1/items/{clip}/rights", json={"learn": True}).json()["learn"], "and can be changed"


def test_the_words_are_their_owner_s_alone(browser: Browser, quick: Platform) -> None:
    signed_up(browser(), "ada", handle="ada")
    eve = signed_up(browser(), "eve", handle="eve")
    clip = clip_of(quick, "ada")
    assert eve.get(f"/v1/items/{clip}/rights/history").status_code == 404
    assert eve.get("/v1/rights/history").json() == []
    assert browser().get("/v1/rights/history").status_code == 401


def test_a_refusal_costs_no_other_function(client: TestClient, quick: Platform) -> None:
    signed_up(client, "ada", handle="ada")
    clip = clip_of(quick, "ada")

    def can() -> list[int]:
        feed = client.get("/v1/feed")
        event = {"items": []} if feed.status_code != 200 else feed.json()
        return [
            feed.status_code,
            len(event["items"]),
            client.get("/v1/uploads").status_code,
            client.get("/v1/feed/following").status_code,
            client.put("/v1/mutes/word/rain").status_code,
            client.put(f"/v1/wishes/{clip}").status_code,
            client.get("/v1/account").status_code,
            client.get(f"/v1/items/{clip}/rights").status_code,
        ]

    client.put("/v1/rights", json={"learn": True})
    quick.feed.refresh()
    before = can()
    client.put("/v1/rights", json={"learn": False})
    assert client.put("/v1/rights/items", json={"right": "learn", "allow": False}).status_code == 200
    quick.feed.refresh()
    assert can() == before
    assert before[0] == 200


def test_a_minor_and_their_guardian(browser: Browser, quick: Platform) -> None:
    child = signed_up(browser(), "child", handle="kid", minor=True)
    parent, stranger = signed_up(browser(), "parent"), signed_up(browser(), "stranger")
    clip = clip_of(quick, "kid")
    assert child.get(f"/v1/items/{clip}/rights").json() == NOTHING
    for path in (f"/v1/items/{clip}/rights", "/v1/rights"):
        body = {**NOTHING, "show": True} if "items" in path else {"learn": True}
        assert child.put(path, json=body).json()["code"] == "right_refused"
    told = child.put("/v1/rights/items", json={"right": "recommend", "allow": True}).json()
    assert told == {"allowed": 0, "refused": 1}
    controls = child.get("/v1/controls").json()
    assert child.put("/v1/controls", json={**controls, "profiling": True}).json()["field"] == "profiling"
    assert parent.post("/v1/guardian/invitations").status_code == 403
    code = child.post("/v1/guardian/invitations").json()["code"]
    assert child.post("/v1/guardian/wards", json={"code": code}).status_code == 403
    ward = parent.post("/v1/guardian/wards", json={"code": code}).json()
    assert (ward["name"], ward["learn"], ward["profiling"]) == ("@kid", False, False)
    assert stranger.post("/v1/guardian/wards", json={"code": code}).json()["code"] == "bad_invitation"
    path = f"/v1/guardian/wards/{ward['id']}"
    assert stranger.put(path, json={"learn": True}).json()["code"] == "not_a_guardian"
    shown = {**NOTHING, "show": True}
    assert parent.put(f"{path}/items/{clip}", json=shown).json() == shown
    assert quick.catalog.item(ItemId(decode_id(clip))).title == "A title"
    assert parent.put(path, json={"learn": True}).json()["learn"] is True
    assert parent.get("/v1/guardian/wards").json()[0]["learn"] is True
    assert parent.post(f"{path}/of-age", json={}).status_code == 204
    assert child.get("/v1/account").status_code == 401, "what is sealed of them changed: they sign in again"
    child.post("/v1/sessions", json={"email": "child@example.org", "password": "a long enough one"})
    assert child.get(f"/v1/items/{clip}/rights").json() == NOTHING
    assert child.put(f"/v1/items/{clip}/rights", json=shown).json() == shown
    assert parent.get("/v1/guardian/wards").json() == []
    child.post("/v1/sessions", json={"email": "child@example.org", "password": "a long enough one"})
    assert child.get("/v1/account").json()["is_minor"] is False
