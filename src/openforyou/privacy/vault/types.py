"""Whose it is, what it is, and what the platform may ask of who keeps the keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol


class Kind(StrEnum):
    """Whose key it is: an account's owner's, or that of a viewer, who may have no account."""

    ACCOUNT = "account"
    VIEWER = "viewer"


class Subject(NamedTuple):
    """A person, by the name that the platform has for them."""

    kind: Kind
    id: int


class Field(StrEnum):
    """What is kept of a person under a seal. The names stand in requests for access and in the public log."""

    EMAIL = "email"
    MINOR = "minor"
    """Whether they said to be under age: `1` or `0`."""
    VIEWER = "viewer"
    """The pseudonym under which the owner of an account watches: the public form of its id."""
    GUARDIANS = "guardians"
    """Who decides for them, and for whom they decide."""
    DEVICES = "devices"
    """What they call the keys that they sign in with."""
    IDENTITIES = "identities"
    """What was seen when an account elsewhere was proven."""
    EVENT_SECRET = "event_secret"  # noqa: S105 - a name
    """Makes their marks in the public log: 32 bytes."""


class Keeper(Protocol):
    """Whoever holds the keys: the broker in its own process, or its client in ours. Safe for several threads.

    Every call raises `BrokerUnavailable` where no answer comes in time, and then nothing was done or opened.
    Ciphertexts go into `sealed_fields` (or beside what they belong to); the keeper keeps none.
    """

    def seal(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """Each value sealed under the subject's key, bound to subject, field and region. Makes the key where there is
        none; raises `Destroyed` where it was destroyed."""
        ...

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """For the person themself, who has just proven to be there. Raises `Unopened` for a seal that is not theirs,
        `Destroyed` where the key is gone, `WrongRegion` where another broker holds it."""
        ...

    def mark(self, field: Field, values: Sequence[bytes]) -> list[bytes]:
        """(32,) bytes each: the same for the same value, and no way back without the keeper. By it a person is found
        who gives an e-mail."""
        ...

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        """(32,) bytes for each viewer, derived from their key, made where there is none. A viewer whose key was
        destroyed is raised as `Destroyed`."""
        ...

    def destroy(self, subjects: Sequence[Subject]) -> int:
        """Destroy their keys, for good: what is sealed under them opens for nobody any more, from no backup. Answers
        how many there were. May be called again."""
        ...
