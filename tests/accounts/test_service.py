"""Sign up, sign in, grow."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from openforyou.accounts.errors import AccountNotFound, EmailTaken, WrongCredentials, WrongPassword
from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.accounts.tables import accounts as table
from openforyou.accounts.types import Role
from openforyou.core.clock import ManualClock
from openforyou.core.errors import BadInput
from openforyou.core.ids import ViewerId
from openforyou.storage.database import Database
from tests.accounts.keeping import MemoryKeeper

EMAIL, PASSWORD = "ada@example.org", "correct horse"


def test_who_signed_up_can_sign_in_however_they_write_the_address(accounts: Accounts) -> None:
    made = accounts.sign_up(EMAIL, PASSWORD)
    assert made.role is Role.VIEWER
    assert made.has_password
    assert accounts.sign_in(" ADA@Example.org", PASSWORD) == made


def test_who_signs_up_keeps_their_pseudonym_unless_somebody_has_it(accounts: Accounts) -> None:
    viewer = ViewerId(77)
    assert not accounts.is_claimed(viewer)
    assert accounts.sign_up(EMAIL, PASSWORD, viewer_id=viewer).viewer_id == viewer
    assert accounts.is_claimed(viewer)
    assert accounts.sign_up("eve@example.org", PASSWORD, viewer_id=viewer).viewer_id != viewer


def test_an_address_has_one_account(accounts: Accounts) -> None:
    accounts.sign_up(EMAIL, PASSWORD)
    with pytest.raises(EmailTaken):
        accounts.sign_up("ADA@example.org", "another password", viewer_id=ViewerId(5))
    assert not accounts.is_claimed(ViewerId(5))


def test_a_wrong_address_and_a_wrong_password_are_told_alike(accounts: Accounts) -> None:
    accounts.sign_up(EMAIL, PASSWORD)
    told = []
    for email, password in ((EMAIL, "wrong horse"), ("eve@example.org", PASSWORD), (EMAIL, "")):
        with pytest.raises(WrongCredentials) as refused:
            accounts.sign_in(email, password)
        told.append(refused.value.as_dict())
    assert told[0] == told[1] == told[2]


def test_a_password_is_hashed_anew_when_the_parameters_were_raised(
    accounts: Accounts, database: Database, clock: ManualClock, keeper: MemoryKeeper
) -> None:
    accounts.sign_up(EMAIL, PASSWORD)
    raised = Accounts(database, clock, keeper, Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)))
    raised.sign_in(EMAIL, PASSWORD)
    with database.connect() as connection:
        stored = connection.scalar(select(table.c.password_hash))
    assert "m=16,t=2" in str(stored)
    assert raised.sign_in(EMAIL, PASSWORD)


def test_a_password_is_changed_by_who_knows_the_present_one(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, PASSWORD)
    with pytest.raises(WrongPassword):
        accounts.set_password(ada, "another password", current="wrong horse")
    with pytest.raises(BadInput):
        accounts.set_password(ada, "short", current=PASSWORD)
    assert accounts.sign_in(EMAIL, PASSWORD)
    accounts.set_password(ada, "another password", current=PASSWORD)
    assert accounts.sign_in(EMAIL, "another password")
    with pytest.raises(WrongCredentials):
        accounts.sign_in(EMAIL, PASSWORD)


def test_an_account_grows_and_never_shrinks(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, PASSWORD)
    assert accounts.grow(ada.id, Role.STAFF) is Role.STAFF
    assert accounts.grow(ada.id, Role.CREATOR) is Role.STAFF
    assert accounts.of_email(EMAIL).role is Role.STAFF
    with pytest.raises(AccountNotFound) as refused:
        accounts.of_email("eve@example.org")
    assert "eve" not in str(refused.value.as_dict())
