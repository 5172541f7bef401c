"""Passwords are kept as argon2id hashes, and checking one that is not there is as much work."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from openforyou.accounts.passwords import Passwords


class Counting(PasswordHasher):
    """Counts what it checks."""

    checked = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
        Counting.checked += 1
        return super().verify(hash, password)  # type: ignore[return-value]


def weak() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def test_the_hash_is_argon2id_with_the_parameters_of_the_rfc() -> None:
    stored = Passwords().hash("correct horse")
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 64 * 1024
    assert parameters.time_cost >= 3
    assert "correct" not in stored


def test_a_hash_fits_its_password_and_no_other() -> None:
    passwords = Passwords(weak())
    stored = passwords.hash("correct horse")
    assert stored != passwords.hash("correct horse")
    assert passwords.matches(stored, "correct horse")
    assert not passwords.matches(stored, "Correct horse")


@pytest.mark.parametrize("stored", ["", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA"])
def test_no_password_fits_where_there_is_none(stored: str) -> None:
    assert not Passwords(weak()).matches(stored, "nobody's password")


def test_an_account_without_a_password_costs_the_same_check() -> None:
    Counting.checked = 0
    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords.matches("", "x")
    passwords.matches(passwords.hash("y"), "x")
    assert Counting.checked == 2


def test_raised_parameters_show() -> None:
    stored = Passwords(weak()).hash("correct horse")
    assert not Passwords(weak()).is_outdated(stored)
    assert Passwords().is_outdated(stored)
