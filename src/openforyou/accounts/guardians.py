"""Who decides for a minor: an invitation that the minor sends, and that a signed-in adult accepts.

The code is shown once and kept as a hash. It is good for two days and for one use, and nobody can accept their own.

Who the two are does not stand in the table: it has their marks alone. The minor's side goes with the code, in an
envelope that the code opens; whoever accepts it keeps it in a list that is sealed under their own key.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from openforyou.accounts import store
from openforyou.accounts.envelope import Sealing, closed, opened
from openforyou.accounts.errors import BadInvitation, NotAGuardian
from openforyou.accounts.seals import Seals
from openforyou.accounts.types import Account, Guardianship, Invitation, Ward
from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict, NotAllowed
from openforyou.core.ids import ALPHABET, AccountId, ViewerId, decode_id, encode_id, new_id
from openforyou.privacy.vault.types import Field
from openforyou.storage.database import Database

INVITATION_LIFE = timedelta(days=2)
CODE_LETTERS = 16
"""Of 58: 93 bits, which nobody guesses in two days."""
GUARDIANS_MAX = 4


class Guardians:
    """On one database. Safe for several threads. Every call may raise `BrokerUnavailable`."""

    def __init__(self, database: Database, clock: Clock, sealing: Seals) -> None:
        self._database = database
        self._clock = clock
        self._seals = sealing

    def invite(self, account: Account) -> str:
        """A code for whoever is to decide for this minor; the one before is void. Raises `NotAllowed`."""
        if not account.is_minor:
            raise NotAllowed("Nobody decides for you.", hint="Only accounts of minors have guardians.")
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LETTERS))
        (mark,) = self._seals.guardian_marks(account.id)
        told = told_of(Ward(account.id, account.viewer_id, account.email))
        envelope = closed(code.encode(), Sealing.INVITATION, mark, told)
        with self._database.begin() as connection:
            expires_at = self._clock.now() + INVITATION_LIFE
            store.put_invitation(connection, _hidden(code), Invitation(mark, envelope), expires_at)
        return code

    def accept(self, code: str, account: Account) -> Guardianship:
        """Decide for whoever gave out the code. Raises `NotAllowed`, `BadInvitation`, `Conflict`."""
        if account.is_minor:
            raise NotAllowed("A minor cannot be a guardian.", hint="Ask an adult to sign in and accept it.")
        plain = "".join(code.split())
        now = self._clock.now()
        (mark,) = self._seals.guardian_marks(account.id)
        with self._database.begin() as connection:
            found = store.find_invitation(connection, _hidden(plain), now)
            if found is None or found.ward_mark == mark:
                raise BadInvitation
            told = opened(plain.encode(), Sealing.INVITATION, found.ward_mark, found.envelope)
            if told is None:
                raise BadInvitation
            standing = store.guardianships(connection, ward_mark=found.ward_mark)
            if any(one.guardian_mark == mark for one in standing):
                raise Conflict("You are their guardian already.", hint="Nothing to do.")
            if len(standing) >= GUARDIANS_MAX:
                raise Conflict(f"They have {GUARDIANS_MAX} guardians.", hint="One of them can step back first.")
            evidence = f"invited by the minor's account, and accepted by a signed-in adult's, on {now.date()}"
            begun = Guardianship(new_id(), found.ward_mark, mark, now, evidence)
            store.lock_account(connection, account.id)
            store.insert_guardianship(connection, begun)
            store.delete_invitation(connection, found.ward_mark)
            still = {encode_id(one.id) for one in store.guardianships(connection, guardian_mark=mark)}
            noted = self._seals.noted(connection, account.id, Field.GUARDIANS)
            kept = {name: ward for name, ward in noted.items() if name in still}
            self._seals.note(connection, account.id, Field.GUARDIANS, kept | {encode_id(begun.id): told})
        return begun

    def of_ward(self, ward_id: AccountId) -> list[Guardianship]:
        """Who decides for a minor, oldest first."""
        (mark,) = self._seals.guardian_marks(ward_id)
        with self._database.connect() as connection:
            return store.guardianships(connection, ward_mark=mark)

    def of_guardian(self, guardian_id: AccountId) -> list[tuple[Guardianship, Ward]]:
        """For whom an account decides, oldest first; for its owner, who is signed in."""
        (mark,) = self._seals.guardian_marks(guardian_id)
        with self._database.connect() as connection:
            standing = store.guardianships(connection, guardian_mark=mark)
            noted = self._seals.noted(connection, guardian_id, Field.GUARDIANS) if standing else {}
        return [(one, _ward(noted[name])) for one in standing if (name := encode_id(one.id)) in noted]

    def require(self, guardianship_id: int, guardian_id: AccountId) -> tuple[Guardianship, Ward]:
        """One of a guardian's own that stands. Raises `NotAGuardian`, the same for somebody else's and for none."""
        for found in self.of_guardian(guardian_id):
            if found[0].id == guardianship_id:
                return found
        raise NotAGuardian


def told_of(ward: Ward) -> dict[str, Any]:
    """A ward as envelopes and sealed lists have them."""
    return {"account": encode_id(ward.id), "viewer": encode_id(ward.viewer_id), "name": ward.name}


def _ward(told: dict[str, Any]) -> Ward:
    return Ward(AccountId(decode_id(told["account"])), ViewerId(decode_id(told["viewer"])), told["name"])


def _hidden(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
