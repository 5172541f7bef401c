"""A move between regions and a platform in service exclude each other."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.app.regions import out_of_service, serving
from openforyou.cli.commands import app
from openforyou.privacy.regions.errors import InService


def test_nobody_moves_while_somebody_serves(
    platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    move = ["regions", "move", "--to", "north", "--data", str(platform.settings.data)]
    with serving(platform.database):
        with serving(platform.database):
            pass
        with pytest.raises(InService, match="Stop every") as refused:
            CliRunner().invoke(app, move, catch_exceptions=False)
        assert refused.value.code == "in_service"
    with out_of_service(platform.database):
        with pytest.raises(InService, match="being moved"), serving(platform.database):
            pass
        with pytest.raises(InService, match="another move"), out_of_service(platform.database):
            pass
    with serving(platform.database):
        pass
