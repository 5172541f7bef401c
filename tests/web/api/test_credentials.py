"""Content Credentials over HTTP: a mark on each item, the whole on request, and why a right cannot be given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from openforyou.app.credentials import keeping
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Right
from openforyou.core.ids import encode_id
from tests.ingest.credentials.signers import Authority, mining
from tests.ingest.films import Film
from tests.web.conftest import World, sign_up

AUTHORITY = Authority("Known Authority")


@pytest.fixture
def maker(client: TestClient, world: World) -> Creator:
    """The creator that `client` is signed in as."""
    sign_up(client)
    client.post("/v1/creators", json={"handle": "ada", "name": "Ada"})
    return world.platform.catalog.creator("ada")


def published(world: World, maker: Creator, folder: Path, *assertions: dict[str, Any], **how: Any) -> str:
    """A signed clip, taken in with every right ticked."""
    (folder / "trust.pem").write_text(AUTHORITY.pem)
    settings = world.platform.settings.model_copy(update={"c2pa_trust": str(folder / "trust.pem")})
    world.platform.ingest.credentials = keeping(settings, world.platform.clock)
    film = Film(size=(96, 160), seconds=0.6).make(folder / "film.mp4")
    signed = AUTHORITY.signer("Ada's Camera").sign(film, folder / "signed.mp4", *assertions, **how)
    item_id = world.platform.ingest.take_in(
        signed, maker.id, title="Waves", rights=frozenset(ITEM_RIGHTS), evidence="ticked"
    )
    world.platform.ingest.process_next(item_id)
    world.platform.feed.refresh()
    return encode_id(item_id)


def test_an_item_says_where_it_comes_from(client: TestClient, world: World, maker: Creator, tmp_path: Path) -> None:
    item = published(world, maker, tmp_path, source_type="trainedAlgorithmicMedia")
    mark = {"state": "trusted", "signed_by": "Ada's Camera", "ai_made": True}
    text = "Signed by Ada's Camera, unchanged since."
    for path in (f"/v1/items/{item}", "/v1/feed"):
        (card,) = client.get(path).json()["items"]
        assert card["credentials"] == {**mark, "text": text}
    told = client.get(f"/v1/items/{item}/credentials").json()
    assert {name: told[name] for name in ("state", "signer", "issuer", "generator", "ai_made", "kept", "text")} == {
        "state": "trusted",
        "signer": "Ada's Camera",
        "issuer": "Known Authority",
        "generator": "Test Camera 1.2",
        "ai_made": True,
        "kept": True,
        "text": text,
    }
    assert [one["source_type"] for one in told["actions"]] == ["trainedAlgorithmicMedia"]
    assert (told["mining"], told["learning_refused"]) == ([], [])
    assert told["read_at"]


def test_a_creator_is_told_why_the_right_to_learn_cannot_be_given(
    client: TestClient, world: World, maker: Creator, tmp_path: Path
) -> None:
    item = published(world, maker, tmp_path, mining(ai_training="notAllowed"))
    assert client.get(f"/v1/items/{item}/rights").json() == {"show": True, "recommend": True, "learn": False}
    answer = client.put(f"/v1/items/{item}/rights", json={"show": True, "recommend": True, "learn": True})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (403, "learning_refused", "learn")
    assert "whoever said so" in answer.json()["hint"]
    (own,) = client.get("/v1/uploads").json()["items"]
    (refusal,) = own["learning_refused"]
    assert (refusal["kind"], refusal["label"], refusal["state"]) == ("c2pa", "cawg.training-mining", "trusted")
    assert "notAllowed" in refusal["said"]
    assert client.get(f"/v1/items/{item}/credentials").json()["learning_refused"] == [refusal]


def test_an_item_without_any_says_so_and_a_hidden_one_says_nothing(
    client: TestClient, world: World, maker: Creator
) -> None:
    plain, hidden = world.item(maker, "Plain"), world.item(maker, "Hidden", frozenset({Right.LEARN}))
    told = client.get(f"/v1/items/{encode_id(plain)}/credentials").json()
    assert (told["state"], told["text"], told["kept"]) == ("none", "", False)
    assert client.get(f"/v1/items/{encode_id(hidden)}/credentials").status_code == 404
