"""`openforyou queue`: what waits, what was given up, and what an operator does about it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.queue import store
from openforyou.catalog.types import Draft
from openforyou.cli.queue import app
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import ItemId, encode_id, new_id


def test_an_operator_finds_what_failed_and_tries_or_drops_it(
    platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        told = CliRunner().invoke(app, [*arguments, "--data", str(platform.settings.data)], catch_exceptions=False)
        assert told.exit_code == 0
        return told.output

    assert "0 queued, 0 processing, 0 failed" in run("list")
    creator = platform.catalog.add_creator("maker", "Maker")
    items = [ItemId(new_id()) for _ in range(3)]
    for number, item_id in enumerate(items):
        draft = Draft("A clip", "", frozenset(), f"clip{number}.mp4", uuid4().hex)
        platform.catalog.queue(item_id, creator.id, draft, "", "for a test")
    with platform.database.begin() as connection:
        for item_id in items[:2]:
            store.give_up(connection, item_id, "OSError: No space left", "It could not be made ready.")
    assert "clip2.mp4" in run("list")
    told = json.loads(run("list", "--failed", "--json"))
    assert told["sizes"] == {"queued": 1, "processing": 0, "failed": 2}
    assert {entry["failure"] for entry in told["entries"]} == {"OSError: No space left"}
    assert "@maker" in run("list", "--failed")
    with pytest.raises(BadInput):
        run("retry")
    with pytest.raises(NotFound):
        run("drop", encode_id(items[2]))
    run("retry", encode_id(items[0]))
    assert {entry.item_id for entry in platform.queue.failed()} == {items[1]}
    assert "1 dropped" in run("drop", "--all")
    assert platform.queue.failed() == []
