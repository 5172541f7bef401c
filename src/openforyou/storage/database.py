"""One pool of connections to PostgreSQL, and the migrations that run at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from openforyou.core.errors import BadInput, Unavailable

POOL_SIZE = 8
REST_S = 1.0
"""A connection that was used since is taken to stand: asking each time costs a busy server a round trip in four."""
MIGRATION_LOCK = 7_251_904_410  # Any constant: two processes that start together migrate once.
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """A pool on one PostgreSQL. `begin()` for a transaction, `connect()` for reads."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str, *, pool_size: int = POOL_SIZE) -> Database:
        """Connect to `url` (any PostgreSQL). Raises `BadInput` or `Unavailable`, each saying what to do."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise BadInput(
                f"DATABASE_URL cannot be read: {error}",
                hint="It looks like postgresql://user:password@host:5432/name.",
                field="DATABASE_URL",
            ) from error
        if not parsed.drivername.startswith("postgres"):
            raise BadInput(
                f"DATABASE_URL names {parsed.drivername}; OpenForYou runs on PostgreSQL alone.",
                hint="Use postgresql://…, or leave it out for the embedded server.",
                field="DATABASE_URL",
            )
        engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=pool_size,
            max_overflow=pool_size,
            hide_parameters=True,  # an error in the log must not tell whose e-mail it was
            connect_args={"options": "-c timezone=utc", "connect_timeout": 10},
        )
        _ask_after_rest(engine)
        try:
            with engine.connect():
                pass
        except OperationalError as error:
            engine.dispose()
            where = parsed.render_as_string(hide_password=True)
            raise Unavailable(
                f"No PostgreSQL answers at {where}: {error.orig}",
                hint="Start it, or unset DATABASE_URL to use the embedded server.",
            ) from error
        return cls(engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: commits on leaving, rolls back on an exception."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading; whatever was not committed is rolled back."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """A connection for statements that each stand by themselves: no transaction, and half the round trips."""
        with self.engine.connect() as connection:
            yield connection.execution_options(isolation_level="AUTOCOMMIT")

    def migrate(self) -> None:
        """Bring the schema to the newest revision; safe to call from several processes at once."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
            try:
                command.upgrade(migration_config(connection), "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
                connection.commit()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The answer to a statement in the driver's own words, with `%(name)s` for values: for what each feed asks.

    Nothing is named, described or wrapped, which takes a third of the processor time. Raises as SQLAlchemy does.
    """
    driver = connection.connection.driver_connection
    assert driver is not None, "no connection behind the pool"
    try:
        answer: list[tuple[Any, ...]] = driver.execute(statement, values, binary=True).fetchall()
    except psycopg.Error as error:
        if driver.broken:
            connection.invalidate(error)
        raise OperationalError(statement, None, error) from error
    return answer


def refusals(connection: Connection, statements: Iterable[str]) -> list[str]:
    """Run each by itself, on a connection that commits by itself; answers those that the database refused, and why."""
    refused = []
    for statement in statements:
        try:
            connection.exec_driver_sql(statement)
        except DBAPIError as error:
            refused.append(f"{statement} was refused: {str(error.orig).splitlines()[0]}")
    return refused


def _ask_after_rest(engine: Engine) -> None:
    """Before a connection is used again that has rested, ask whether it still stands; else take another."""

    def rests(_: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = monotonic()

    def wakes(connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
        if monotonic() - record.info.get("rests_since", monotonic()) < REST_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    event.listen(engine, "checkin", rests)
    event.listen(engine, "checkout", wakes)


def migration_config(connection: Connection) -> Config:
    """Alembic's settings, bound to an open connection; there is no .ini file to find or to forget."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config
