"""`openforyou statistics`: what it prints, and that asking twice is asking once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.cli.statistics import app
from openforyou.core.clock import SystemClock
from openforyou.core.errors import BadInput
from tests.privacy.statistics.people import crowd

Run = Callable[..., Result]


@pytest.fixture
def run(platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on the database and the log of `platform`, by the clock of the machine."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    platform.log.close()

    def invoke(*arguments: str) -> Result:
        told = [*arguments, "--data", str(platform.settings.data)]
        return CliRunner().invoke(app, told, catch_exceptions=False)

    return invoke


def asked(run: Run, *arguments: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(run(*arguments, "--json").stdout)
    return told


def test_a_statistic_is_asked_paid_and_shown_and_asked_again_is_the_same(run: Run, platform: Platform) -> None:
    now = SystemClock().now()
    then = now - timedelta(days=40)
    day = f"{then:%Y-%m-%d}"
    before = json.loads(run("list", "--json").stdout)
    assert before["left"] == before["budget"]
    assert "is no month" in refused(run, "ask", "sign_ups", "yesterday")
    assert "is not over" in refused(run, "ask", "sign_ups", f"{now:%Y-%m}")
    (answer,) = asked(run, "ask", "active", day)
    with platform.database.begin() as connection:
        crowd(connection, 1_000, at=then)
    assert asked(run, "ask", "active", day) == [answer]
    assert asked(run, "show") == [answer]
    assert asked(run, "show", "profiling") == []
    assert answer["held_back"] == ["all"], "nobody had come then, and that is not told"
    assert "Everybody who came: not shown, under" in run("show").stdout
    assert "Left this month: epsilon 3.95 of 4" in run("list").stdout


def refused(run: Run, *arguments: str) -> str:
    with pytest.raises(BadInput) as error:
        run(*arguments)
    return error.value.message
