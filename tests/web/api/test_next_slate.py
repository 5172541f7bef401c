"""Each control takes effect in the very next slate, as a client asks for it: over HTTP, without a wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id, new_id
from openforyou.events.store import SETTLED_S
from openforyou.ingest.encoders import CONTENT_DIM
from openforyou.recommend.params import Weights
from openforyou.recommend.types import SIZE_MAX
from tests.web.conftest import Browser, World, event

CHOICES = {"profiling": True, "autoplay": True, "break_minutes": 20, "region": ""}
CAUSED = {"more", "liked", "shared", "completed", "watched"}
"""Reasons that name clips of one's own past."""
LOOKS, CLIPS_A_LOOK = 6, 6
MOMENT = timedelta(seconds=10)
Cards = list[dict[str, Any]]


def slate(client: TestClient, size: int = SIZE_MAX) -> Cards:
    """The next one, whole: what was served a moment ago comes again, since there is nothing else to fill it."""
    answer = client.get(f"/v1/feed?size={size}")
    assert answer.status_code == 200, answer.text
    cards: Cards = answer.json()["items"]
    return cards


def titles(cards: Cards) -> set[str]:
    return {card["title"] for card in cards}


def choose(client: TestClient, **chosen: Any) -> None:
    answer = client.put("/v1/controls", json={**CHOICES, **chosen})
    assert answer.status_code == 200, answer.text


def does(client: TestClient, clock: ManualClock, cards: Iterable[dict[str, Any]], *kinds: str) -> None:
    """A moment with each of some clips, which ends with `kinds`."""
    batch = []
    for card in cards:
        clock.advance(MOMENT)
        batch += [event(kind, card, clock.now()) for kind in ("impression", *kinds)]
    answer = client.post("/v1/events", json={"events": batch})
    assert answer.status_code == 200, answer.text


def causes(cards: Cards) -> set[str]:
    return {reason["code"] for card in cards for reason in card["reasons"]} & CAUSED


def why(client: TestClient, request_id: str, item_id: str) -> Cards:
    """The reasons on record, which is written within moments."""
    for _ in range(50):
        answer = client.get("/v1/why", params={"request_id": request_id, "item_id": item_id})
        if answer.status_code == 200:
            break
    reasons: Cards = answer.json()["reasons"]
    return reasons


# What is muted


@pytest.fixture
def variety(client: TestClient, world: World) -> Cards:
    """Six clips by two creators that differ in sound, topics, words and language; as they were just served."""
    sound, ada, bob = new_id(), world.creator("ada"), world.creator("bob")
    world.item(ada, "Kittens", caption="Two of them. #cats", sound_id=sound, language="en")
    world.item(ada, "Cats at sea", caption="No tag here", language="nl")
    world.item(ada, "Storm", sound_id=sound)
    world.item(bob, "#CATS and dogs", language="pt")
    world.item(bob, "Harbour", caption="A ship leaves", sound_id=new_id(), language="nl")
    world.item(bob, "Plain", caption="Shipping news")
    cards = slate(client)
    assert len(cards) == 6
    return cards


@pytest.mark.parametrize(
    ("kind", "key", "left_out"),
    [
        ("creator", "@ada", {"Kittens", "Cats at sea", "Storm"}),
        ("creator", "id", {"Kittens", "Cats at sea", "Storm"}),
        ("sound", "id", {"Kittens", "Storm"}),
        ("topic", "cats", {"Kittens", "#CATS and dogs"}),
        ("topic", "%23Cats", {"Kittens", "#CATS and dogs"}),
        ("word", "cats", {"Kittens", "Cats at sea", "#CATS and dogs"}),
        ("word", "SHIP", {"Harbour"}),
        ("word", "ship leaves", {"Harbour"}),
    ],
)
def test_what_is_muted_is_gone_and_comes_back_when_it_is_taken_back(
    client: TestClient, variety: Cards, kind: str, key: str, left_out: set[str]
) -> None:
    if key == "id":
        kittens = next(card for card in variety if card["title"] == "Kittens")
        key = kittens["sound_id"] if kind == "sound" else kittens["creator"]["id"]
    assert client.put(f"/v1/mutes/{kind}/{key}").status_code == 200
    assert titles(slate(client)) == titles(variety) - left_out
    assert client.delete(f"/v1/mutes/{kind}/{key}").status_code == 204
    assert titles(slate(client)) == titles(variety)


