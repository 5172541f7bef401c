"""The public log over HTTP: as it lies, and nothing beside it; the numbers, all of them; a receipt for one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId, decode_id
from openforyou.events.types import Event, EventType
from openforyou.ledger.policy import Policy
from openforyou.ledger.proof import Proof
from tests.web.conftest import Browser, World, event


@pytest.fixture
def card(client: TestClient, world: World, clock: ManualClock) -> dict[str, Any]:
    world.item(world.creator())
    card: dict[str, Any] = client.get("/v1/feed").json()["items"][0]
    clock.advance(timedelta(seconds=3))
    return card


def like_by_many(world: World, card: dict[str, Any], viewers: int) -> None:
    at = world.platform.clock.now()
    item, creator = ItemId(decode_id(card["id"])), CreatorId(decode_id(card["creator"]["id"]))
    world.platform.events.accept(
        [Event(uuid4(), EventType.LIKE, ViewerId(n), item, creator, RequestId(1), at) for n in range(1, viewers + 1)]
    )


def test_the_log_is_served_as_it_lies(client: TestClient, world: World, card: dict[str, Any]) -> None:
    like_by_many(world, card, 300)
    size = world.platform.log.step()
    folder = world.platform.settings.log_folder
    files = [path.relative_to(folder) for path in (folder / "tile").rglob("*") if path.is_file()]
    assert files
    for path in ("checkpoint", "vkey", *map(str, files)):
        answer = client.get(f"/log/{path}")
        assert answer.status_code == 200, path
        assert answer.content == (folder / path).read_bytes()
        assert answer.headers["Access-Control-Allow-Origin"] == "*", "mirrors and pages elsewhere may check it"
    assert client.get("/log/checkpoint").headers["Cache-Control"] == "no-cache"
    assert "immutable" in client.get(f"/log/{files[0]}").headers["Cache-Control"]
    assert client.get("/log/checkpoint").text.split("\n")[1] == str(size)


@pytest.mark.parametrize(
    "path",
    ["", "tile/0/001", "../log.key", "..%2flog.key", "tile/../../log.key", ".lock", "checkpoint/", "tile/64/000", "x"],
)
def test_nothing_else_is_served(client: TestClient, world: World, path: str) -> None:
    world.platform.log.step()
    answer = client.get(f"/log/{path}")
    assert answer.status_code in (404, 405), answer.text
    assert "PRIVATE" not in answer.text


def test_every_number_can_be_had(client: TestClient, world: World, card: dict[str, Any], clock: ManualClock) -> None:
    for number in range(3):
        world.item(world.creator(f"maker{number}"))
    for _ in range(2):
        client.get("/v1/feed")
    client.post("/v1/events", json={"events": [event("follow", card, clock.now()), event("like", card, clock.now())]})
    size = world.platform.log.step()
    shown: list[dict[str, Any]] = []
    after = ""
    while True:
        page = client.get("/v1/counts", params={"after": after, "limit": 2}).json()
        assert page["log_size"] == size
        shown += page["items"]
        after = page["next"]
        if not after:
            break
    ids = [decode_id(entry["id"]) for entry in shown]
    assert ids == sorted(set(ids))
    mine = next(entry for entry in shown if entry["id"] == card["id"])
    assert (mine["likes"], mine["views"]) == (1, 0)
    assert mine["served"] >= 1
    assert client.get("/v1/counts/creators").json() == {
        "log_size": size,
        "creators": [{"id": card["creator"]["id"], "followers": 1}],
        "next": "",
    }
    assert client.get("/v1/counts", params={"after": "nonsense"}).json()["field"] == "after"
    assert client.get("/v1/counts", params={"limit": 0}).status_code == 422


def test_a_receipt_is_ones_own_and_good_elsewhere(
    browser: Browser, client: TestClient, world: World, card: dict[str, Any], clock: ManualClock
) -> None:
    like = event("like", card, clock.now())
    client.post("/v1/events", json={"events": [like]})
    early = client.get(f"/v1/events/{like['id']}/receipt")
    assert (early.status_code, early.json()["code"]) == (503, "not_yet_published")
    assert early.headers["Retry-After"]
    world.platform.log.step()
    answer = client.get(f"/v1/events/{like['id']}/receipt")
    assert answer.status_code == 200
    leaf = bytes.fromhex(answer.headers["OpenForYou-Leaf"])
    policy = Policy.single(client.get("/log/vkey").text.strip())
    assert Proof.parse(answer.content).verify(leaf, policy).checkpoint.size == world.platform.log.step()
    other = browser()
    other.get("/v1/feed")
    assert other.get(f"/v1/events/{like['id']}/receipt").json()["code"] == "no_receipt"
    assert client.get(f"/v1/events/{uuid4()}/receipt").status_code == 404
