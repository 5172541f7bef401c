"""Passwords as argon2id hashes, in bounded memory and in the same time whether or not there is one to check.

A hash takes 64 MiB (RFC 9106, second recommended option, as argon2-cffi sets it). So only as many as there are
cores run at once; the others wait, and past a limit are told to come back, instead of filling the memory.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from openforyou.core.errors import Unavailable

WAIT_S = 10.0


class Passwords:
    """Makes and checks hashes. Safe from several threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._seats = threading.BoundedSemaphore(max(1, os.cpu_count() or 1))
        self._nobodys = ""

    def hash(self, password: str) -> str:
        """A fresh hash with its own salt and the present parameters."""
        with self._seat():
            return self._hasher.hash(password)

    def matches(self, stored: str, password: str) -> bool:
        """Whether `password` is the one behind `stored`; with no hash stored, as much work and False."""
        nobodys = self._nobodys_hash()  # at every first check, whomever it is for
        against = stored or nobodys
        with self._seat():
            try:
                self._hasher.verify(against, password)
            except (VerificationError, InvalidHashError):
                return False
        return bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether the parameters were raised since; then hash again while the password is at hand."""
        return self._hasher.check_needs_rehash(stored)

    def _nobodys_hash(self) -> str:
        """The hash that an unknown e-mail is checked against, so that the time tells nothing."""
        if not self._nobodys:
            self._nobodys = self.hash("nobody's password")
        return self._nobodys

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(timeout=WAIT_S):
            raise Unavailable("Too many people sign in at once.", hint="Try again in a few seconds.")
        try:
            yield
        finally:
            self._seats.release()
