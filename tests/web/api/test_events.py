"""Events over HTTP: each is taken in once or refused by name, and none holds up another."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openforyou.core.clock import ManualClock
from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.ids import decode_id
from openforyou.events.log import store as log_store
from openforyou.events.types import BATCH_EVENTS_MAX, EventType
from openforyou.web.api.events import EventIn, EventsOut
from openforyou.web.rates import Rates
from tests.web.conftest import Browser, World, event


@pytest.fixture
def card(client: TestClient, world: World, clock: ManualClock) -> dict[str, Any]:
    """An item as it was served three seconds ago: long enough to have been watched."""
    world.item(world.creator())
    card: dict[str, Any] = client.get("/v1/feed").json()["items"][0]
    clock.advance(timedelta(seconds=3))
    return card


def send(client: TestClient, *events: object) -> tuple[int, dict[str, Any]]:
    answer = client.post("/v1/events", json={"events": list(events)})
    told = answer.json()
    EventsOut.model_validate(told, strict=False)
    return answer.status_code, told


def test_every_type_is_taken_in(client: TestClient, card: dict[str, Any], clock: ManualClock, world: World) -> None:
    batch = [
        event(
            kind.value,
            card,
            clock.now() + timedelta(milliseconds=place),
            **({"watch_ms": 900} if kind == "watch" else {}),
        )
        for place, kind in enumerate(EventType)
    ]
    for entry in batch:
        EventIn.model_validate_json(orjson.dumps(entry), strict=True)
    status, told = send(client, *batch)
    assert status == 200
    assert (told["accepted"], told["repeated"], told["refused"]) == (len(batch), 0, 0)
    assert [result["id"] for result in told["results"]] == [entry["id"] for entry in batch]
    world.platform.log.step()
    counts = world.platform.events.counts([decode_id(card["id"])])[decode_id(card["id"])]
    assert (counts.views, counts.watch_ms, counts.completions, counts.reports) == (1, 900, 1, 1)


def test_a_like_is_known_to_the_next_request_and_sent_again_counts_nothing(
    client: TestClient, card: dict[str, Any], clock: ManualClock, world: World
) -> None:
    like = event("like", card, clock.now())
    assert send(client, like, like)[1] | {"results": None} == {
        "results": None,
        "accepted": 1,
        "repeated": 1,
        "refused": 0,
    }
    assert client.get(f"/v1/items/{card['id']}").json()["items"][0]["liked"]
    size = world.platform.log.step()
    shown = client.get(f"/v1/items/{card['id']}").json()["items"][0]
    assert (shown["counts"]["likes"], shown["counts"]["log_size"]) == (1, size)
    assert send(client, like)[1]["repeated"] == 1
    world.platform.log.step()
    assert client.get(f"/v1/items/{card['id']}").json()["items"][0]["counts"]["likes"] == 1


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no id": ({"id": None}, "id"),
    "an id that is no uuid": ({"id": "1234"}, "id"),
    "an id in another spelling": ({"id": "{12345678-1234-1234-1234-123456789abc}"}, "id"),
    "an id that is a number": ({"id": 7}, "id"),
    "no type": ({"type": None}, "type"),
    "an unknown type": ({"type": "stare"}, "type"),
    "served, which only the server says": ({"type": "served"}, "type"),
    "no context": ({"feed_context": None}, "feed_context"),
    "a made-up context": ({"feed_context": "AAAA"}, "feed_context"),
    "a context that is no base 64": ({"feed_context": "ü" * 20}, "feed_context"),
    "a context of megabytes": ({"feed_context": "A" * 5_000}, "feed_context"),
    "no time": ({"occurred_at": None}, "occurred_at"),
    "a time that is none": ({"occurred_at": "yesterday"}, "occurred_at"),
    "a time without a zone": ({"occurred_at": "2026-05-01T12:00:00"}, "occurred_at"),
    "a time in the future": ({"occurred_at": "2026-05-01T12:05:00Z"}, "occurred_at"),
    "a time long ago": ({"occurred_at": "2026-04-01T12:00:00Z"}, "occurred_at"),
    "the year zero": ({"occurred_at": "0000-01-01T00:00:00Z"}, "occurred_at"),
    "the last year with the first offset": ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
    "the first year with the last offset": ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
    "watched for a negative time": ({"type": "watch", "watch_ms": -1}, "watch_ms"),
    "watched for a year": ({"type": "watch", "watch_ms": 31_536_000_000}, "watch_ms"),
    "watched for true": ({"type": "watch", "watch_ms": True}, "watch_ms"),
    "watched for a fraction": ({"type": "watch", "watch_ms": 1.5}, "watch_ms"),
    "watched for more than 64 bits": ({"type": "watch", "watch_ms": 10**30}, "watch_ms"),
    "a like that was watched": ({"watch_ms": 100}, "watch_ms"),
    "a detail that is no text": ({"type": "report", "detail": {}}, "detail"),
    "a detail with a null byte": ({"type": "report", "detail": "a\x00b"}, "detail"),
    "a detail of a novel": ({"type": "report", "detail": "a" * 2_000}, "detail"),
}


def test_bad_events_are_refused_by_their_fields_and_the_rest_goes_on(
    client: TestClient, card: dict[str, Any], clock: ManualClock
) -> None:
    good = [event(kind, card, clock.now()) for kind in ("view", "skip")]
    bad = [
        {key: value for key, value in {**event("like", card, clock.now()), **change}.items() if value is not None}
        for change, _ in BAD.values()
    ]
    body = _json({"events": [good[0], *bad, good[1]]})
    answer = client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 207, answer.text
    first, *refused, last = answer.json()["results"]
    assert first == {"id": good[0]["id"], "outcome": "accepted"}
    assert last == {"id": good[1]["id"], "outcome": "accepted"}
    for (name, (_, field)), told in zip(BAD.items(), refused, strict=True):
        assert told["outcome"] == "refused", name
        assert told["field"] == field, name
        assert told["error"], name
        assert told["hint"], name
        assert told["code"] in {"bad_input", "bad_context", "bad_time"}, name


def _json(entry: dict[str, Any]) -> bytes:
    """JSON with numbers of any size."""
    return json.dumps(entry).encode()


def test_what_is_no_event_is_refused(client: TestClient, card: dict[str, Any]) -> None:
    status, told = send(client, None, 7, "like", [], [[]], True)
    assert status == 422
    assert told["refused"] == 6
    assert {result["id"] for result in told["results"]} == {None}


NO_BATCH = {
    b"": 400,
    b"{": 400,
    b"\xff\xfe": 400,
    b'{"events": "\\ud800"}': 400,
    b"[" * 3_000: 400,
    b"null": 422,
    b"[]": 422,
    b'"events"': 422,
    b"{}": 422,
    b'{"events": {}}': 422,
    b'{"events": null}': 422,
}


def test_a_body_that_is_no_batch_says_so(client: TestClient, card: dict[str, Any]) -> None:
    for body, status in NO_BATCH.items():
        answer = client.post("/v1/events", content=body)
        assert answer.status_code == status, body[:20]
        assert answer.json()["hint"]


def test_an_empty_batch_is_fine_and_one_too_many_is_not(
    client: TestClient, card: dict[str, Any], clock: ManualClock
) -> None:
    assert send(client) == (200, {"results": [], "accepted": 0, "repeated": 0, "refused": 0})
    many = [event("watch", card, clock.now(), watch_ms=1) for _ in range(BATCH_EVENTS_MAX + 1)]
    answer = client.post("/v1/events", json={"events": many})
    assert (answer.status_code, answer.json()["field"]) == (413, "events")
    assert send(client, *many[1:])[1]["accepted"] == BATCH_EVENTS_MAX


def test_an_event_needs_a_viewer(app: Any, card: dict[str, Any], clock: ManualClock, browser: Browser) -> None:
    answer = browser().post("/v1/events", json={"events": [event("like", card, clock.now())]})
    assert (answer.status_code, answer.json()["code"]) == (401, "no_viewer")


def test_a_context_is_good_for_its_viewer_alone(
    browser: Browser, card: dict[str, Any], clock: ManualClock, world: World
) -> None:
    other = browser()
    other.get("/v1/feed")
    status, told = send(other, event("like", card, clock.now()))
    assert status == 422
    assert told["results"][0]["code"] == "bad_context"
    assert told["results"][0]["field"] == "feed_context"
    item = decode_id(card["id"])
    assert world.platform.events.counts([item])[item].likes == 0


def test_a_context_cannot_be_altered(client: TestClient, card: dict[str, Any], clock: ManualClock) -> None:
    raw = from_base64url(card["feed_context"])
    forged = [to_base64url(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]) for place in range(len(raw))]
    batch = [event("like", {"feed_context": token}, clock.now()) for token in forged]
    status, told = send(client, *batch)
    assert status == 422
    assert {result["code"] for result in told["results"]} == {"bad_context"}


def test_a_context_expires(client: TestClient, card: dict[str, Any], clock: ManualClock) -> None:
    clock.advance(timedelta(hours=25))
    status, told = send(client, event("like", card, clock.now()))
    assert (status, told["results"][0]["code"]) == (422, "bad_context")


def test_a_report_keeps_its_words(client: TestClient, card: dict[str, Any], clock: ManualClock, world: World) -> None:
    words = "It's not theirs; \N{CLAPPER BOARD} ' OR 1=1 --\nsee /@maker"
    assert send(client, event("report", card, clock.now(), detail=words))[0] == 200
    with world.platform.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT detail FROM events").scalar() == words


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("id", "type", "feed_context", "occurred_at", "watch_ms", "detail")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3), junk=JSON, raw=st.binary(max_size=60))
def test_whatever_comes_is_answered(
    app: FastAPI,
    client: TestClient,
    card: dict[str, Any],
    clock: ManualClock,
    change: dict[str, Any],
    junk: Any,
    raw: bytes,
) -> None:
    """Any JSON, anywhere in a batch, is accepted or refused by name, and the sound event beside it goes through."""
    app.state.rates = Rates(factor=100)
    good = event("watch", card, clock.now(), watch_ms=1)
    entries = [{**event("like", card, clock.now()), **change}, junk, good]
    body = _json({"events": entries})
    answer = client.post("/v1/events", content=body)
    if b"\\ud" in body and answer.status_code == 400:
        return  # half a surrogate pair is no JSON
    assert answer.status_code in (200, 207), answer.text
    told = EventsOut.model_validate_json(answer.content)
    assert told.results[2].outcome == "accepted"
    for result in told.results:
        assert (result.outcome == "refused") == (result.code is not None)
    assert client.post("/v1/events", content=raw).status_code in (400, 422)


def test_a_batch_says_what_region_it_comes_from(browser: Browser, world: World, clock: ManualClock) -> None:
    client = browser(**{"Accept-Language": "de-CH,de;q=0.9"})
    world.item(world.creator())
    card = client.get("/v1/feed").json()["items"][0]
    send(client, event("like", card, clock.now()))
    with world.platform.database.connect() as connection:
        assert connection.exec_driver_sql("SELECT region FROM events").scalar() == "CH"


def test_ids_are_the_clients_own(client: TestClient, card: dict[str, Any], clock: ManualClock) -> None:
    upper = str(uuid4()).upper()
    assert send(client, event("view", card, clock.now(), id=upper))[1]["accepted"] == 1
    assert send(client, event("view", card, clock.now(), id=upper.lower()))[1]["repeated"] == 1


def test_what_is_refused_is_counted_in_the_open(
    client: TestClient, card: dict[str, Any], clock: ManualClock, world: World
) -> None:
    send(client, event("like", {"feed_context": "AAAA"}, clock.now()), event("like", card, clock.now(), id="x"))
    send(client, event("like", card, clock.now()))  # behind it in the queue
    with world.platform.database.begin() as connection:
        told = log_store.take_refusals(connection, older_than_s=0)
    assert told is not None
    assert told[2] == {"bad_context": 1, "bad_input": 1}


def test_what_was_just_served_cannot_have_been_watched(
    client: TestClient, card: dict[str, Any], clock: ManualClock
) -> None:
    fresh = client.get(f"/v1/items/{card['id']}").json()["items"][0]
    told = send(client, event("view", fresh, clock.now()))[1]["results"][0]
    assert (told["code"], told["field"]) == ("bad_time", "type")
    early = clock.now() - timedelta(minutes=10)
    told = send(client, event("like", fresh, early))[1]["results"][0]
    assert (told["code"], told["field"]) == ("bad_time", "occurred_at")
    clock.advance(timedelta(seconds=2))
    assert send(client, event("view", fresh, clock.now()))[1]["accepted"] == 1


def test_the_same_said_again_counts_nothing_under_any_id(
    client: TestClient, card: dict[str, Any], clock: ManualClock, world: World
) -> None:
    for kind in ("impression", "view", "complete", "skip", "share", "like", "not_interested", "report", "follow"):
        assert send(client, event(kind, card, clock.now()))[1]["accepted"] == 1, kind
        assert send(client, event(kind, card, clock.now()))[1]["repeated"] == 1, kind
    watched = [event("watch", card, clock.now(), watch_ms=2_000) for _ in range(5)]
    assert send(client, *watched)[1]["accepted"] == 5
    world.platform.log.step()
    counts = world.platform.events.counts([decode_id(card["id"])])[decode_id(card["id"])]
    assert (counts.impressions, counts.views, counts.likes, counts.shares, counts.reports) == (1, 1, 1, 1, 1)
    assert counts.watch_ms == 3_000, "no more than has passed since it was served"
    clock.advance(timedelta(days=1))
    again = client.get(f"/v1/items/{card['id']}").json()["items"][0]
    clock.advance(timedelta(seconds=3))
    assert send(client, event("view", again, clock.now()))[1]["accepted"] == 1, "another day"
    assert send(client, event("like", again, clock.now()))[1]["repeated"] == 1
