"""`openforyou policy`: what it prints, what it publishes, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.types import Draft
from openforyou.cli.policy import app
from openforyou.core.errors import BadInput, NotFound, OpenForYouError
from openforyou.core.ids import ItemId, decode_id, encode_id, new_id

Run = Callable[..., Result]
REASON = "So that the tests have something to read."


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on the database and the log of `platform`."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> Result:
        told = [*arguments, "--data", str(platform.settings.data)]
        return CliRunner().invoke(app, told, catch_exceptions=False)

    return invoke


@pytest.fixture
def item(platform: Platform) -> str:
    """The public id of an item by @maker."""
    creator = platform.catalog.add_creator("maker", "Maker")
    item_id = ItemId(new_id())
    platform.catalog.queue(item_id, creator.id, Draft("A clip", "", frozenset(), "a.mp4", uuid4().hex), "", "a test")
    return encode_id(item_id)


def listed(run: Run) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run("list", "--json").stdout)
    return told


def test_a_rule_is_published_listed_and_ended(run: Run, platform: Platform, item: str) -> None:
    done = run("publish", "cap", "--item", item, "--limit", "1000", "--name", "A thousand", "--reason", REASON)
    assert done.exit_code == 0
    public_id = done.stdout.split()[0]
    (waiting,) = listed(run)
    assert (waiting["standing"], waiting["log_index"]) == ("waiting", None)
    platform.log.step()
    (rule,) = listed(run)
    assert rule == {
        "id": public_id,
        "kind": "cap",
        "name": "A thousand",
        "reason": REASON,
        "scope": {"kind": "item", "id": item},
        "limit": 1_000,
        "factor": None,
        "since": rule["since"],
        "until": None,
        "standing": "in_force",
        "log_index": 0,
        "end": None,
        "effects_7_days": {},
    }
    assert run("end", public_id, "--reason", "The week is over.").exit_code == 0
    platform.log.step()
    (over,) = listed(run)
    assert over["standing"] == "ended"
    assert over["end"] == {"reason": "The week is over.", "at": over["end"]["at"], "log_index": 1}


def test_every_kind_and_scope_can_be_told(run: Run, item: str) -> None:
    said = ["--name", "A rule", "--reason", REASON]
    later = ["--since", "2199-01-31T12:00:00Z", "--until", "2199-02-28T12:00:00+01:00"]
    assert run("publish", "boost", "--creator", "@maker", "--factor", "2", *said, *later).exit_code == 0
    assert run("publish", "demote", "--cross-posts", "--factor", "0.5", *said).exit_code == 0
    assert run("publish", "cross_post_limit", "--cross-posts", "--limit", "3", *said).exit_code == 0
    told = json.loads(run("publish", "freeze", "--item", item, *said, "--json").stdout)
    assert told["standing"] == "waiting"
    rules = {rule["kind"]: rule for rule in listed(run)}
    assert rules.keys() == {"boost", "demote", "cross_post_limit", "freeze"}
    assert rules["boost"]["since"] == "2199-01-31T12:00:00+00:00"
    assert rules["boost"]["until"] == "2199-02-28T11:00:00+00:00"
    assert rules["boost"]["scope"]["kind"] == "creator"
    assert rules["demote"]["scope"] == {"kind": "cross_posts", "id": None}


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("scope", ["cap", "--limit", "1"]),
        ("scope", ["cap", "--limit", "1", "--cross-posts", "--creator", "maker"]),
        ("item", ["cap", "--limit", "1", "--item", "nonsense"]),
        ("kind", ["vanish", "--cross-posts"]),
        ("limit", ["cap", "--cross-posts"]),
        ("factor", ["boost", "--cross-posts", "--factor", "9"]),
        ("since", ["cap", "--cross-posts", "--limit", "1", "--since", "tomorrow"]),
        ("until", ["cap", "--cross-posts", "--limit", "1", "--until", "2001-01-01T00:00:00Z"]),
    ],
)
def test_bad_input_names_the_field_and_publishes_nothing(run: Run, item: str, field: str, arguments: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        run("publish", *arguments, "--name", "A rule", "--reason", REASON)
    assert refused.value.field == field
    assert listed(run) == []


def test_what_is_not_there_is_said(run: Run, item: str) -> None:
    said = ["--name", "A rule", "--reason", REASON]
    for told in (["--creator", "nobody"], ["--item", encode_id(5)]):
        with pytest.raises(NotFound):
            run("publish", "cap", "--limit", "1", *told, *said)
    with pytest.raises(OpenForYouError, match="There is no rule"):
        run("end", encode_id(5), "--reason", REASON)


def test_the_table_shows_each_rule_and_an_empty_list_says_so(run: Run, platform: Platform, item: str) -> None:
    assert "No rule was published yet" in run("list").stdout
    done = run("publish", "cap", "--item", item, "--limit", "1", "--name", "Only [one]", "--reason", REASON)
    platform.log.step()
    told = run("list").stdout
    assert done.stdout.split()[0] in told
    assert "Only [one]" in told, "a name is no markup"
    assert "in force" in told
    assert decode_id(item)
