"""What is wished for more of, as it is listed and taken back."""

from __future__ import annotations

from datetime import timedelta

from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id, new_id
from openforyou.events.controls.types import WISHES_MAX
from tests.web.conftest import Browser, World


def test_wishes_are_listed_newest_first_by_the_clips_they_name(
    browser: Browser, world: World, clock: ManualClock
) -> None:
    client, other = browser(), browser()
    for one in (client, other):
        one.get("/v1/feed")
    maker = world.creator()
    first, second = (encode_id(world.item(maker, title)) for title in ("First", "Second"))
    told = client.put(f"/v1/wishes/{first}").json()
    assert told == {
        "item_id": first,
        "title": "First",
        "poster_url": f"/media/items/{first}/poster.jpg",
        "since": told["since"],
    }
    clock.advance(timedelta(seconds=1))
    client.put(f"/v1/wishes/{second}")
    listed = client.get("/v1/wishes").json()
    assert ([one["title"] for one in listed["wishes"]], listed["most"]) == (["Second", "First"], WISHES_MAX)
    clock.advance(timedelta(seconds=1))
    client.put(f"/v1/wishes/{first}")
    assert [one["title"] for one in client.get("/v1/wishes").json()["wishes"]] == ["First", "Second"], "anew"
    assert other.get("/v1/wishes").json()["wishes"] == []
    for _ in range(2):
        assert client.delete(f"/v1/wishes/{first}").status_code == 204
    assert [one["title"] for one in client.get("/v1/wishes").json()["wishes"]] == ["Second"]


def test_a_clip_that_is_not_there_cannot_be_wished_for_and_one_that_went_has_no_title(
    client: TestClient, world: World
) -> None:
    client.get("/v1/feed")
    maker = world.creator()
    item = world.item(maker, "Here today")
    client.put(f"/v1/wishes/{encode_id(item)}")
    world.platform.catalog.withdraw(item, maker.id)
    (gone,) = client.get("/v1/wishes").json()["wishes"]
    assert (gone["item_id"], gone["title"], gone["poster_url"]) == (encode_id(item), "", "")
    assert client.delete(f"/v1/wishes/{encode_id(item)}").status_code == 204
    for asked in (item, new_id()):
        assert client.put(f"/v1/wishes/{encode_id(asked)}").status_code == 404
    assert client.put("/v1/wishes/this").json()["field"] == "item_id"
    assert client.get("/v1/wishes").json()["wishes"] == []
