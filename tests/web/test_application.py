"""The application as a whole: its description is true, complete and written down."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput
from openforyou.core.ids import AccountId, CreatorId
from openforyou.web.application import create_app
from openforyou.web.unfinished import LIFE, Unfinished, Wanted

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    """By "GET /v1/feed"."""
    described = app.openapi()["paths"]
    return {f"{method.upper()} {path}": told for path, methods in described.items() for method, told in methods.items()}


def test_the_description_is_complete(app: FastAPI) -> None:
    names = [told["operationId"] for told in operations(app).values()]
    assert len(set(names)) == len(names)
    for name, told in operations(app).items():
        assert told["summary"], name
        assert told["description"], name
        assert told["tags"], name
        assert told["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"].endswith("/Problem"), name
        success = [code for code in told["responses"] if code.startswith("2")]
        assert success, name
    text = json.dumps(app.openapi())
    assert "HTTPValidationError" not in text, "every error has our own shape"
    assert (
        set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', text)) <= app.openapi()["components"]["schemas"].keys()
    )


def test_what_needs_a_cookie_says_which(app: FastAPI) -> None:
    described = operations(app)
    assert described["POST /v1/events"]["security"] == [{"viewer": []}]
    assert described["GET /v1/account"]["security"] == [{"session": []}]
    assert "security" not in described["GET /v1/feed"]


def test_the_description_is_served_and_the_pages_that_break_the_policy_are_not(client: TestClient) -> None:
    told = client.get("/openapi.json").json()
    assert told["info"]["title"] == "OpenForYou"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", told["info"]["version"])
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_every_address_is_written_down(app: FastAPI) -> None:
    written = DOCS.read_text()
    assert [name for name in operations(app) if f"`{name}`" not in written] == []


def test_every_error_code_that_is_written_down_exists() -> None:
    codes = set(re.findall(r"^\| `([a-z_]+)` \|", DOCS.read_text(), re.M))
    source = "\n".join(path.read_text() for path in (DOCS.parents[1] / "src").rglob("*.py"))
    assert codes
    assert [code for code in codes if f'"{code}"' not in source] == []


def test_a_bad_origin_is_told_at_start(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", origin="clips.example.org")
    with Platform(settings, database_url=database_url) as platform, pytest.raises(BadInput) as refused:
        create_app(platform)
    assert refused.value.field == "OPENFORYOU_ORIGIN"


def test_a_set_origin_holds_throughout(database_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", origin="https://clips.example.org")
    with Platform(settings, database_url=database_url) as platform:
        client = TestClient(create_app(platform), base_url="http://clips.example.org")  # behind a proxy
        assert client.get("/v1/feed").headers["set-cookie"].startswith("__Host-ofy_viewer=")
        assert client.post("/v1/controls/reset", headers={"Origin": "http://clips.example.org"}).status_code == 403
        assert client.get("/v1/feed", headers={"Host": "evil.example"}).status_code == 421
        options = client.post("/v1/passkeys/sign-in/options", headers={"Origin": "https://clips.example.org"})
        assert options.json()["publicKey"]["rpId"] == "clips.example.org"


def test_starting_clears_away_what_expired(platform: Platform, clock: ManualClock) -> None:
    folder = platform.settings.data / "uploads-part"
    unfinished = Unfinished(folder, clock)
    unfinished.begin(Wanted(AccountId(5), CreatorId(7), 10, "a.mp4", "", "", (), "", ""))
    clock.advance(LIFE)
    with TestClient(create_app(platform)):
        assert not [path for path in folder.rglob("*") if path.is_file()]
