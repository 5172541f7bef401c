"""Who of the staff may do what, what they ask, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from openforyou.privacy.vault.types import Field, Subject


class Duty(StrEnum):
    """What somebody of the staff is there for, in the region of their broker. docs/access.md says what each may."""

    SUPPORT = "support"
    TRUST = "trust"
    LEGAL = "legal"
    AUDITOR = "auditor"
    GRANTER = "granter"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


class Doing(StrEnum):
    """What an act does. The names are signed over, and never change their meaning."""

    REQUEST = "request"
    GRANT = "grant"
    REFUSE = "refuse"
    READ = "read"
    REVOKE = "revoke"
    EMERGENCY = "emergency"
    """Break the glass: danger to life."""
    REVIEW = "review"
    """Of an emergency or an alarm."""
    DELAY = "delay"
    """Agree that a person is told later."""
    PROTECT = "protect"
    ENROL = "enrol"
    """Propose how somebody of the staff is to stand from now on."""
    AGREE = "agree"
    """The second administrator's word to a proposal."""
    SETTLE = "settle"
    """After the entries and the log did not agree, or the clock had gone astray."""
    TRACE = "trace"
    """From the mark of a leaked value to the look that it came from."""
    LOOK = "look"
    """Read the lists that one's duties call for. Signed like the others; makes no entry. It may name nobody: then the
    key tells who it is."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody signed. `text` is what the signature covers, byte for byte; `body` depends on `doing`."""

    doing: Doing
    by: str
    broker: str
    at: datetime
    nonce: str
    body: Mapping[str, Any]
    text: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody of the staff. In the open they are their `id` and their duties; `name` stays with the broker.

    `keys` are public keys as `acts.public_text` writes them. `account` is their own account here, or 0.
    """

    id: str
    name: str
    duties: frozenset[Duty]
    keys: tuple[str, ...]
    account: int = 0

    @property
    def is_active(self) -> bool:
        """Whether they have any duty left."""
        return bool(self.duties)


@dataclass(frozen=True, slots=True)
class Purpose:
    """A published reason to look. Nothing is opened for any other.

    `longest` bounds the time box, and the shorter `longest_protected` that for a protected person. `case` is the kind
    of case that must be named, or empty.
    """

    name: str
    words: str
    fields: frozenset[Field]
    longest: timedelta
    may_ask: frozenset[Duty]
    case: str = ""
    may_delay: bool = False
    is_emergency: bool = False


class Standing(StrEnum):
    """Where a request stands. That a grant is over by time is no state: the clock says so."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Later:
    """A wish that the person is told `days` after the grant. `agreed` is None until another decided."""

    days: int
    order: str
    agreed: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One wish to see one person's fields, and all that became of it. `until` is set with the last grant."""

    id: str
    by: str
    duty: Duty
    subject: Subject
    purpose: str
    case: str
    fields: tuple[Field, ...]
    minutes: int
    at: datetime
    words: str
    is_protected: bool = False
    is_emergency: bool = False
    case_fits: bool | None = None
    standing: Standing = Standing.WAITING
    grants: tuple[tuple[str, datetime], ...] = ()
    granted_at: datetime | None = None
    until: datetime | None = None
    reads: tuple[datetime, ...] = ()
    later: Later | None = None
    reviewed: bool | None = None
    """Of an emergency: whether a reviewer found it right; None until then."""

    def told_at(self) -> datetime | None:
        """From when the person reads of it: at once, or when an agreed delay ends; None: not decided yet."""
        if self.later is None or self.later.agreed is False:
            return self.at
        if self.granted_at is not None:
            return self.granted_at + timedelta(days=self.later.days) if self.later.agreed else self.at
        return self.at if self.standing in (Standing.REFUSED, Standing.REVOKED) else None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a reviewer must look at. `staff` and `requests` name whom and what it is about."""

    id: str
    kind: str
    at: datetime
    words: str
    score: float
    staff: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    reviewed_by: str = ""


class Traced(NamedTuple):
    """A leak that was traced: by whom, and the requests that its mark fits."""

    by: str
    at: datetime
    words: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, in the order in which it did. `hash` covers all of it and the entry before.

    `text` and `signature` are the act's, empty for what the broker does by itself; `outcome` is what came of it.
    """

    seq: int
    at: datetime
    doing: str
    by: str
    text: str
    signature: bytes
    nonce: str
    outcome: Mapping[str, Any]
    before: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Logged:
    """The public record that an entry has. `index` is where it was seen in the published log; None: not yet."""

    seq: int
    leaf: bytes
    since: int
    index: int | None = None
    queued: int | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest checkpoint of the log that the broker verified."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Looked:
    """One access as the person themself reads it. `entry` names its record in the public log,
    and `salt` shows that the record is about them; both are empty for what never opened."""

    role: Duty
    staff: str
    purpose: str
    case: str
    fields: tuple[Field, ...]
    asked_at: datetime
    standing: str
    granted_at: datetime | None
    until: datetime | None
    reads: tuple[datetime, ...]
    is_emergency: bool
    delayed_days: int
    entry: str
    salt: str


@dataclass(frozen=True, slots=True)
class Home:
    """Which broker this is. `key` makes marks that nobody else can make: 32 bytes."""

    region: str
    id: str
    key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """As acts name it."""
        return f"{self.region}/{self.id}"


class Vault(Protocol):
    """What the broker's other half does here. Safe for several threads."""

    def holds(self, subject: Subject) -> bool:
        """Whether this broker has the person's key: it has none of other regions' people, nor of who was forgotten."""
        ...

    def open_sealed(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """What was sealed under the person's key. This room alone calls it, and last of all.

        Raises `Unopened` for a seal of somebody or something else, `Destroyed`, `WrongRegion`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Beside:
    """What whoever brings an act hands in with it; nothing of it is a permission.

    `sealed`: the person's seals as the database keeps them, for a look those of its fields, for a request that of
    `minor`. `case_fits`: whether a case of that kind is open and about that person; None: such cases are not kept.
    """

    sealed: Mapping[Field, bytes] = field(default_factory=dict)
    case_fits: bool | None = None
