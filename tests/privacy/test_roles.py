"""Roles of PostgreSQL, each tried by a login that is in it: what it reads, what it is refused, which rows it sees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, Table, make_url, text
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from openforyou.app.platform import Platform
from openforyou.app.settings import Settings
from openforyou.catalog.types import Right
from openforyou.cli.commands import app
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ViewerId
from openforyou.privacy.person.erasing import AGAIN_AFTER
from openforyou.privacy.person.types import State, What
from openforyou.privacy.roles import store
from openforyou.privacy.roles.rules import Role, readable
from openforyou.storage.database import Database
from openforyou.storage.schema import PSEUDONYM, PUBLIC, metadata
from tests.catalog.test_service import published

As = Callable[[Role], Database]


@pytest.fixture
def as_role(platform: Platform, database_url: str) -> Iterator[As]:
    """Opens the database as a login that is in a role, and in no other."""
    opened: list[Database] = []
    with platform.database.begin() as connection:
        store.apply(connection, metadata)
        for role in Role:
            connection.execute(text(f"DROP ROLE IF EXISTS try_{role}"))
            connection.execute(text(f"CREATE ROLE try_{role} LOGIN IN ROLE {role}"))

    def open_as(role: Role) -> Database:
        url = make_url(database_url).set(username=f"try_{role}").render_as_string(hide_password=False)
        opened.append(Database.open(url))
        return opened[-1]

    yield open_as
    for one in opened:
        one.close()


def scalar(database: Database, statement: str) -> Any:
    with database.connect() as connection:
        return connection.scalar(text(statement))


def refused(database: Database, statement: str) -> bool:
    try:
        scalar(database, statement)
    except ProgrammingError as error:
        return "permission denied" in str(error.orig)
    return False


def test_people_see_what_is_published_and_nothing_of_anybody(platform: Platform, as_role: As) -> None:
    creator, minor = platform.catalog.add_creator("ada", "Ada"), platform.catalog.add_creator("bob", "Bob")
    shown, private = published(platform, creator), published(platform, minor)
    with platform.database.begin() as connection:
        connection.execute(text("UPDATE creators SET guarded = true WHERE id = :id"), {"id": minor.id})
    platform.catalog.set_viewer_rights(ViewerId(3), {Right.LEARN}, "settings")
    platform.accounts.sign_up("ada@example.org", "a long enough one")
    analyst, auditor = as_role(Role.ANALYST), as_role(Role.AUDITOR)
    for one in (analyst, auditor):
        assert scalar(one, "SELECT array_agg(id) FROM items") == [shown], "a minor's are private"
        assert scalar(one, "SELECT array_agg(handle) FROM creators") == ["ada"]
        assert scalar(one, f"SELECT count(*) FROM renditions WHERE item_id = {private}") == 0
        for closed in (
            "SELECT count(*) FROM events",
            "SELECT viewer_id FROM viewer_items",
            "SELECT sealed FROM sealed_fields",
            "SELECT email_mark FROM accounts",
            "SELECT envelope FROM sessions",
            "SELECT secret FROM subject_secrets",
            "SELECT account_id FROM creators",
            "SELECT words FROM claim_steps",
            "SELECT person FROM erasures",
            "SELECT url FROM identities",
            "DELETE FROM items",
            "SELECT pg_read_file('postgresql.conf')",
        ):
            assert refused(one, closed), closed
    assert refused(analyst, "SELECT count(*) FROM rights")
    assert scalar(auditor, "SELECT count(*) FROM rights WHERE subject_kind = 'item'") > 0
    assert scalar(auditor, "SELECT count(*) FROM rights WHERE subject_kind = 'viewer'") == 0
    assert scalar(platform.database, "SELECT count(*) FROM rights WHERE subject_kind = 'viewer'") == 1


def test_the_platform_runs_without_owning_its_tables(as_role: As, platform: Platform, clock: ManualClock) -> None:
    url = as_role(Role.SERVICE).engine.url.render_as_string(hide_password=False)
    settings = Settings(data=platform.settings.data)
    with Platform(settings, clock=clock, database_url=url, keeper=platform.keeper) as served:
        item = published(served, served.catalog.add_creator("bob", "Bob"))
        served.feed.refresh()
        account = served.accounts.sign_up("ada@example.org", "a long enough one")
        served.catalog.set_viewer_rights(account.viewer_id, {Right.LEARN}, "settings")
        assert [one.item.id for one in served.feed.for_you(account.viewer_id, size=1).entries] == [item]
        receipt = served.erasing.forget(served.person(account.viewer_id, account), What.EVERYTHING)
        clock.advance(AGAIN_AFTER + timedelta(seconds=1))
        served.erasing.resume()
        assert served.erasing.receipt(receipt.id).state is State.DONE
        for closed in ("DROP TABLE events", "TRUNCATE events", "CREATE TABLE mine (x int)", "CREATE ROLE mine"):
            with (
                pytest.raises(ProgrammingError, match=r"must be owner|permission denied"),
                served.database.begin() as one,
            ):
                one.execute(text(closed))
    assert scalar(platform.database, "SELECT count(*) FROM sealed_fields") == 0


def test_a_dump_holds_every_row_and_opens_nothing(platform: Platform, as_role: As) -> None:
    platform.accounts.sign_up("ada@example.org", "a long enough one")
    backup = as_role(Role.BACKUP)
    with backup.connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM sealed_fields")).all())
    assert rows.count("email") >= 1
    assert "ada@example.org" not in rows
    assert refused(backup, "DELETE FROM accounts")


def test_a_column_that_nobody_declared_public_is_closed() -> None:
    tables = MetaData()
    Table(
        "letters",
        tables,
        Column("id", BigInteger, primary_key=True, info=PUBLIC.why("names it")),
        Column("reader", BigInteger, info=PSEUDONYM.why("who reads it")),
    )
    assert {(one.role, one.columns) for one in readable(tables)} == {
        (Role.ANALYST, ("id",)),
        (Role.AUDITOR, ("id",)),
    }


def test_the_command_makes_them_and_names_what_differs(
    platform: Platform, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    told = ["--data", str(platform.settings.data), "--json"]
    before = CliRunner().invoke(app, ["database", "roles", "--check", *told])
    assert (before.exit_code, len(json.loads(before.stdout)["differs"]) > 40) == (1, True)
    made = CliRunner().invoke(app, ["database", "roles", *told], catch_exceptions=False)
    assert (made.exit_code, json.loads(made.stdout)) == (0, {"differs": []})
    with platform.database.begin() as connection:
        connection.execute(text(f"GRANT SELECT ON events TO {Role.ANALYST}"))
        connection.execute(text("ALTER TABLE items DISABLE ROW LEVEL SECURITY"))
    after = CliRunner().invoke(app, ["database", "roles", "--check", *told])
    differs = json.loads(after.stdout)["differs"]
    assert f"{Role.ANALYST} may read events.viewer_id, and should not" in differs
    assert "items has no row security" in differs
    assert "CREATE POLICY" in CliRunner().invoke(app, ["database", "roles", "--sql"]).stdout
