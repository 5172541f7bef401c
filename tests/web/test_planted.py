"""Somebody with values that stand nowhere else lives here; then all that is written or told is searched for them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from openforyou.app.platform import Platform
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ViewerId, decode_id, encode_id
from openforyou.web.session import VIEWER_COOKIE
from tests.accounts.authenticator import Authenticator
from tests.dump import everything
from tests.web.conftest import ORIGIN, PASSWORD, Browser, World, event

EMAIL, CHILD, PHONE = "zanzibar.quill@wyvern.example", "tadpole.quill@wyvern.example", "Vermilion Ocarina"
PERSONAL_VALUES = (EMAIL, CHILD, PHONE, "zanzibar", "tadpole", "wyvern.example")


class Lived:
    """Two people, a guardian and a minor, who use the platform over HTTP; and all that it answered to others."""

    def __init__(self, browser: Browser, world: World, clock: ManualClock) -> None:
        self.world, self._clock = world, clock
        self.adult, self.child, self.other = browser(), browser(), browser()
        self.answers: list[str] = []

    def live(self) -> None:
        self.world.item(self.world.creator())
        self.viewer = self._arrives(self.adult)
        key = Authenticator()
        options = self.adult.post("/v1/passkeys/sign-up/options", json={"email": EMAIL}).json()["publicKey"]
        told = {"credential": key.create(options, ORIGIN), "name": PHONE}
        assert self.adult.post("/v1/passkeys/sign-up", json=told).status_code == 201
        account = {"email": CHILD, "password": PASSWORD, "minor": True}
        assert self.child.post("/v1/accounts", json=account).status_code == 201
        code = self.child.post("/v1/guardian/invitations").json()["code"]
        assert self.adult.post("/v1/guardian/wards", json={"code": code}).json()["name"] == CHILD
        assert self.child.post("/v1/guardian/invitations").status_code == 201
        self.adult.post("/v1/passkeys/sign-up/options", json={"email": EMAIL})
        for page in ("/settings", "/guardian", "/rights"):
            assert self.adult.get(page).status_code == 200
        self._goes_wrong()

    def _arrives(self, client: TestClient) -> ViewerId:
        card = client.get("/v1/feed").json()["items"][0]
        self._clock.advance(timedelta(seconds=1))
        client.post("/v1/events", json={"events": [event("like", card, self._clock.now())]})
        return ViewerId(decode_id(client.cookies[VIEWER_COOKIE].partition(".")[0]))

    def _goes_wrong(self) -> None:
        """Everything that is refused or breaks with an e-mail in it, as anybody can cause it."""
        wrong = [
            ("/v1/accounts", {"email": EMAIL, "password": PASSWORD}),
            ("/v1/accounts", {"email": EMAIL, "password": "short"}),
            ("/v1/accounts", {"email": f"{EMAIL}@{EMAIL}", "password": PASSWORD}),
            ("/v1/accounts", {"email": [EMAIL], "password": PASSWORD}),
            ("/v1/sessions", {"email": EMAIL, "password": "wrong horse battery"}),
            ("/v1/passkeys/sign-up/options", {"email": f"{EMAIL}@"}),
            ("/v1/passkeys/sign-up", {"credential": {"id": EMAIL}, "name": PHONE}),
            ("/v1/guardian/wards", {"code": EMAIL}),
        ]
        for path, body in wrong:
            answer = self.other.post(path, json=body)
            assert answer.status_code >= 400, path
            self.answers.append(answer.text)
        with self.world.platform.database.begin() as connection:
            connection.execute(text("ALTER TABLE accounts RENAME COLUMN password_hash TO broken"))
        for path, body in (wrong[0], wrong[4]):
            answer = self.other.post(path, json=body, headers={"Accept": "text/html"})
            assert answer.status_code == 500, answer.text
            self.answers.append(answer.text)
        with self.world.platform.database.begin() as connection:
            connection.execute(text("ALTER TABLE accounts RENAME COLUMN broken TO password_hash"))


def test_what_was_said_of_a_person_stands_nowhere(
    browser: Browser,
    world: World,
    clock: ManualClock,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    lived = Lived(browser, world, clock)
    lived.live()
    world.platform.log.step()
    said = caplog.text + "".join(capfd.readouterr())
    assert len(said) > 100, "something was logged"
    places = {"what was answered": "\n".join(lived.answers), "what was logged": said}
    places |= {f"table {table}": rows for table, rows in everything(world.platform.database).items()}
    assert [(place, value) for place, told in places.items() for value in PERSONAL_VALUES if value in told] == []
    _no_row_joins(world.platform, lived.viewer)
    searched = 0
    for path in files(world.platform, tmp_path):
        content = path.read_bytes()
        searched += len(content)
        assert [value for value in PERSONAL_VALUES if value.encode() in content] == [], path
    assert searched > 1_000_000


def _no_row_joins(platform: Platform, viewer: ViewerId) -> None:
    """No row names both an account and the pseudonym that its owner watches under."""
    with platform.database.connect() as connection:
        accounts = [str(one) for one in connection.scalars(text("SELECT id FROM accounts"))]
    assert len(accounts) == 2
    pseudonym = (str(viewer), encode_id(viewer))
    dumped = everything(platform.database)
    seen = "\n".join(dumped.values())
    assert pseudonym[0] in seen, "they did something under it"
    joined = [
        (table, row)
        for table, rows in dumped.items()
        for row in rows.split("\n")
        if any(one in row for one in accounts) and any(one in row for one in pseudonym)
    ]
    assert joined == []


def files(platform: Platform, folder: Path) -> Iterator[Path]:
    """All that lies on the disk: the platform's folder, and the database's own with its write-ahead log."""
    with platform.database.glance() as connection:
        connection.execute(text("CHECKPOINT"))
        postgres = Path(str(connection.scalar(text("SHOW data_directory"))))
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    if not os.access(postgres, os.R_OK | os.X_OK):
        pytest.skip("another user's server: its files cannot be read")
    for root in (folder, postgres / "base" / str(number), postgres / "pg_wal"):
        yield from (path for path in root.rglob("*") if path.is_file() and path.stat().st_size < 64 << 20)
