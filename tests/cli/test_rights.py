"""`openforyou rights`: what it prints, what it puts on record, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.rights.errors import NotAtSize
from openforyou.catalog.types import Right
from openforyou.cli.rights import app
from openforyou.core.errors import BadInput
from openforyou.core.ids import ViewerId, encode_id
from tests.catalog.test_service import published

Run = Callable[..., Result]


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        told = [*arguments, "--data", str(platform.settings.data)]
        return CliRunner().invoke(app, told, catch_exceptions=False)

    return invoke


def test_what_held_at_a_checkpoint_and_what_was_written_by_hand(platform: Platform, run: Run) -> None:
    item = published(platform, platform.catalog.add_creator("ada", "Ada"))
    platform.log.step()
    viewer = f"viewer:{encode_id(9)}"
    platform.catalog.set_viewer_rights(ViewerId(9), {Right.LEARN}, "settings")
    platform.log.step()
    assert run("refuse", encode_id(item), "learn", "--evidence", "a court says so").exit_code == 0
    platform.log.step()
    told = json.loads(run("@ada", "--json").stdout)
    assert told["log_size"] == 5
    assert told["subjects"][0]["holds"] == ["recommend", "show"]
    assert told["subjects"][0]["events"][-1]["evidence"] == "a court says so"
    then = json.loads(run(encode_id(item), "--at", "4", "--json").stdout)
    assert then["subjects"][0]["holds"] == ["learn", "recommend", "show"]
    assert json.loads(run("show", viewer, "--json").stdout)["subjects"][0]["holds"] == ["learn"]
    assert "recommend, show holds" in run(encode_id(item)).stdout
    assert "All agree." in run("check").stdout
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE right_events SET evidence = 'bought' WHERE act = 'refuse'"))
    checked = run("check", "--json")
    assert checked.exit_code == 1
    assert [one["kind"] for one in json.loads(checked.stdout)["problems"]] == ["forged", "projection"]
    assert run(encode_id(item)).exit_code == 1


def test_what_cannot_be_meant_is_refused_with_what_to_do(platform: Platform, run: Run) -> None:
    item = encode_id(published(platform, platform.catalog.add_creator("ada", "Ada")))
    platform.log.step()
    for arguments, refusal in (
        ((item, "--at", "2"), NotAtSize),
        ((item, "--moment", "yesterday"), BadInput),
        (("grant", item, "own", "--evidence", "x"), BadInput),
        (("grant", item, "learn", "--evidence", " "), BadInput),
        (("grant", item, "show", "--evidence", "x", "--until", "2001-01-01T00:00:00Z"), BadInput),
        (("nothing",), BadInput),
    ):
        with pytest.raises(refusal) as refused:
            run(*arguments)
        assert refused.value.hint
