"""A person as the tables name them, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from openforyou.core.ids import encode_id
from openforyou.privacy.vault.types import Kind, Subject


@dataclass(frozen=True, slots=True)
class Person:
    """By which numbers somebody stands in the tables. Whoever has no account is a viewer alone."""

    viewer_id: int
    account_id: int | None = None
    creator_id: int | None = None
    mark: bytes | None = None
    """What stands for their account in guardianships."""

    @property
    def subjects(self) -> list[Subject]:
        """Whose keys are theirs."""
        account = [] if self.account_id is None else [Subject(Kind.ACCOUNT, self.account_id)]
        return [Subject(Kind.VIEWER, self.viewer_id), *account]

    def leaving(self, what: What) -> Person:
        """As much of them as goes: with the history alone, the viewer that they were."""
        return self if what is What.EVERYTHING else Person(self.viewer_id)

    def as_dict(self) -> dict[str, Any]:
        """As an erasure remembers it while it runs."""
        mark = None if self.mark is None else self.mark.hex()
        return {"viewer_id": self.viewer_id, "account_id": self.account_id, "creator_id": self.creator_id, "mark": mark}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Person:
        """From `as_dict`."""
        mark = None if told["mark"] is None else bytes.fromhex(told["mark"])
        return cls(told["viewer_id"], told["account_id"], told["creator_id"], mark)


class What(StrEnum):
    """How much of a person is to be forgotten."""

    EVERYTHING = "everything"
    """The account, what was watched, what was published. Of an anonymous viewer all that there is."""
    HISTORY = "history"
    """What was watched, liked and followed. The account stays, and goes on under a pseudonym that nobody has seen."""


class State(StrEnum):
    """Where an erasure stands."""

    GOING = "going"
    LOOKING = "looking"
    """Everything is gone; one more look comes for what was on its way meanwhile."""
    WAITING = "waiting"
    """The rest waits for a claim to be closed."""
    DONE = "done"


class Contested(NamedTuple):
    """What an open claim keeps for the other side: until it is closed, nobody may destroy what it is about."""

    items: frozenset[int] = frozenset()
    claims: tuple[str, ...] = ()
    """Their public ids."""
    until: datetime | None = None
    """When the last of them is to be decided."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a person is told of their erasure, then and whenever they ask by its id."""

    id: int
    what: What
    state: State
    asked_at: datetime
    gone_at: datetime | None
    """When the last key and row was destroyed that does not wait."""
    finished_at: datetime | None
    removed: Mapping[str, int]
    """Rows by table, and `files`."""
    waits: tuple[str, ...]
    """What is still here and why, in words."""
    leaf: bytes
    leaf_seq: int

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "id": encode_id(self.id),
            "what": self.what.value,
            "state": self.state.value,
            "asked_at": self.asked_at.isoformat(),
            "gone_at": None if self.gone_at is None else self.gone_at.isoformat(),
            "finished_at": None if self.finished_at is None else self.finished_at.isoformat(),
            "removed": dict(self.removed),
            "waits": list(self.waits),
            "record": self.leaf.decode(),
        }


class Ties(Protocol):
    """What the rooms above do when somebody goes. Each may be called again, with the same result."""

    def loosen(self, person: Person, what: What, next_viewer: int) -> None:
        """Take every right back, items out of sight, end sessions and guardianships, take claims back. For `HISTORY`
        put the account on the pseudonym `next_viewer`."""
        ...

    def keys_gone(self, person: Person) -> None:
        """The keys of these were destroyed: let go of what is still remembered of them."""
        ...

    def contested(self, person: Person) -> Contested:
        """What an open claim keeps."""
        ...

    def remove_files(self, person: Person, items: Collection[int], sounds: Collection[int]) -> int:
        """Delete the files of those items and sounds, and what lies on the way in. Answers how many there were."""
        ...


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a person's copy. `rows` is read once, as it is written."""

    name: str
    """As `events`: the file is `events.json`."""
    title: str
    what: str
    """In plain words: what it is, and why it is kept."""
    rows: Iterable[Mapping[str, Any]]
    columns: Mapping[str, str] = field(default_factory=dict)
    """What each field means."""
    note: str = ""
    """How long it is kept, or what is not in it and why."""


Documents = Callable[[Person], Iterable[Document]]
"""What a room above can tell of a person besides what lies in the tables."""
