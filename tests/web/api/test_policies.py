"""Published rules as anybody reads them, and what a creator is told about their own items."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from openforyou.catalog.types import Creator
from openforyou.core.ids import ItemId, decode_id, encode_id
from openforyou.moderation.types import Policy, Proposal, Scope, ScopeKind
from tests.web.conftest import World, event, sign_up

REASON = "So that the tests have something to read."
CROSS_POSTS = Scope(ScopeKind.CROSS_POSTS)


def publish(world: World, kind: str = "cap", scope: Scope = CROSS_POSTS, **said: Any) -> Policy:
    """A rule that stands in the log, and that the feed follows."""
    told = {"name": "A rule", "limit": 5 if kind == "cap" else None, **said}
    policy = world.platform.policies.publish(Proposal(kind, reason=REASON, scope=scope, **told))
    world.platform.log.step()
    world.platform.feed.refresh()
    return policy


@pytest.fixture
def own(client: TestClient, world: World) -> tuple[Creator, ItemId]:
    """The item of whoever is signed in."""
    sign_up(client)
    assert client.post("/v1/creators", json={"handle": "ada", "name": "Ada"}).status_code == 201
    creator = world.platform.catalog.creator("ada")
    return creator, world.item(creator)


def test_anybody_reads_the_rules_in_force_and_past_without_a_cookie(client: TestClient, world: World) -> None:
    item = world.item(world.creator())
    cap = publish(world, scope=Scope(ScopeKind.ITEM, item), name="Five views")
    over = publish(world, "demote", factor=0.5)
    world.platform.policies.end(over.id, "It was only for a while.")
    world.platform.log.step()
    answer = client.get("/v1/policies")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    first, second = answer.json()["policies"]
    assert first == {
        "id": encode_id(cap.id),
        "kind": "cap",
        "name": "Five views",
        "reason": REASON,
        "scope": {"kind": "item", "id": encode_id(item)},
        "limit": 5,
        "factor": None,
        "since": "2026-05-01T12:00:00Z",
        "until": None,
        "does": "recommended in the For You feed until 5 views, and then no more",
        "standing": "in_force",
        "log_index": first["log_index"],
        "end": None,
    }
    assert (second["standing"], second["end"]["reason"]) == ("ended", "It was only for a while.")
    assert first["log_index"] < second["log_index"] < second["end"]["log_index"]


def test_what_is_not_published_says_so_and_what_was_written_by_hand_is_no_rule(
    client: TestClient, world: World
) -> None:
    publish(world)
    with world.platform.database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO policies (id, kind, name, reason, scope_kind, since, factor, seq) "
                "VALUES (7, 'demote', 'In silence', 'Nobody has to know.', 'cross_posts', now(), 0.1, 0)"
            )
        )
    world.platform.policies.publish(Proposal("cap", "On its way", REASON, CROSS_POSTS, limit=1))
    told = [(rule["name"], rule["standing"]) for rule in client.get("/v1/policies").json()["policies"]]
    assert told == [("A rule", "in_force"), ("On its way", "waiting")]


def test_a_long_list_comes_in_pages(client: TestClient, world: World) -> None:
    for number in range(5):
        publish(world, name=f"Rule {number}")
    names: list[str] = []
    after = ""
    for _ in range(3):
        page = client.get("/v1/policies", params={"after": after, "limit": 2}).json()
        names += [rule["name"] for rule in page["policies"]]
        after = page["next"]
    assert after == ""
    assert names == [f"Rule {number}" for number in range(5)]
    assert client.get("/v1/policies", params={"after": encode_id(5)}).status_code == 404
    assert client.get("/v1/policies", params={"limit": 0}).status_code == 422


def test_a_creator_is_told_what_limits_their_item_and_in_how_many_slates(
    client: TestClient, world: World, own: tuple[Creator, ItemId]
) -> None:
    _, item = own
    (before,) = client.get("/v1/uploads").json()["items"]
    assert (before["rules"], before["cross_post"]) == ([], False)
    cap = publish(world, scope=Scope(ScopeKind.ITEM, item), limit=0, name="Not in the feed")
    for _ in range(2):
        assert client.get("/v1/feed").json()["items"] == []
    other = world.item(world.creator())
    publish(world, "boost", Scope(ScopeKind.ITEM, other), factor=2.0)
    (card,) = client.get("/v1/feed").json()["items"]
    assert decode_id(card["id"]) == other
    told = event("impression", card, world.platform.clock.now())
    assert client.post("/v1/events", json={"events": [told]}).status_code == 200  # written after the slates before it
    answer = client.get("/v1/uploads").json()
    (only,) = answer["items"]
    (felt,) = only["rules"]
    assert felt["policy"]["id"] == encode_id(cap.id)
    assert (felt["is_about"], felt["views"]) == (True, 0)
    assert felt["slates"] == {"removed": 3, "displaced": 0, "demoted": 0, "lifted": 0}
    assert answer["rules_days"] == 7


def test_why_this_names_the_published_rule(client: TestClient, world: World) -> None:
    maker = world.creator()
    items = [world.item(maker, f"Clip {number}") for number in range(3)]
    boost = publish(world, "boost", Scope(ScopeKind.ITEM, items[0]), factor=5.0, name="Launch week")
    slate = client.get("/v1/feed").json()
    card = next(card for card in slate["items"] if decode_id(card["id"]) == items[0])
    told = event("impression", card, world.platform.clock.now())
    assert client.post("/v1/events", json={"events": [told]}).status_code == 200
    why = client.get("/v1/why", params={"request_id": slate["request_id"], "item_id": card["id"]}).json()
    (rule,) = why["policies"]
    assert (rule["id"], rule["name"]) == (encode_id(boost.id), "Launch week")
    assert "5 times its value" in rule["text"]


def test_a_clip_may_be_marked_as_posted_elsewhere_before(client: TestClient, own: tuple[Creator, ItemId]) -> None:
    for said, status in (("true", 201), ("false", 201), ("yes", 422)):
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": "10",
            "Upload-Metadata": f"filename YS5tcDQ=,cross_post {b64encode(said.encode()).decode()}",
        }
        answer = client.post("/v1/uploads", headers=headers)
        assert answer.status_code == status, answer.text
    assert answer.json()["field"] == "cross_post"
