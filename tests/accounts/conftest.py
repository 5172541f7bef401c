"""Accounts with a hash that is weak and quick; the real parameters are tested once, in `test_passwords`."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from openforyou.accounts.passwords import Passwords
from openforyou.accounts.service import Accounts
from openforyou.core.clock import ManualClock
from openforyou.storage.database import Database
from tests.accounts.keeping import MemoryKeeper


@pytest.fixture
def keeper() -> MemoryKeeper:
    return MemoryKeeper()


@pytest.fixture
def accounts(database: Database, clock: ManualClock, keeper: MemoryKeeper) -> Accounts:
    return Accounts(database, clock, keeper, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
