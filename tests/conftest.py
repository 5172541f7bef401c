"""A real PostgreSQL for every test: one server a run, one fresh database a test, cloned from a migrated template."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.core.clock import ManualClock
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
DATA = Path(os.environ.get("OPENFORYOU_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server with a migrated database named `template`. What it writes need not outlive the machine.

    Not under pytest's own folder: the next run to start takes that folder's rights away from the server's user.
    """
    with TemporaryDirectory(prefix="openforyou-") as folder, EmbeddedPostgres(Path(folder) / "postgres") as server:
        for setting in ("fsync", "full_page_writes"):
            _execute(server.url, f"ALTER SYSTEM SET {setting} = off")
        _execute(server.url, "SELECT pg_reload_conf()")
        _execute(server.url, "CREATE DATABASE template")
        template = Database.open(_named(server.url, "template"))
        template.migrate()
        template.close()
        yield server.url


@pytest.fixture
def database_url(server_url: str) -> Iterator[str]:
    """A fresh, migrated database."""
    name = f"test_{uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template")
    yield _named(server_url, name)
    _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def platform(database_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Platform]:
    """The whole platform on a fresh database and an empty blob folder, at a fixed time."""
    with Platform(Settings(data=tmp_path / "data"), clock=clock, database_url=database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real clips and interactions, which are not part of the repository."""
    if not DATA.is_dir():
        pytest.skip(f"needs the data folder at {DATA}; set OPENFORYOU_DATA to where it is")
    return DATA


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
