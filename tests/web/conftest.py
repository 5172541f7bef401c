"""The application on a real platform, browsers that talk to it, and items that can be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict, Unpack
from uuid import uuid4

import numpy as np
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.app.platform import Platform
from openforyou.catalog import store
from openforyou.catalog.queue import store as queue
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Draft, Publication, Rendition, Right
from openforyou.core.ids import ItemId, encode_id, new_id
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.web.application import create_app

ORIGIN = "http://localhost:8000"
EMAIL, PASSWORD = "ada@example.org", "correct horse"
FILES = ("720p.mp4", "360p.mp4", "poster.jpg", "preview.mp4")
ALL_RIGHTS = frozenset(ITEM_RIGHTS)
Browser = Callable[..., TestClient]


@pytest.fixture
def quick(platform: Platform) -> Platform:
    """The platform, with a password hash that is weak and quick."""
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    platform.accounts = Accounts(platform.database, platform.clock, platform.keeper, passwords)
    return platform


@pytest.fixture
def app(quick: Platform) -> FastAPI:
    return create_app(quick)


@pytest.fixture
def browser(app: FastAPI) -> Iterator[Browser]:
    """Makes browsers: each has its own cookies and says, as browsers do, that it asks from our own page."""
    with ExitStack() as stack:

        def open_browser(origin: str = ORIGIN, **headers: str) -> TestClient:
            return stack.enter_context(
                TestClient(
                    app,
                    base_url=origin,
                    headers={"Sec-Fetch-Site": "same-origin", **headers},
                    raise_server_exceptions=False,
                )
            )

        yield open_browser


@pytest.fixture
def client(browser: Browser) -> TestClient:
    return browser()


class Said(TypedDict, total=False):
    """What a test says of an item, where it matters. `content` (D,) is a unit vector."""

    caption: str
    language: str
    sound_id: int
    content: NDArray[np.float32]


@dataclass(frozen=True)
class World:
    """A platform with something to see."""

    platform: Platform
    folder: Path

    def creator(self, handle: str = "maker") -> Creator:
        return self.platform.catalog.add_creator(handle, handle.title())

    def item(
        self, creator: Creator, title: str = "A clip", rights: frozenset[Right] = ALL_RIGHTS, **said: Unpack[Said]
    ) -> ItemId:
        """A published item, which feeds know of."""
        item_id = self.publish(creator, title, rights, **said)
        self.platform.feed.refresh()
        return item_id

    def publish(
        self, creator: Creator, title: str, rights: frozenset[Right] = ALL_RIGHTS, **said: Unpack[Said]
    ) -> ItemId:
        """A published item whose files hold plain bytes that tell them apart. Feeds know of it once they refresh."""
        item_id = ItemId(new_id())
        files = {
            name: f"items/{encode_id(item_id)}/{name}" for name in ("720p.mp4", "360p.mp4", "poster.jpg", "preview.mp4")
        }
        for name, key in files.items():
            self.file(key, f"{name} ".encode() * 1_000)
        caption, language = said.get("caption", ""), said.get("language", "")
        draft = Draft(title, caption, rights, f"{title}.mp4", uuid4().hex, language=language)
        self.platform.catalog.queue(item_id, creator.id, draft, "", "for a test")
        publication = Publication(
            duration_ms=3_000,
            width=720,
            height=1_280,
            has_sound=True,
            poster_key=files["poster.jpg"],
            preview_key=files["preview.mp4"],
            renditions=(
                Rendition("720p", files["720p.mp4"], 720, 1_280, 9_000),
                Rendition("360p", files["360p.mp4"], 360, 640, 9_000),
            ),
            features={
                CONTENT_ENCODER: said.get("content", np.eye(CONTENT_DIM, dtype=np.float32)[item_id % CONTENT_DIM])
            },
            sound_id=said.get("sound_id"),
        )
        with self.platform.database.begin() as connection:
            assert queue.take_waiting(connection, 3, item_id) is not None
            assert store.publish(connection, item_id, publication, self.platform.clock.now())
            queue.release(connection, item_id)
        return item_id

    def file(self, key: str, content: bytes) -> None:
        source = self.folder / uuid4().hex
        source.write_bytes(content)
        self.platform.blobs.put(key, source)


@pytest.fixture
def world(quick: Platform, tmp_path: Path) -> World:
    return World(quick, tmp_path)


def event(kind: str, card: dict[str, Any], at: datetime, **more: Any) -> dict[str, Any]:
    """An event about an item as it was served."""
    told = {"id": str(uuid4()), "type": kind, "feed_context": card["feed_context"], "occurred_at": at.isoformat()}
    return {**told, **more}


def sign_up(client: TestClient, email: str = EMAIL) -> dict[str, Any]:
    """Sign up and stay signed in."""
    answer = client.post("/v1/accounts", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told
