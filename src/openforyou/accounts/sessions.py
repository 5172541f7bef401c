"""Who is signed in: 32 random bytes in a cookie, their SHA-256 in the table.

Kept by the server, so that signing out ends a session everywhere at once; kept as a hash, so that who reads the
table cannot sign in with what they read. A session lasts 30 days from its last use and 180 days in all.
"""

from __future__ import annotations

import hashlib
import secrets

from openforyou.accounts import store
from openforyou.accounts.rules import RENEW_EVERY, session_end
from openforyou.accounts.types import Account, Session, SignedIn
from openforyou.core.clock import Clock
from openforyou.core.encoding import to_base64url
from openforyou.core.ids import AccountId
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
        expires_at = session_end(now, now)
        with self._database.begin() as connection:
            store.delete_expired(connection, now)
            if instead_of:
                store.delete_session(connection, _hash(instead_of))
            store.insert_session(connection, _hash(token), account.id, now, expires_at)
        return SignedIn(account, token, expires_at)

    def find(self, token: str) -> Session | None:
        """Whose token it is; None when it is unknown, ended or expired. Prolongs it at most once a day."""
        if len(token) != TOKEN_LENGTH:
            return None
        now = self._clock.now()
        with self._database.connect() as connection:
            found = store.find_session(connection, _hash(token), now)
        if found is None:
            return None
        account, created_at, expires_at = found
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
