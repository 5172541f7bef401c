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
class Account:
    """Who signs in. `viewer_id` is the pseudonym under which they watch; nothing behind the sign-in knows more."""

    id: AccountId
    viewer_id: ViewerId
    email: str
    role: Role
    has_password: bool
    created_at: datetime
    is_minor: bool = False
    """Private, unprofiled and not learned from, unless a guardian says otherwise."""


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
class Passkey:
    """A key that opens an account. `sign_count` is what its authenticator last told, 0 where it tells none."""

    credential_id: bytes
    account_id: AccountId
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks for a passkey: `id` is a host name, `origin` the address that the browser must say it was at."""

    id: str
    origin: str
    name: str = "OpenForYou"


@dataclass(frozen=True, slots=True)
class Guardianship:
    """Somebody who decides for a minor."""

    id: int
    ward_id: AccountId
    guardian_id: AccountId
    since: datetime
    evidence: str
    until: datetime | None = None


class Purpose(StrEnum):
    """What a challenge was given out for; it is good for nothing else."""

    REGISTER = "register"
    SIGN_IN = "sign_in"


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question that a passkey must answer, once and soon.

    To register: `account_id` is the account the key will open, `email` its address when it is yet to be made.
    """

    sha256: bytes
    purpose: Purpose
    account_id: AccountId | None
    email: str
    expires_at: datetime


Credential = dict[str, Any]
"""What a browser's `PublicKeyCredential.toJSON()` gives: untrusted."""
