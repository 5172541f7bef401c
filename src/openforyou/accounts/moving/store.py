"""The only SQL of the move: the tables in which migration 0018 put aside what lay open.

They are in no `MetaData`: they exist from that migration until the first start after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, text, update

from openforyou.accounts.moving.types import OpenAccount, OpenGuardianship
from openforyou.accounts.tables import accounts
from openforyou.core.ids import AccountId, ViewerId
from openforyou.storage.database import Database

_LOCK = 7_251_904_418
"""Any constant: two processes that start together move once."""
_REWRITTEN = ("accounts", "passkeys")


def is_waiting(connection: Connection) -> bool:
    """Whether there is anything to move."""
    return bool(connection.scalar(text("SELECT to_regclass('accounts_unsealed') IS NOT NULL")))


@contextmanager
def moving(database: Database) -> Iterator[None]:
    """Held by one process at a time."""
    with database.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()


def open_guardianships(connection: Connection, count: int) -> list[OpenGuardianship]:
    """Some that are still to be moved."""
    found = connection.execute(text("SELECT * FROM guardians_unsealed ORDER BY id LIMIT :count"), {"count": count})
    return [
        OpenGuardianship(
            row.id,
            AccountId(row.ward_id),
            ViewerId(row.ward_viewer_id),
            row.ward_email,
            AccountId(row.guardian_id),
            row.since,
            row.evidence,
            row.until,
        )
        for row in found
    ]


def open_accounts(connection: Connection, count: int) -> list[OpenAccount]:
    """Some that are still to be moved."""
    found = connection.execute(text("SELECT * FROM accounts_unsealed ORDER BY id LIMIT :count"), {"count": count})
    return [
        OpenAccount(AccountId(row.id), ViewerId(row.viewer_id), row.email, row.is_minor, row.devices or {})
        for row in found
    ]


def set_marks(connection: Connection, account_id: AccountId, email_mark: bytes, viewer_mark: bytes) -> None:
    """By these it is found from now on."""
    connection.execute(
        update(accounts).where(accounts.c.id == account_id).values(email_mark=email_mark, viewer_mark=viewer_mark)
    )


def moved_guardianships(connection: Connection, ids: Sequence[int]) -> None:
    """They wait no longer."""
    connection.execute(text("DELETE FROM guardians_unsealed WHERE id = ANY(:ids)"), {"ids": list(ids)})


def moved_accounts(connection: Connection, ids: Sequence[AccountId]) -> None:
    """They wait no longer."""
    connection.execute(text("DELETE FROM accounts_unsealed WHERE id = ANY(:ids)"), {"ids": list(ids)})


def rewrite(database: Database) -> None:
    """Write the tables from which columns were dropped into new files: until then the old rows lie in the old ones.

    The database's own statistics, which keep samples of values, likewise, where its user may.
    """
    with database.glance() as connection:
        for table in _REWRITTEN:
            connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
        if connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
            connection.execute(text("VACUUM FULL pg_catalog.pg_statistic"))


def drop(connection: Connection) -> None:
    """Drop the tables, which are empty now: their files go."""
    connection.execute(text("DROP TABLE guardians_unsealed, accounts_unsealed"))
