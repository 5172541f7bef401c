"""Every column says what it is for and how it goes away, and the migrations build exactly that schema."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, Column, Table, inspect, text

import openforyou
from openforyou.core.words import codes
from openforyou.storage.database import Database, migration_config
from openforyou.storage.schema import metadata, undeclared

for _module in pkgutil.walk_packages(openforyou.__path__, "openforyou."):
    if _module.name.endswith(".tables"):
        import_module(_module.name)


def test_every_table_and_column_declares_its_care() -> None:
    assert len(metadata.tables) >= 12
    assert list(undeclared()) == []


def test_a_column_without_a_declaration_is_found() -> None:
    Table("planted", metadata, Column("secret", BigInteger), info={"purpose": "x"})
    try:
        assert list(undeclared()) == ["planted", "planted.secret"]
    finally:
        metadata.remove(metadata.tables["planted"])


def test_the_migrations_build_the_declared_schema_and_nothing_else(database: Database) -> None:
    with database.connect() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()
    database.migrate()


def test_what_was_published_before_words_were_kept_is_found_by_them(database: Database) -> None:
    with database.connect() as connection:
        command.downgrade(migration_config(connection), "0003")
        connection.commit()
        connection.execute(
            text(
                "INSERT INTO creators (id, handle, name) VALUES (1, 'ann', 'Ann');"
                "INSERT INTO items (id, creator_id, kind, status, title, caption, source_name, source_sha256)"
                " VALUES (5, 1, 'video', 'published', 'A Cat', '#Wall', 'a.mp4', 'x')"
            )
        )
        connection.commit()
    database.migrate()
    with database.connect() as connection:
        found = connection.execute(text("SELECT words, language, sound_id FROM items")).one()
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert set(found.words) == codes("A Cat\n#Wall")
    assert (found.language, found.sound_id) == ("", None)
