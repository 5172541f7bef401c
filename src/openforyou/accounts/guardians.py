"""Who decides for a minor: an invitation that the minor sends, and that a signed-in adult accepts.

The code is shown once and kept as a hash. It is good for two days and for one use, and nobody can accept their own.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import Connection

from openforyou.accounts import store
from openforyou.accounts.errors import BadInvitation, NotAGuardian
from openforyou.accounts.types import Account, Guardianship
from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict, NotAllowed
from openforyou.core.ids import ALPHABET, AccountId, new_id
from openforyou.storage.database import Database

INVITATION_LIFE = timedelta(days=2)
CODE_LETTERS = 16
"""Of 58: 93 bits, which nobody guesses in two days."""
GUARDIANS_MAX = 4


class Guardians:
    """On one database. Safe for several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def invite(self, account: Account) -> str:
        """A code for whoever is to decide for this minor; the one before is void. Raises `NotAllowed`."""
        if not account.is_minor:
            raise NotAllowed("Nobody decides for you.", hint="Only accounts of minors have guardians.")
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
        with self._database.begin() as connection:
            store.put_invitation(connection, _hidden(code), account.id, self._clock.now() + INVITATION_LIFE)
        return code

    def accept(self, code: str, account: Account) -> Guardianship:
        """Decide for whoever gave out the code. Raises `NotAllowed`, `BadInvitation`, `Conflict`."""
        if account.is_minor:
            raise NotAllowed("A minor cannot be a guardian.", hint="Ask an adult to sign in and accept it.")
        now = self._clock.now()
        with self._database.begin() as connection:
            ward_id = store.find_invitation(connection, _hidden("".join(code.split())), now)
            if ward_id is None or ward_id == account.id:
                raise BadInvitation
            standing = store.guardianships(connection, ward_id=ward_id)
            if any(one.guardian_id == account.id for one in standing):
                raise Conflict("You are their guardian already.", hint="Nothing to do.")
            if len(standing) >= GUARDIANS_MAX:
                raise Conflict(f"They have {GUARDIANS_MAX} guardians.", hint="One of them can step back first.")
            evidence = f"invited by the minor's account, and accepted by a signed-in adult's, on {now.date()}"
            begun = Guardianship(new_id(), ward_id, account.id, now, evidence)
            store.insert_guardianship(connection, begun)
            store.delete_invitation(connection, ward_id)
        return begun

    def of_ward(self, ward_id: AccountId) -> list[Guardianship]:
        """Who decides for a minor, oldest first."""
        with self._database.connect() as connection:
            return store.guardianships(connection, ward_id=ward_id)

    def of_guardian(self, guardian_id: AccountId) -> list[Guardianship]:
        """For whom an account decides, oldest first."""
        with self._database.connect() as connection:
            return store.guardianships(connection, guardian_id=guardian_id)

    def require(self, guardianship_id: int, guardian_id: AccountId) -> Guardianship:
        """One of a guardian's own that stands. Raises `NotAGuardian`, the same for somebody else's and for none."""
        with self._database.connect() as connection:
            return required(connection, guardianship_id, guardian_id)


def required(connection: Connection, guardianship_id: int, guardian_id: AccountId) -> Guardianship:
    """As `Guardians.require`, inside somebody else's transaction."""
    for one in store.guardianships(connection, guardian_id=guardian_id):
        if one.id == guardianship_id:
            return one
    raise NotAGuardian


def _hidden(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
