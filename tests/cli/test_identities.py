"""`openforyou identities`: from a claim to a proof and its end, as an operator does it for a creator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.catalog.identities.errors import NotProven, ProofNotFound
from openforyou.cli.identities import app
from openforyou.core.errors import BadInput
from openforyou.drills.elsewhere import Elsewhere

Run = Callable[..., Result]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path, ["ada.example"]) as opened:
        yield opened


@pytest.fixture
def run(platform: Platform, database_url: str, there: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with the settings of an operator who has a name server of their own."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("OPENFORYOU_OUTSIDE_DNS", there.name_server)
    monkeypatch.setenv("COLUMNS", "200")
    platform.catalog.add_creator("ada", "Ada")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--data", str(platform.settings.data)], catch_exceptions=False)

    return invoke


def test_a_domain_is_proven_and_withdrawn(run: Run, there: Elsewhere) -> None:
    assert "Nothing yet" in run("list", "ada").stdout
    begun = json.loads(run("prove", "ada", "web", "Ada.Example", "--json").stdout)
    assert begun["steps"][0]["copy"] == "_openforyou.ada.example"
    with pytest.raises(NotProven, match="are none"):
        run("check", "ada", begun["id"])
    there.texts["_openforyou.ada.example"] = [begun["steps"][1]["copy"]]
    assert "ada.example at web is proven by @ada." in run("check", "@ada", begun["id"]).stdout
    told = json.loads(run("list", "ada", "--looks", "--json").stdout)
    (proof,) = told["proven"]
    assert (proof["who"], proof["method"], told["challenges"]) == ("ada.example", "dns", [])
    assert [one["result"] for one in told["looks"]] == ["proven", "missing"]
    assert "ada.example" in run("list", "ada", "--looks").stdout
    assert "withdrawn" in run("withdraw", "ada", proof["id"]).stdout
    with pytest.raises(ProofNotFound):
        run("withdraw", "ada", proof["id"])


def test_the_steps_are_said_in_words(run: Run) -> None:
    told = run("prove", "ada", "web", "ada.example", "--method", "well-known").stdout
    assert "1. Put a text file at this address of your site:" in told
    assert "https://ada.example/.well-known/openforyou.txt" in told
    assert "openforyou identities check ada" in told


@pytest.mark.parametrize("name", ["OPENFORYOU_OUTSIDE_ALLOW", "OPENFORYOU_IDENTITY_PROVIDERS"])
def test_settings_that_cannot_be_read_are_named(run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/nowhere")
    with pytest.raises(BadInput, match=f"{name}|/nowhere") as caught:
        run("list", "ada")
    assert caught.value.field == name
