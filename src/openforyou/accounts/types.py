"""Who signs in, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from openforyou.core.ids import AccountId, ViewerId

EMAIL_LENGTH_MAX = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""
PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 1_000
PASSKEYS_MAX = 20
PASSKEY_NAME_LENGTH_MAX = 60


class Role(StrEnum):
    """What an account may do. Each also may what those before it may."""

    VIEWER = "viewer"
    CREATOR = "creator"
    STAFF = "staff"

    @property
    def rank(self) -> int:
        """0 for a viewer, and up."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as its row has it: nothing that says who it is. `edition` counts the changes to what is sealed."""

    id: AccountId
    role: Role
    password_hash: str
    created_at: datetime
    edition: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in, for themselves. `viewer_id` is the pseudonym under which they watch; nothing behind the sign-in
    knows more."""

    id: AccountId
    viewer_id: ViewerId
    email: str
    role: Role
    has_password: bool
    created_at: datetime
    is_minor: bool = False
    """Private, unprofiled and not learned from, unless a guardian says otherwise."""
    edition: int = 0
    """How often what is sealed of it had changed when this was opened: a session made of an older one ends."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `renewed` says that `expires_at` moved just now, so the cookie must too."""

    account: Account
    expires_at: datetime
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that begins. `token` goes into the cookie and is kept nowhere else."""

    account: Account
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session as its row begins. `envelope` holds what its owner's requests need, and opens with the token alone."""

    token_sha256: bytes
    account_id: AccountId
    created_at: datetime
    expires_at: datetime
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that opens an account. `sign_count` is what its authenticator last told, 0 where it tells none; `name` is
    known to its owner alone, and empty where nobody opened it."""

    credential_id: bytes
    account_id: AccountId
    public_key: bytes
    sign_count: int
    created_at: datetime
    name: str = ""


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for a passkey: `id` is a host name, `origin` the address that the browser must say it was at."""

    id: str
    origin: str
    name: str = "OpenForYou"


@dataclass(frozen=True, slots=True)
class Guardianship:
    """That somebody decides for a minor. Both are known by their marks: the table does not tell who they are."""

    id: int
    ward_mark: bytes
    guardian_mark: bytes
    since: datetime
    evidence: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ward:
    """A minor, as whoever decides for them knows them. `name` is the e-mail that they signed in with then."""

    id: AccountId
    viewer_id: ViewerId
    name: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a minor's code leads to. `envelope` opens with the code alone."""

    ward_mark: bytes
    envelope: bytes


class Purpose(StrEnum):
    """What a challenge was given out for; it is good for nothing else."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question that a passkey must answer, once and soon.

    To register: `account_id` is the account the key will open; `envelope`, which opens with the challenge alone, holds
    the e-mail of one that is yet to be made.
    """

    sha256: bytes
    purpose: Purpose
    account_id: AccountId | None
    envelope: bytes
    expires_at: datetime


Credential = dict[str, Any]
"""What a browser's `PublicKeyCredential.toJSON()` gives: untrusted."""