def test_a_mute_is_one_viewers_alone_and_holds_without_profiling(browser: Browser, variety: Cards) -> None:
    muting, other = browser(), browser()
    slate(muting)
    muting.put("/v1/mutes/creator/@ada")
    choose(muting, profiling=False)
    assert {card["creator"]["handle"] for card in slate(muting)} == {"bob"}
    assert titles(slate(other)) == titles(variety)


def test_following_still_shows_a_muted_creator(client: TestClient, variety: Cards, clock: ManualClock) -> None:
    does(client, clock, [next(card for card in variety if card["creator"]["handle"] == "ada")], "follow")
    client.put("/v1/mutes/creator/@ada")
    assert {card["creator"]["handle"] for card in slate(client)} == {"bob"}
    followed = client.get("/v1/feed/following").json()["items"]
    assert titles(followed) == {"Kittens", "Cats at sea", "Storm"}


def test_another_language_is_left_out_and_what_declares_none_stays(client: TestClient, variety: Cards) -> None:
    choose(client, languages=["nl"])
    assert titles(slate(client)) == {"Cats at sea", "Harbour", "Storm", "Plain"}
    choose(client, languages=["en", "pt-BR"])
    assert titles(slate(client)) == {"Kittens", "#CATS and dogs", "Storm", "Plain"}
    choose(client, languages=[])
    assert titles(slate(client)) == titles(variety)


def test_what_one_is_not_interested_in_is_gone(client: TestClient, variety: Cards, clock: ManualClock) -> None:
    unwanted = variety[2]
    answer = client.post("/v1/events", json={"events": [event("not_interested", unwanted, clock.now())]})
    assert answer.status_code == 200
    assert titles(slate(client)) == titles(variety) - {unwanted["title"]}


# What is used


@pytest.fixture
def looks(client: TestClient, world: World) -> Cards:
    """Clips of several looks, each by a creator of its own; as they were just served."""
    rng = np.random.default_rng(7)
    for look in range(LOOKS):
        centre = rng.normal(size=CONTENT_DIM)
        for number in range(CLIPS_A_LOOK):
            maker = world.creator(f"maker{look}.{number}")
            world.publish(maker, f"Look {look}, {number}", content=near(centre, rng))
    world.platform.feed.refresh()
    cards = slate(client)
    assert len(cards) == LOOKS * CLIPS_A_LOOK
    assert not causes(cards)
    return cards


