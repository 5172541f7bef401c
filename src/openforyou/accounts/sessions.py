"""Who is signed in: 32 random bytes in a cookie, their SHA-256 in the table.

Kept by the server, so that signing out ends a session everywhere at once; kept as a hash, so that who reads the
table cannot sign in with what they read. A session lasts 30 days from its last use and 180 days in all.

Who they are lies beside it in an envelope that the token alone opens: what was opened at the sign-in is at hand for
each request without asking whoever keeps the keys, and a copy of the table tells it to nobody. The envelope is bound to
the account's edition, so that a session ends when what is sealed of its account has changed.
"""

from __future__ import annotations

import hashlib
import secrets

from openforyou.accounts import store
from openforyou.accounts.envelope import Sealing, closed, opened
from openforyou.accounts.rules import RENEW_EVERY, session_end
from openforyou.accounts.types import Account, NewSession, Role, Session, SignedIn
from openforyou.core.clock import Clock
from openforyou.core.encoding import to_base64url
from openforyou.core.ids import AccountId, ViewerId
from openforyou.storage.database import Database

TOKEN_BYTES = 32
TOKEN_LENGTH = 43


class Sessions:
    """Begin, find and end sessions on one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, account: Account, *, instead_of: str = "") -> SignedIn:
        """A new session with a new token; `instead_of`, the one that the browser had before, ends."""
        token = to_base64url(secrets.token_bytes(TOKEN_BYTES))
        now = self._clock.now()
        begun = NewSession(_hash(token), account.id, now, session_end(now, now), _envelope(token, account))
        with self._database.begin() as connection:
            store.delete_expired(connection, now)
            if instead_of:
                store.delete_session(connection, _hash(instead_of))
            store.insert_session(connection, begun)
        return SignedIn(account, token, begun.expires_at)

    def find(self, token: str) -> Session | None:
        """Whose token it is; None when it is unknown, ended or expired. Prolongs it at most once a day."""
        if len(token) != TOKEN_LENGTH:
            return None
        now = self._clock.now()
        with self._database.glance() as connection:
            found = store.find_session(connection, _hash(token), now)
        if found is None:
            return None
        envelope, created_at, expires_at, account_id, role, has_password, since, edition = found
        told = opened(token.encode(), Sealing.SESSION, _bound(account_id, edition), bytes(envelope))
        if told is None:
            return None
        account = Account(
            id=AccountId(account_id),
            viewer_id=ViewerId(told["viewer"]),
            email=told["email"],
            role=Role(role),
            has_password=has_password,
            created_at=since,
            is_minor=told["minor"],
            edition=edition,
        )
        prolonged = session_end(created_at, now)
        if prolonged - expires_at < RENEW_EVERY:
            return Session(account, expires_at)
        with self._database.begin() as connection:
            store.prolong_session(connection, _hash(token), prolonged)
        return Session(account, prolonged, renewed=True)

    def end(self, token: str) -> None:
        """Sign out; no error when it ended before."""
        with self._database.begin() as connection:
            store.delete_session(connection, _hash(token))

    def end_all(self, account_id: AccountId, *, but: str = "") -> int:
        """Sign out everywhere, `but` there. Answers how many ended."""
        with self._database.begin() as connection:
            return store.delete_sessions(connection, account_id, but=_hash(but) if but else b"")

    def count(self, account_id: AccountId) -> int:
        """In how many places somebody is signed in."""
        with self._database.connect() as connection:
            return store.count_sessions(connection, account_id, self._clock.now())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _envelope(token: str, account: Account) -> bytes:
    told = {"viewer": account.viewer_id, "email": account.email, "minor": account.is_minor}
    return closed(token.encode(), Sealing.SESSION, _bound(account.id, account.edition), told)


def _bound(account_id: int, edition: int) -> bytes:
    """Another account's row, or this one's as it was before, does not fit."""
    return account_id.to_bytes(8, "big") + edition.to_bytes(8, "big")
