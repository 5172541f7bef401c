"""How an account comes to be, whichever door its owner takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from openforyou.accounts import store
from openforyou.accounts.errors import EmailTaken
from openforyou.accounts.types import Account, Role
from openforyou.core.ids import AccountId, ViewerId, new_id


def new_account(
    account_id: AccountId,
    email: str,
    viewer_id: ViewerId | None,
    now: datetime,
    *,
    has_password: bool = False,
    is_minor: bool = False,
) -> Account:
    """An account that is not yet stored; it watches on as `viewer_id`, or under a new pseudonym."""
    return Account(
        id=account_id,
        viewer_id=ViewerId(new_id()) if viewer_id is None else viewer_id,
        email=email,
        role=Role.VIEWER,
        has_password=has_password,
        created_at=now,
        is_minor=is_minor,
    )


def insert_new(connection: Connection, account: Account, password_hash: str = "") -> Account:
    """Store it; under a new pseudonym where another account has the same one. Raises `EmailTaken`."""
    if store.insert_account(connection, account, password_hash):
        return account
    again = replace(account, viewer_id=ViewerId(new_id()))
    if not store.insert_account(connection, again, password_hash):
        raise EmailTaken
    return again
