"""`openforyou claims`: what waits, and deciding it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.cli.claims import app
from openforyou.core.clock import ManualClock, SystemClock
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import encode_id
from openforyou.moderation.claims.rules import ANSWER_DAYS
from openforyou.moderation.claims.service import Claims
from openforyou.moderation.claims.types import About, ClaimKind

WHY = "I filmed this in my own kitchen and have the raw file."


def test_an_operator_finds_reads_and_decides(
    platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        told = CliRunner().invoke(app, [*arguments, "--data", str(platform.settings.data)], catch_exceptions=False)
        assert told.exit_code == 0
        return told.output

    assert "No claim waits." in run("list")
    maker, taker = (platform.catalog.add_creator(handle, handle) for handle in ("maker", "taker"))
    before = ManualClock(SystemClock().now() - timedelta(days=ANSWER_DAYS, hours=1))
    about = About(ClaimKind.IMPERSONATION, taker.id)
    claim = Claims(platform.database, before).open(maker.id, about, WHY)
    public_id = encode_id(claim.id)
    assert public_id in run("list")
    (listed,) = json.loads(run("list", "--json"))["claims"]
    assert (listed["claimant"], listed["respondent"], listed["state"]) == ("@maker", "@taker", "open")
    assert WHY in run("show", public_id)
    words = ("--reason", "Both pages were looked at.", "--by", "anna")
    with pytest.raises(BadInput, match="maybe"):
        run("decide", public_id, "maybe", *words)
    assert "anna" in run("decide", public_id, "upheld", *words)
    assert platform.catalog.creators([maker.id])[maker.id].handle == "taker"
    with pytest.raises(Conflict):
        run("decide", public_id, "rejected", *words)
    assert "1 were upheld" in run("list")