def near(centre: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """A unit vector about there."""
    raw = centre + 0.3 * rng.normal(size=CONTENT_DIM)
    return (raw / np.linalg.norm(raw)).astype(np.float32)


def of_look(cards: Cards, look: int) -> Cards:
    return [card for card in cards if card["title"].startswith(f"Look {look},")]


def test_more_like_this_brings_more_like_it_says_so_and_can_be_taken_back(browser: Browser, looks: Cards) -> None:
    client, wanted = browser(), of_look(looks, 3)[0]
    slate(client, 1)
    assert client.put(f"/v1/wishes/{wanted['id']}").status_code == 200
    answer = client.get("/v1/feed?size=12").json()
    assert len(of_look(answer["items"], 3)) >= 2 * 12 / LOOKS
    told = next(card for card in answer["items"] if "more" in causes([card]))
    (cause,) = (reason for reason in why(client, answer["request_id"], told["id"]) if reason["code"] == "more")
    assert cause["text"] == "You asked for more like this"
    assert [item["id"] for item in cause["items"]] == [wanted["id"]]
    assert client.delete(f"/v1/wishes/{wanted['id']}").status_code == 204
    assert not causes(slate(client))


def test_without_profiling_nothing_of_what_one_did_or_wished_counts(
    client: TestClient, looks: Cards, clock: ManualClock
) -> None:
    does(client, clock, of_look(looks, 1)[:3], "complete", "like")
    client.put(f"/v1/wishes/{of_look(looks, 2)[0]['id']}")
    assert {"liked", "more"} <= causes(slate(client))
    choose(client, profiling=False)
    assert not causes(slate(client))
    choose(client, profiling=True)
    assert {"liked", "more"} <= causes(slate(client))


def test_after_a_reset_nothing_from_before_it_counts_and_what_was_seen_stays_away(
    client: TestClient, looks: Cards, clock: ManualClock
) -> None:
    seen = of_look(looks, 1)[:3]
    does(client, clock, seen, "complete", "like")
    client.put(f"/v1/wishes/{of_look(looks, 2)[0]['id']}")
    assert {"liked", "more"} <= causes(slate(client))
    clock.advance(MOMENT)
    assert client.post("/v1/controls/reset").status_code == 200
    after = slate(client)
    assert not causes(after)
    assert not titles(seen) & titles(after)
    assert client.get("/v1/wishes").json()["wishes"] == [], "what the feed forgot is not shown as if it counted"
    does(client, clock, of_look(after, 4)[:3], "complete", "like")
    assert "liked" in causes(slate(client)), "it begins anew, and does not end"


def test_what_is_done_in_a_pause_counts_neither_then_nor_afterwards(
    client: TestClient, looks: Cards, clock: ManualClock
) -> None:
    does(client, clock, of_look(looks, 1)[:2], "complete", "like")
    before = causes(slate(client))
    clock.advance(MOMENT)
    choose(client, paused=True)
    seen = of_look(looks, 5)[:3]
    does(client, clock, seen, "complete", "like")
    during = slate(client)
    clock.advance(MOMENT)
    choose(client, paused=False)
    after = slate(client)
    for cards in (during, after):
        assert not titles(seen) & titles(cards), "what was seen stays away"
        assert causes(cards) == before == {"liked"}, "what was before the pause still counts"
        assert not causes(of_look(cards, 5))
    clock.advance(MOMENT)
    does(client, clock, of_look(after, 0)[:2], "complete", "like")
    assert causes(of_look(slate(client), 0)), "what comes after it counts again"


def test_a_pause_keeps_nothing_from_the_numbers(
    client: TestClient, looks: Cards, world: World, clock: ManualClock
) -> None:
    choose(client, paused=True)
    liked = looks[0]
    does(client, clock, [liked], "like")
    world.platform.log.step()
    assert client.get(f"/v1/items/{liked['id']}").json()["items"][0]["counts"]["likes"] == 1


def test_the_region_decides_what_is_popular(
    browser: Browser, world: World, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More clips trend in one region than are ever looked at, so what trends in another is found from there alone."""
    weights = Weights(trending_items=5, trend_viewers_min=1)
    monkeypatch.setattr(world.platform.feed, "_weights", weights)
    monkeypatch.setattr(world.platform.feed._live, "_weights", weights)
    maker = world.creator()
    for number in range(6):
        world.publish(maker, f"Clip {number}")
    alpine = encode_id(world.item(maker, "Alpine"))
    brazilian, swiss = browser(**{"Accept-Language": "pt-BR"}), browser(**{"Accept-Language": "de-CH"})
    for fan in (brazilian, swiss):
        mine = [card for card in slate(fan) if (card["id"] == alpine) == (fan is swiss)]
        does(fan, clock, mine, "complete", "like", "share")
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE events SET received_at = now() - interval '{SETTLED_S}.01 seconds'")
    world.platform.feed.refresh()
    client = browser(**{"Accept-Language": "pt-BR"})

    def says_popular() -> bool:
        (card,) = (card for card in slate(client) if card["id"] == alpine)
        return "trending" in {reason["code"] for reason in card["reasons"]}

    assert not says_popular()
    choose(client, region="CH")
    assert says_popular()
