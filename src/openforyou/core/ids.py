"""Ids: 63 random bits inside, eleven characters outside.

Inside, an id is a plain positive integer: a `bigint` in PostgreSQL and an `int64` in NumPy, so that a feed
over a million items moves arrays and not strings. Outside (URLs, JSON, pages) it is eleven characters of
base 58, which cannot be counted through and has no look-alike letters. Each kind of id is its own type, so
that the type checker refuses a creator where an item belongs.

Collisions: among ten million ids the chance of any is about 5e-6 (birthday bound, n²/2^64); the primary key refuses
the second, and nothing is lost.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b
from typing import NewType

from openforyou.core.errors import BadInput

AccountId = NewType("AccountId", int)
"""Who signs in. Never leaves the rooms `accounts` and `web`."""
ViewerId = NewType("ViewerId", int)
"""The pseudonym under which somebody watches. Everything behind the sign-in knows only this."""
CreatorId = NewType("CreatorId", int)
ItemId = NewType("ItemId", int)
RequestId = NewType("RequestId", int)
SoundId = NewType("SoundId", int)
"""A sound of the library, or a work that is registered so that it is recognised."""

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 11
MAX_ID = 2**63 - 1
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}


def new_id() -> int:
    """A fresh id: uniform in 1 … 2^63 - 1, from the operating system's generator."""
    return secrets.randbelow(MAX_ID) + 1


def id_of(content: bytes) -> int:
    """What stands for `content` wherever it is met: 63 bits of its BLAKE2b, never 0."""
    return (int.from_bytes(blake2b(content, digest_size=8).digest()) >> 1) or 1


def encode_id(number: int) -> str:
    """The public form of `number`: always eleven characters."""
    assert 0 < number <= MAX_ID, f"not an id: {number}"
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, 58)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))


def decode_id(text: str, field: str = "id") -> int:
    """The number behind a public id. Raises `BadInput` naming `field` when `text` is not one."""
    number = 0
    if len(text) == LENGTH and all(letter in _VALUE for letter in text):
        for letter in text:
            number = number * 58 + _VALUE[letter]
        if 0 < number <= MAX_ID:
            return number
    raise BadInput(
        f"{field} is not an id of this platform: {text[:40]!r}.",
        hint="An id has eleven letters and digits, as in the address of an item's page.",
        field=field,
    )
