"""A database of before: what lay open in it is sealed at the first start, wherever that ends in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic import command
from argon2 import PasswordHasher
from sqlalchemy import inspect, text

from openforyou.accounts.guardians import Guardians
from openforyou.accounts.moving import service
from openforyou.accounts.moving.service import seal_what_lay_open
from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.core.clock import ManualClock
from openforyou.core.errors import Unavailable
from openforyou.core.ids import ViewerId
from openforyou.storage.database import Database, migration_config
from tests.accounts.authenticator import Authenticator
from tests.accounts.keeping import MemoryKeeper
from tests.accounts.test_passkeys import PARTY
from tests.dump import everything

WHO = "quillfeather"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
BEFORE = "0017"
"""The newest revision in which e-mails lay open."""


def lay_open(database: Database, accounts: int, key: Authenticator) -> None:
    """A database as it was: people with e-mails, one of them with a passkey, and a minor with a guardian."""
    with database.connect() as connection:
        command.downgrade(migration_config(connection), BEFORE)
        connection.commit()
    with database.begin() as connection:
        for number in range(1, accounts + 1):
            connection.execute(
                text(
                    "INSERT INTO accounts (id, viewer_id, email, password_hash, role, is_minor)"
                    " VALUES (:id, :viewer, :email, :hash, 'creator', :minor)"
                ),
                {
                    "id": number,
                    "viewer": 1_000 + number,
                    "email": f"{WHO}{number}@example.org",
                    "hash": QUICK.hash("correct horse"),
                    "minor": number == 2,
                },
            )
        connection.execute(
            text(
                "INSERT INTO passkeys (credential_id, account_id, public_key, sign_count, name)"
                " VALUES (:id, 1, '', 0, :name)"
            ),
            {"id": key.credential_id, "name": f"{WHO}'s phone"},
        )
        connection.execute(
            text(
                "INSERT INTO guardians (id, ward_id, guardian_id, since, until, evidence) VALUES "
                "(70, 2, 1, now(), NULL, 'invited'), (71, 2, 3, now(), now(), 'invited')"
            )
        )
        connection.execute(
            text("INSERT INTO sessions (token_sha256, account_id, expires_at) VALUES ('x', 1, now() + interval '1 d')")
        )
    with database.glance() as connection:
        connection.execute(text("ANALYZE accounts"))


def test_what_lay_open_is_sealed_wherever_it_was_cut_off(
    database: Database, clock: ManualClock, keeper: MemoryKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    key = Authenticator()
    lay_open(database, 5, key)
    database.migrate()
    left, tries = 0, 0
    while True:  # each start gets one call further than the one before
        keeper.left = left
        try:
            seal_what_lay_open(database, keeper)
            break
        except Unavailable:
            dumped = everything(database)
            for number in range(1, 6):
                is_open = f"{WHO}{number}@example.org" in dumped["accounts_unsealed"]
                with database.connect() as connection:
                    mark = connection.scalar(text("SELECT email_mark FROM accounts WHERE id = :id"), {"id": number})
                assert is_open == (mark is None), "one way or the other"
            left, tries = left + 1, tries + 1
    assert tries > 5
    keeper.left = None
    assert seal_what_lay_open(database, keeper) == 0
    accounts = Accounts(database, clock, keeper, QUICK)
    for number in range(1, 6):
        found = accounts.sign_in(f"{WHO}{number}@example.org", "correct horse")
        assert (found.id, found.viewer_id, found.is_minor) == (number, 1_000 + number, number == 2)
        assert accounts.is_claimed(ViewerId(1_000 + number))
    first = accounts.sign_in(f"{WHO}1@example.org", "correct horse")
    assert [held.name for held in accounts.passkeys.named(first.id)] == [f"{WHO}'s phone"]
    options = accounts.passkeys.registration_options(PARTY, account=first)
    assert len(options["excludeCredentials"]) == 1
    guardians = Guardians(database, clock, accounts.seals)
    ((standing, ward),) = guardians.of_guardian(first.id)
    assert (standing.id, ward.id, ward.viewer_id, ward.name) == (70, 2, 1_002, f"{WHO}2@example.org")
    assert guardians.of_guardian(accounts.of_email(f"{WHO}3@example.org").id) == []


def test_nothing_of_it_stays_in_the_table_files(database: Database, keeper: MemoryKeeper) -> None:
    lay_open(database, 40, Authenticator())
    folder = _files(database)
    assert any(WHO.encode() in path.read_bytes() for path in folder), "the search finds what lies open"
    database.migrate()
    assert seal_what_lay_open(database, keeper) == 40
    with database.connect() as connection:
        assert not {"accounts_unsealed", "guardians_unsealed"} & set(inspect(connection).get_table_names())
    assert [path.name for path in _files(database) if WHO.encode() in path.read_bytes()] == []
    assert [table for table, rows in everything(database).items() if WHO in rows] == []


def _files(database: Database) -> list[Path]:
    """The database's own files, as they lie after a checkpoint; the write-ahead log is not among them."""
    with database.glance() as connection:
        connection.execute(text("CHECKPOINT"))
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    base = folder / "base" / str(number)
    if not os.access(base, os.R_OK | os.X_OK):
        pytest.skip("another user's server: its files cannot be read")
    return [path for path in base.iterdir() if path.is_file()]
