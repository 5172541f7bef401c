"""How an account comes to be, whichever door its owner takes: sealed first, then stored, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from openforyou.accounts import seals, store
from openforyou.accounts.errors import EmailTaken
from openforyou.accounts.seals import Seals
from openforyou.accounts.types import Account, Entry, Role
from openforyou.core.errors import Conflict, OpenForYouError
from openforyou.core.ids import AccountId, ViewerId, new_id
from openforyou.privacy.vault.types import Field
from openforyou.storage.database import Database


@dataclass(frozen=True, slots=True)
class Newcomer:
    """An account that is sealed and not yet stored."""

    account: Account
    email_mark: bytes
    viewer_mark: bytes
    sealed: Mapping[Field, bytes]


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


@contextmanager
def enrolling(
    database: Database, sealing: Seals, account: Account, devices: Mapping[str, str] | None = None
) -> Iterator[Newcomer]:
    """Seals an account; under a new pseudonym where another account has the same one. Its key is destroyed again where
    what is done inside is refused. Raises `EmailTaken`, `BrokerUnavailable`, before anything is done."""
    email_mark = sealing.email_mark(account.email)
    (viewer_mark,) = sealing.viewer_marks([account.viewer_id])
    with database.connect() as connection:
        if store.find_account(connection, email_mark=email_mark) is not None:
            raise EmailTaken
        claimed = store.accounts_of(connection, [viewer_mark])
    if claimed:
        account = replace(account, viewer_id=ViewerId(new_id()))
        (viewer_mark,) = sealing.viewer_marks([account.viewer_id])
    sealed = sealing.of_account(account, devices or {})
    try:
        yield Newcomer(account, email_mark, viewer_mark, sealed)
    except OpenForYouError:  # it was refused, so nothing was stored; of a lost connection nobody knows that
        with suppress(OpenForYouError):
            sealing.forget(account.id)
        raise


def insert_new(connection: Connection, newcomer: Newcomer, password_hash: str = "") -> Account:
    """Store it. Raises `EmailTaken`, and `Conflict` where somebody signed up as the same viewer just now."""
    account = newcomer.account
    entry = Entry(account.id, account.role, password_hash, account.created_at)
    if not store.insert_account(connection, entry, newcomer.email_mark, newcomer.viewer_mark):
        if store.find_account(connection, email_mark=newcomer.email_mark) is not None:
            raise EmailTaken
        raise Conflict("Somebody signed up from this browser just now.", hint="Sign in, or try again.")
    seals.put(connection, account.id, newcomer.sealed)
    return account
