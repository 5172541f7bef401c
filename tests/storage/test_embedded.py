"""The embedded server is shared by processes, survives their deaths, and ends with the last."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from openforyou.core.errors import BadInput
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(BadInput, match="cannot hold the data"):
        EmbeddedPostgres(tmp_path / "file" / "postgres")


HOLD = """
import sys
from pathlib import Path
from openforyou.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
"""


def pid(folder: Path) -> Path:
    return folder / "postmaster.pid"


def test_it_stops_with_the_last_who_uses_it_even_when_another_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "postgres"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "up\n"
    with EmbeddedPostgres(folder) as server:
        other.send_signal(signal.SIGKILL)
        other.wait()
        database = Database.open(server.url)
        with database.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
        database.close()
        assert pid(folder).exists()
    assert not pid(folder).exists()
    other.stdin.close()
    other.stdout.close()


def test_leaving_while_another_uses_it_leaves_it_running(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "up\n"
    server = EmbeddedPostgres(folder)
    server.close()
    server.close()
    assert pid(folder).exists()
    other.communicate()
    with EmbeddedPostgres(folder):
        pass
    assert not pid(folder).exists()
