"""Settings name what is wrong with them; the signing key is made once and kept."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openforyou.app.settings import KEY_BYTES, Settings
from openforyou.core.errors import BadInput


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENFORYOU_DATA", "/elsewhere")
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/x")
    assert Settings.read().data == Path("/elsewhere")
    assert Settings.read(tmp_path).data == tmp_path
    assert Settings.read(tmp_path).database_url == "postgresql://h/x"


def test_a_bad_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENFORYOU_UPLOAD_MAX_MB", "many")
    with pytest.raises(BadInput, match="OPENFORYOU_UPLOAD_MAX_MB"):
        Settings.read()


def test_the_key_is_made_once_even_by_many_at_once_and_is_private(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: settings.signing_key(), range(32)))
    assert len(keys) == 1
    assert len(keys.pop()) == KEY_BYTES
    path = tmp_path / "data" / "signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["signing.key"]


def test_a_damaged_key_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "signing.key").write_bytes(b"short")
    with pytest.raises(BadInput, match="damaged"):
        Settings(data=tmp_path).signing_key()
