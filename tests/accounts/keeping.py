"""A keeper in memory: a random key a person, and a switch that takes it away."""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openforyou.privacy.vault.errors import BrokerUnavailable, Destroyed, Unopened
from openforyou.privacy.vault.types import Field, Subject


class MemoryKeeper:
    """What `Keeper` promises, on keys that end with the test. `is_away`: it answers nobody; `left`, so many calls."""

    def __init__(self) -> None:
        self.keys: dict[Subject, bytes] = {}
        self.destroyed: set[Subject] = set()
        self.is_away = False
        self.left: int | None = None
        self._marks = os.urandom(32)

    def seal(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[Field, bytes]:
        self._answer()
        if subject in self.destroyed:
            raise Destroyed("The key was destroyed.")
        cipher = AESGCM(self.keys.setdefault(subject, os.urandom(32)))
        nonces = {field: os.urandom(12) for field in values}
        return {
            field: b"\x01\x04home" + nonces[field] + cipher.encrypt(nonces[field], value, _bound(subject, field))
            for field, value in values.items()
        }

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        self._answer()
        if subject not in self.keys:
            raise (Destroyed if subject in self.destroyed else Unopened)("It opens for nobody.")
        cipher = AESGCM(self.keys[subject])
        try:
            return {
                field: cipher.decrypt(value[6:18], value[18:], _bound(subject, field))
                for field, value in sealed.items()
            }
        except InvalidTag:
            raise Unopened("The seal does not open.") from None

    def mark(self, field: Field, values: Sequence[bytes]) -> list[bytes]:
        self._answer()
        return [hmac.digest(self._marks, field.value.encode() + b" " + value, sha256) for value in values]

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        self._answer()
        return {viewer: hmac.digest(self._marks, b"secret " + viewer.to_bytes(8), sha256) for viewer in viewers}

    def destroy(self, subjects: Sequence[Subject]) -> int:
        self._answer()
        self.destroyed |= set(subjects)
        return sum(self.keys.pop(subject, None) is not None for subject in subjects)

    def _answer(self) -> None:
        if self.left is not None:
            self.left -= 1
        if self.is_away or (self.left is not None and self.left < 0):
            raise BrokerUnavailable("The broker does not answer.")


def _bound(subject: Subject, field: Field) -> bytes:
    return f"{subject.kind} {subject.id} {field}".encode()
