"""What is muted, as it is listed, asked for, refused and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from openforyou.core.clock import ManualClock
from openforyou.core.ids import encode_id, new_id
from openforyou.events.controls.types import MUTES_MAX, WORD_LENGTH_MAX
from openforyou.web.application import create_app
from openforyou.web.rates import Rates
from tests.web.conftest import ORIGIN, Browser, World


def test_the_list_names_what_is_muted_newest_first(client: TestClient, world: World, clock: ManualClock) -> None:
    client.get("/v1/feed")
    ada, sound = world.creator("ada"), new_id()
    world.item(ada, "A song of the sea", sound_id=sound)
    clock.advance(timedelta(seconds=1))
    world.item(ada, "The same song again", sound_id=sound)
    assert client.get("/v1/mutes").json() == {"mutes": [], "most": MUTES_MAX}
    wanted = [
        ("creator", "@Ada", encode_id(ada.id), "@ada"),
        ("sound", encode_id(sound), encode_id(sound), "A song of the sea"),
        ("topic", "%23Cats", "cats", "#cats"),
        ("word", "New%20York!", "new york", "new york"),
        ("word", "either%2For", "either or", "either or"),
    ]
    for kind, asked, key, name in wanted:
        clock.advance(timedelta(seconds=1))
        told = client.put(f"/v1/mutes/{kind}/{asked}").json()
        assert (told["kind"], told["key"], told["name"]) == (kind, key, name)
        assert told["since"].startswith(clock.now().date().isoformat())
    listed = client.get("/v1/mutes").json()["mutes"]
    assert [(one["kind"], one["key"], one["name"]) for one in listed] == [(k, key, n) for k, _, key, n in wanted[::-1]]
    client.put("/v1/mutes/topic/CATS")
    assert client.get("/v1/mutes").json()["mutes"] == listed, "once is enough"
    for one in listed:
        assert client.delete(f"/v1/mutes/{one['kind']}/{one['key']}").status_code == 204
    assert client.get("/v1/mutes").json()["mutes"] == []
    assert client.delete("/v1/mutes/topic/cats").status_code == 204, "what is not there can be taken back"


def test_an_id_is_never_taken_for_a_handle(client: TestClient, world: World) -> None:
    client.get("/v1/feed")
    meant = world.creator("meant")
    handle = encode_id(meant.id).lower()
    reads_like_it = world.creator(handle)
    assert client.put(f"/v1/mutes/creator/{encode_id(meant.id)}").json()["name"] == "@meant"
    assert client.put(f"/v1/mutes/creator/@{handle}").json()["key"] == encode_id(reads_like_it.id)


def test_what_is_gone_keeps_no_name_and_can_still_be_taken_back(client: TestClient, world: World) -> None:
    client.get("/v1/feed")
    maker, sound = world.creator(), new_id()
    item = world.item(maker, "The only one", sound_id=sound)
    client.put(f"/v1/mutes/sound/{encode_id(sound)}")
    world.platform.catalog.withdraw(item, maker.id)
    (one,) = client.get("/v1/mutes").json()["mutes"]
    assert one["name"] == ""
    assert client.delete(f"/v1/mutes/sound/{encode_id(sound)}").status_code == 204
    assert client.get("/v1/mutes").json()["mutes"] == []


@pytest.mark.parametrize(
    ("address", "status", "field"),
    [
        ("planet/mars", 422, "kind"),
        ("creator/@nobody", 404, "key"),
        ("creator/11111111112", 404, "key"),
        ("sound/11111111112", 404, "key"),
        ("sound/humming", 422, "key"),
        ("topic/two%20words", 422, "key"),
        ("topic/%23", 422, "key"),
        ("word/%20.%20", 422, "key"),
        ("word/", 422, "key"),
        ("word/" + "x" * (WORD_LENGTH_MAX + 1), 413, "key"),
        ("word/one%20two%20three%20four%20five%20six", 422, "key"),
    ],
)
def test_what_cannot_be_muted_is_refused_with_a_hint(client: TestClient, address: str, status: int, field: str) -> None:
    client.get("/v1/feed")
    answer = client.put(f"/v1/mutes/{address}")
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["hint"]
    assert client.get("/v1/mutes").json()["mutes"] == []


def test_a_full_list_says_so(client: TestClient, world: World) -> None:
    client.get("/v1/feed")
    client.put("/v1/mutes/word/first")
    with world.platform.database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO muted SELECT viewer_id, kind, 'w' || n, codes, since FROM muted, generate_series(2, %s) AS n",
            (MUTES_MAX,),
        )
    answer = client.put("/v1/mutes/word/onemore")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_mutes")
    assert client.put("/v1/mutes/word/first").status_code == 200, "it is there already"
    client.delete("/v1/mutes/word/first")
    assert client.put("/v1/mutes/word/onemore").status_code == 200


@pytest.mark.parametrize("address", ["/v1/mutes/word/x", "/v1/wishes/11111111112", "/v1/mutes", "/v1/wishes"])
def test_a_stranger_and_another_sites_page_may_not(browser: Browser, address: str) -> None:
    method = "GET" if address in ("/v1/mutes", "/v1/wishes") else "PUT"
    assert browser().request(method, address).json()["code"] == "no_viewer"
    tricked = browser(**{"Sec-Fetch-Site": "cross-site"})
    tricked.get("/v1/feed")
    if method == "PUT":
        for asked in ("PUT", "DELETE"):
            assert tricked.request(asked, address).json()["code"] == "foreign_origin"


def test_muting_and_wishing_are_changes_and_have_their_limit(world: World) -> None:
    item = encode_id(world.item(world.creator()))
    client = TestClient(create_app(world.platform, rates=Rates()), ORIGIN, headers={"Sec-Fetch-Site": "same-origin"})
    client.get("/v1/feed")
    asked = [("PUT", "/v1/mutes/word/x"), ("DELETE", "/v1/mutes/word/x"), ("PUT", f"/v1/wishes/{item}")]
    asked = [*asked, ("DELETE", f"/v1/wishes/{item}")] * 30
    assert {client.request(*one).status_code for one in asked} == {200, 204}
    for one in asked[:4]:
        answer = client.request(*one)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
