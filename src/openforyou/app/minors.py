"""Minors and their guardians, over every room that a minor is to be safe in.

A minor's account is private, unprofiled, and learned from only by a guardian's recorded word. Three rooms hold that,
and none of them asks this one: a right over a minor's history or clip carries a guardian's *no* from its first moment
(`catalog/rights`), a creator that is guarded adds none without it (`catalog`), and a guarded feed uses nothing of what
was done, whatever stands beside it (`events/controls`). Here the three are set together, in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from openforyou.accounts import store as accounts_store
from openforyou.accounts.guardians import Guardians, required
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account, Guardianship
from openforyou.catalog import store as catalog_store
from openforyou.catalog.errors import ItemNotFound
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.service import STEAD, Rights
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, Voice
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, Conflict, NotAllowed
from openforyou.core.ids import AccountId, CreatorId, ItemId, encode_id
from openforyou.events.controls import store as controls_store
from openforyou.storage.database import Database

DECLARED = "the account was declared a minor's"
OF_AGE = "came of age: the choice is their own"
ALONE = "their last guardian stepped back"
PAGE = "chosen by the guardian on their page"
TOLD_MAX = 300


class Minors:
    """On one database. `guardians` is the door by which somebody becomes one."""

    def __init__(self, database: Database, clock: Clock, accounts: Accounts, rights: Rights) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._rights = rights
        self.guardians = Guardians(database, clock)

    def declare(self, account: Account) -> None:
        """Make an account a minor's; nothing is changed where it is one, with all that belongs to it."""
        with self._database.begin() as connection:
            accounts_store.set_minor(connection, account.id, is_minor=True)
            catalog_store.set_guarded(connection, account.id, guarded=True)
            controls_store.set_guarded(connection, account.viewer_id, guarded=True)
            if not self._was_declared(connection, account):
                self._shut(connection, account, DECLARED, self._clock.now())

    def step_back(self, account: Account, guardianship_id: int) -> None:
        """A guardian is none any more; after the last one nothing holds until there is another.

        Raises `NotAGuardian`.
        """
        with self._database.begin() as connection:
            found = required(connection, guardianship_id, account.id)
            now = self._clock.now()
            accounts_store.end_guardianship(connection, found.id, now)
            if not accounts_store.guardianships(connection, ward_id=found.ward_id):
                ward = self._account(connection, found.ward_id)
                controls_store.set_guarded(connection, ward.viewer_id, guarded=True)
                self._shut(connection, ward, ALONE, now)

    # What a guardian decides

    def ward(self, account: Account, guardianship_id: int) -> tuple[Guardianship, Account]:
        """For whom a guardian decides. Raises `NotAGuardian`."""
        found = self.guardians.require(guardianship_id, account.id)
        return found, self._accounts.by_id(found.ward_id)

    def may_be_profiled(self, ward: Account) -> bool:
        """Whether a guardian allowed a ward to turn profiling on."""
        with self._database.connect() as connection:
            return not controls_store.is_guarded(connection, ward.viewer_id)

    def choose_learning(self, account: Account, guardianship_id: int, *, learn: bool) -> None:
        """Whether models may learn from a ward's history. Raises `NotAGuardian`, `Conflict` once they are of age."""
        found, ward = self._deciding(account, guardianship_id)
        wanted = {Right.LEARN} if learn else set[Right]()
        self._choose(VIEWER_SUBJECT, {ward.viewer_id: wanted}, found)

    def choose_profiling(self, account: Account, guardianship_id: int, *, allowed: bool) -> None:
        """Whether a ward may let their feed use what they do. Off it stays until they turn it on."""
        _, ward = self._deciding(account, guardianship_id)
        with self._database.begin() as connection:
            if controls_store.is_guarded(connection, ward.viewer_id) == allowed:
                controls_store.set_guarded(connection, ward.viewer_id, guarded=not allowed)

    def choose_for_items(
        self, account: Account, guardianship_id: int, wanted: Mapping[ItemId, Collection[Right]]
    ) -> None:
        """What may be done with a ward's clips. Raises `NotAGuardian`, `ItemNotFound` for one that is not theirs."""
        found, ward = self._deciding(account, guardianship_id)
        with self._database.connect() as connection:
            creator = catalog_store.find_creator(connection, account_id=ward.id)
            theirs = [] if creator is None else catalog_store.item_ids_of(connection, creator.id)
        for item_id, rights in wanted.items():
            if item_id not in theirs:
                raise ItemNotFound(encode_id(item_id))
            if not set(rights) <= set(ITEM_RIGHTS):
                raise NotAllowed("An item carries no such right.", hint="Choose of show, recommend and learn.")
        self._choose(ITEM_SUBJECT, wanted, found)

    def come_of_age(self, ward: Account, *, by: str, evidence: str) -> None:
        """All that was decided for them ends, and each choice is theirs to make afresh.

        `by` names the guardian or the operator who says so. Raises `Conflict` where they are no minor, `BadInput`.
        """
        if not evidence.strip() or len(evidence) > TOLD_MAX:
            raise BadInput("There is no evidence, or too much.", hint="Say how it is known.", field="evidence")
        now = self._clock.now()
        with self._database.begin() as connection:
            if not self._account(connection, ward.id).is_minor:
                raise Conflict("They are of age already.", hint="Nothing to do.")
            accounts_store.set_minor(connection, ward.id, is_minor=False)
            catalog_store.set_guarded(connection, ward.id, guarded=False)
            controls_store.set_guarded(connection, ward.viewer_id, guarded=False)
            for one in accounts_store.guardianships(connection, ward_id=ward.id):
                accounts_store.end_guardianship(connection, one.id, now)
            accounts_store.delete_invitation(connection, ward.id)
            voice = Voice(Party.GUARDIAN, by, f"{OF_AGE}; {evidence.strip()}")
            for kind, subjects, rights in self._subjects(connection, ward):
                ends = [one for right in rights for one in voice.says(Act.WITHDRAW, right, kind, subjects, now)]
                opens = [_opened(one) for one in ends]
                rights_store.record(connection, [*ends, *opens], now)

    def _deciding(self, account: Account, guardianship_id: int) -> tuple[Guardianship, Account]:
        found, ward = self.ward(account, guardianship_id)
        if not ward.is_minor:
            raise Conflict("They are of age, and decide for themselves.", hint="Nothing to do.")
        return found, ward

    def _choose(self, kind: str, wanted: Mapping[Any, Collection[Right]], found: Guardianship) -> None:
        voice = Voice(Party.GUARDIAN, f"guardian:{encode_id(found.id)}", f"{PAGE}; {found.evidence}")
        self._rights.choose(kind, wanted, voice)

    def _shut(self, connection: Connection, account: Account, evidence: str, at: datetime) -> None:
        """A guardian's *no* to everything that is asked of a minor. Their items first: locks have one order."""
        voice = Voice(STEAD.by, STEAD.name, evidence)
        for kind, subjects, rights in self._subjects(connection, account):
            said = [one for right in rights for one in voice.says(Act.REFUSE, right, kind, subjects, at)]
            rights_store.record(connection, said, at)

    def _subjects(self, connection: Connection, account: Account) -> list[tuple[str, list[int], tuple[Right, ...]]]:
        creator = catalog_store.find_creator(connection, account_id=account.id)
        items = [] if creator is None else catalog_store.item_ids_of(connection, CreatorId(creator.id))
        return [(ITEM_SUBJECT, [*items], ITEM_RIGHTS), (VIEWER_SUBJECT, [account.viewer_id], (Right.LEARN,))]

    def _account(self, connection: Connection, account_id: AccountId) -> Account:
        found = accounts_store.find_account(connection, account_id=account_id)
        assert found is not None, "a guardianship is deleted with either account"
        return found[0]

    def _was_declared(self, connection: Connection, account: Account) -> bool:
        return minor_by_record(connection, account) is True

    # Held against the record

    def check(self) -> list[str]:
        """What does not agree with the record: somebody wrote into the database. Empty: all is well."""
        found = []
        with self._database.connect() as connection:
            creators = catalog_store.guarded_accounts(connection)
            for account in accounts_store.all_accounts(connection):
                recorded = minor_by_record(connection, account) or False
                who = f"the account of viewer {encode_id(account.viewer_id)}"
                if account.is_minor != recorded:
                    says = "a minor's" if recorded else "of age"
                    found.append(f"{who}: by the record it is {says}, by the table it is not.")
                elif creators.get(account.id, recorded) != recorded:
                    found.append(f"{who}: its creator is {'not ' if recorded else ''}guarded, against the record.")
        return found


def minor_by_record(connection: Connection, account: Account) -> bool | None:
    """Whether what was said last about an account's age makes it a minor's; None where nothing was."""
    found = None
    for event in rights_store.events_of(connection, VIEWER_SUBJECT, [account.viewer_id]):
        if event.decision.by is Party.GUARDIAN and event.decision.evidence == DECLARED:
            found = True
        elif event.decision.by is Party.GUARDIAN and event.decision.evidence.startswith(OF_AGE):
            found = False
    return found


def _opened(decision: Decision) -> Decision:
    """An empty grant in the same voice: the *no* is lifted, and nothing is given."""
    return replace(decision, act=Act.GRANT, until=decision.since)
