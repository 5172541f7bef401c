"""Sessions are known by a hash, last while they are used, and end where their owner says."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from openforyou.accounts.rules import RENEW_EVERY, SESSION_IDLE, SESSION_LIFE
from openforyou.accounts.service import Accounts
from openforyou.accounts.tables import sessions as table
from openforyou.accounts.types import Account
from openforyou.core.clock import ManualClock
from openforyou.storage.database import Database

DAY = timedelta(days=1)


def signed_up(accounts: Accounts) -> Account:
    return accounts.sign_up("ada@example.org", "correct horse")


def test_a_token_opens_its_account_and_is_not_in_the_table(accounts: Accounts, database: Database) -> None:
    ada = signed_up(accounts)
    begun = accounts.sessions.begin(ada)
    found = accounts.sessions.find(begun.token)
    assert found is not None
    assert found.account == ada
    with database.connect() as connection:
        stored = connection.scalar(select(table.c.token_sha256))
    assert begun.token.encode() not in bytes(stored or b"")
    assert accounts.sessions.find(begun.token[:-1] + ("A" if begun.token[-1] != "A" else "B")) is None
    assert accounts.sessions.find("") is None


def test_a_session_that_is_not_used_ends(accounts: Accounts, clock: ManualClock, database: Database) -> None:
    ada = signed_up(accounts)
    begun = accounts.sessions.begin(ada)
    clock.advance(SESSION_IDLE)
    assert accounts.sessions.find(begun.token) is None
    accounts.sessions.begin(ada)
    with database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(table)) == 1


def test_a_session_in_use_is_prolonged_once_a_day_and_not_for_ever(accounts: Accounts, clock: ManualClock) -> None:
    begun = accounts.sessions.begin(signed_up(accounts))
    renewals = 0
    started = clock.now()
    while clock.now() - started < SESSION_LIFE - DAY:
        clock.advance(RENEW_EVERY / 2)
        found = accounts.sessions.find(begun.token)
        assert found is not None, f"ended after {clock.now() - started}"
        renewals += found.renewed
    assert renewals <= SESSION_LIFE / RENEW_EVERY
    assert renewals > 100
    clock.advance(DAY)
    assert accounts.sessions.find(begun.token) is None


def test_signing_in_again_ends_the_browsers_former_session(accounts: Accounts) -> None:
    ada = signed_up(accounts)
    first = accounts.sessions.begin(ada)
    second = accounts.sessions.begin(ada, instead_of=first.token)
    assert accounts.sessions.find(first.token) is None
    assert accounts.sessions.find(second.token) is not None


def test_signing_out_ends_one_or_all_or_all_others(accounts: Accounts) -> None:
    ada = signed_up(accounts)
    eve = accounts.sign_up("eve@example.org", "correct horse")
    first, second, third = (accounts.sessions.begin(ada).token for _ in range(3))
    hers = accounts.sessions.begin(eve).token
    accounts.sessions.end(first)
    assert accounts.sessions.find(first) is None
    assert accounts.sessions.count(ada.id) == 2
    assert accounts.sessions.end_all(ada.id, but=second) == 1
    assert accounts.sessions.find(second) is not None
    assert accounts.sessions.find(third) is None
    assert accounts.sessions.end_all(ada.id) == 1
    assert accounts.sessions.find(hers) is not None
