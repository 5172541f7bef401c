"""A database that cannot be had says so, and says what to do."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from openforyou.core.errors import BadInput, Unavailable
from openforyou.storage.database import Database


@pytest.mark.parametrize(
    ("url", "said"),
    [("mysql://h/x", "PostgreSQL alone"), ("not a url", "cannot be read"), ("sqlite:///x.db", "PostgreSQL alone")],
)
def test_what_is_no_postgresql_is_refused(url: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Database.open(url)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(Unavailable, match="No PostgreSQL answers") as caught:
        Database.open("postgresql://me:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in str(caught.value)
    assert "DATABASE_URL" in caught.value.hint


def test_a_transaction_is_whole_or_nothing(database: Database) -> None:
    def half_way() -> None:
        with database.begin() as connection:
            connection.execute(text("CREATE TABLE half (x int)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_way()
    with database.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('half')")) is None
