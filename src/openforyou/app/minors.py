"""Minors and their guardians, over every room that a minor is to be safe in.

A minor's account is private, unprofiled, and learned from only by a guardian's recorded word. Three rooms hold that,
and none of them asks this one: a right over a minor's history or clip carries a guardian's *no* from its first moment
(`catalog/rights`), a creator that is guarded adds none without it (`catalog`), and a guarded feed uses nothing of what
was done, whatever stands beside it (`events/controls`). Here the three are set together, in one transaction.

That an account is a minor's is sealed with the rest of who they are, and was said on record about the pseudonym. The
two meet where somebody signs in: where they differ, the record holds.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from openforyou.accounts import seals
from openforyou.accounts import store as accounts_store
from openforyou.accounts.guardians import Guardians
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account, Guardianship, Ward
from openforyou.catalog import store as catalog_store
from openforyou.catalog.errors import ItemNotFound
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.service import STEAD, Rights
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, Voice
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, Conflict, NotAllowed
from openforyou.core.ids import AccountId, CreatorId, ItemId, ViewerId, encode_id
from openforyou.events.controls import store as controls_store
from openforyou.storage.database import Database

DECLARED = "the account was declared a minor's"
OF_AGE = "came of age: the choice is their own"
ALONE = "their last guardian stepped back"
PAGE = "chosen by the guardian on their page"
TOLD_MAX = 300
_log = logging.getLogger(__name__)


class Minors:
    """On one database. `guardians` is the door by which somebody becomes one."""

    def __init__(self, database: Database, clock: Clock, accounts: Accounts, rights: Rights) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._rights = rights
        self.guardians = Guardians(database, clock, accounts.seals)

    def at_the_door(self, account: Account) -> Account:
        """Whoever has just signed up or in, a minor where the record says so; before their session begins.

        Completes what is missing of a minor's protection: where a process ended while they signed up, where an
        operator declared it, or where somebody put an older seal back.
        """
        if account.is_minor:
            return self.declare(account)
        if self._was_declared(account.viewer_id):
            _log.warning("a seal says of age and the record says a minor: the record holds")
            return self.declare(account)
        return account

    def declare(self, account: Account) -> Account:
        """Make an account a minor's; nothing is changed where it is one, with all that belongs to it. Whoever is
        signed in there signs in again."""
        fresh = {} if account.is_minor else self._accounts.seals.minor(account.id, is_minor=True)
        with self._database.begin() as connection:
            if fresh:
                seals.put(connection, account.id, fresh)
                accounts_store.renew(connection, account.id)
            catalog_store.set_guarded(connection, account.id, guarded=True)
            controls_store.set_guarded(connection, account.viewer_id, guarded=True)
            if not minor_by_record(connection, account.viewer_id):
                self._shut(connection, account.id, account.viewer_id, DECLARED, self._clock.now())
        return replace(account, is_minor=True, edition=account.edition + 1) if fresh else account

    def declare_unseen(self, account_id: AccountId) -> None:
        """The same for an operator, to whom nothing of the account is opened.

        What was allowed is refused at once; what needs the pseudonym of somebody who had allowed nothing is done when
        they sign in next, before which nobody is signed in there.
        """
        with self._database.connect() as connection:
            learned = rights_store.subjects_with(connection, VIEWER_SUBJECT, Right.LEARN, self._clock.now())
        viewer_id = self._watching(account_id, learned)
        fresh = self._accounts.seals.minor(account_id, is_minor=True)
        with self._database.begin() as connection:
            seals.put(connection, account_id, fresh)
            accounts_store.renew(connection, account_id)
            catalog_store.set_guarded(connection, account_id, guarded=True)
            if viewer_id is not None:
                controls_store.set_guarded(connection, viewer_id, guarded=True)
            if viewer_id is None or not minor_by_record(connection, viewer_id):
                self._shut(connection, account_id, viewer_id, DECLARED, self._clock.now())

    def step_back(self, guardian_id: AccountId, guardianship_id: int) -> None:
        """A guardian is none any more; after the last one nothing holds until there is another.

        Raises `NotAGuardian`.
        """
        found, ward = self.guardians.require(guardianship_id, guardian_id)
        with self._database.begin() as connection:
            now = self._clock.now()
            standing = accounts_store.hold_guardianships(connection, found.ward_mark)
            accounts_store.end_guardianship(connection, found.id, now)
            if {one.id for one in standing} <= {found.id}:
                controls_store.set_guarded(connection, ward.viewer_id, guarded=True)
                self._shut(connection, ward.id, ward.viewer_id, ALONE, now)

    # What a guardian decides

    def ward(self, account: Account, guardianship_id: int) -> tuple[Guardianship, Ward]:
        """For whom a guardian decides, who is always a minor. Raises `NotAGuardian`."""
        return self.guardians.require(guardianship_id, account.id)

    def is_guarded(self, viewer_id: ViewerId) -> bool:
        """Whether a viewer may not turn profiling on, for want of a guardian's word."""
        with self._database.connect() as connection:
            return controls_store.is_guarded(connection, viewer_id)

    def choose_learning(self, account: Account, guardianship_id: int, *, learn: bool) -> None:
        """Whether models may learn from a ward's history. Raises `NotAGuardian`, also once they are of age."""
        found, ward = self.ward(account, guardianship_id)
        wanted = {Right.LEARN} if learn else set[Right]()
        self._choose(VIEWER_SUBJECT, {ward.viewer_id: wanted}, found)

    def choose_profiling(self, account: Account, guardianship_id: int, *, allowed: bool) -> None:
        """Whether a ward may let their feed use what they do. Off it stays until they turn it on."""
        _, ward = self.ward(account, guardianship_id)
        with self._database.begin() as connection:
            if controls_store.is_guarded(connection, ward.viewer_id) == allowed:
                controls_store.set_guarded(connection, ward.viewer_id, guarded=not allowed)

    def choose_for_items(
        self, account: Account, guardianship_id: int, wanted: Mapping[ItemId, Collection[Right]]
    ) -> None:
        """What may be done with a ward's clips. Raises `NotAGuardian`, `ItemNotFound` for one that is not theirs."""
        found, ward = self.ward(account, guardianship_id)
        with self._database.connect() as connection:
            creator = catalog_store.find_creator(connection, account_id=ward.id)
            theirs = [] if creator is None else catalog_store.item_ids_of(connection, creator.id)
        for item_id, rights in wanted.items():
            if item_id not in theirs:
                raise ItemNotFound(encode_id(item_id))
            if not set(rights) <= set(ITEM_RIGHTS):
                raise NotAllowed("An item carries no such right.", hint="Choose of show, recommend and learn.")
        self._choose(ITEM_SUBJECT, wanted, found)

    def come_of_age(self, ward: Account | Ward, *, by: str, evidence: str) -> None:
        """All that was decided for them ends, and each choice is theirs to make afresh, once they sign in again.

        `by` names the guardian or the operator who says so. Raises `Conflict` where they are no minor, `BadInput`.
        """
        if not evidence.strip() or len(evidence) > TOLD_MAX:
            raise BadInput("There is no evidence, or too much.", hint="Say how it is known.", field="evidence")
        if not self._was_declared(ward.viewer_id):
            raise OfAgeAlready
        now = self._clock.now()
        fresh = self._accounts.seals.minor(ward.id, is_minor=False)
        (mark,) = self._accounts.seals.guardian_marks(ward.id)
        with self._database.begin() as connection:
            seals.put(connection, ward.id, fresh)
            accounts_store.renew(connection, ward.id)
            catalog_store.set_guarded(connection, ward.id, guarded=False)
            controls_store.set_guarded(connection, ward.viewer_id, guarded=False)
            for one in accounts_store.hold_guardianships(connection, mark):
                accounts_store.end_guardianship(connection, one.id, now)
            accounts_store.delete_invitation(connection, mark)
            voice = Voice(Party.GUARDIAN, by, f"{OF_AGE}; {evidence.strip()}")
            for kind, subjects, rights in self._subjects(connection, ward.id, ward.viewer_id):
                ends = [one for right in rights for one in voice.says(Act.WITHDRAW, right, kind, subjects, now)]
                opens = [_opened(one) for one in ends]
                rights_store.record(connection, [*ends, *opens], now)

    def come_of_age_unseen(self, account_id: AccountId, *, by: str, evidence: str) -> None:
        """The same for an operator, to whom nothing of the account is opened: of those who are minors by the record it
        is found by its mark. Raises `Conflict` where it is none of them."""
        viewer_id = self._watching(account_id, self._minors())
        if viewer_id is None:
            raise OfAgeAlready
        self.come_of_age(Ward(account_id, viewer_id, ""), by=by, evidence=evidence)

    def _choose(self, kind: str, wanted: Mapping[Any, Collection[Right]], found: Guardianship) -> None:
        voice = Voice(Party.GUARDIAN, f"guardian:{encode_id(found.id)}", f"{PAGE}; {found.evidence}")
        self._rights.choose(kind, wanted, voice)

    def _shut(
        self, connection: Connection, account_id: AccountId, viewer_id: ViewerId | None, evidence: str, at: datetime
    ) -> None:
        """A guardian's *no* to everything that is asked of a minor. Their items first: locks have one order."""
        voice = Voice(STEAD.by, STEAD.name, evidence)
        for kind, subjects, rights in self._subjects(connection, account_id, viewer_id):
            said = [one for right in rights for one in voice.says(Act.REFUSE, right, kind, subjects, at)]
            rights_store.record(connection, said, at)

    def _subjects(
        self, connection: Connection, account_id: AccountId, viewer_id: ViewerId | None
    ) -> list[tuple[str, list[int], tuple[Right, ...]]]:
        creator = catalog_store.find_creator(connection, account_id=account_id)
        items = [] if creator is None else catalog_store.item_ids_of(connection, CreatorId(creator.id))
        history = [] if viewer_id is None else [viewer_id]
        return [(ITEM_SUBJECT, [*items], ITEM_RIGHTS), (VIEWER_SUBJECT, [*history], (Right.LEARN,))]

    def _watching(self, account_id: AccountId, among: Collection[int]) -> ViewerId | None:
        """Under which of those pseudonyms an account watches; None: under another."""
        found = self._accounts.of_viewers([ViewerId(one) for one in among])
        return next((viewer_id for viewer_id, whose in found.items() if whose == account_id), None)

    def _was_declared(self, viewer_id: ViewerId) -> bool:
        with self._database.connect() as connection:
            return minor_by_record(connection, viewer_id) is True

    def _minors(self) -> list[ViewerId]:
        """Who is a minor by the record."""
        with self._database.connect() as connection:
            told = rights_store.subjects_told(connection, VIEWER_SUBJECT, Party.GUARDIAN, DECLARED)
            return [ViewerId(one) for one in told if minor_by_record(connection, ViewerId(one))]

    # Held against the record

    def check(self) -> list[str]:
        """What does not agree with the record: somebody wrote into the database. Empty: all is well.

        Whether an account is a minor's is sealed, and held against the record when its owner signs in.
        """
        accounts = self._accounts.of_viewers(self._minors())
        with self._database.connect() as connection:
            guarded = catalog_store.guarded_accounts(connection)
        return [
            f"the account of viewer {encode_id(viewer_id)}: its creator is not guarded, against the record."
            for viewer_id, account_id in accounts.items()
            if guarded.get(account_id) is False
        ]


class OfAgeAlready(Conflict):
    """By the record they are no minor."""

    def __init__(self) -> None:
        super().__init__(
            "They are of age by the record.", hint="One who was only just declared a minor must sign in once before."
        )


def minor_by_record(connection: Connection, viewer_id: ViewerId) -> bool | None:
    """Whether what was said last about a viewer's age makes them a minor; None where nothing was."""
    found = None
    for event in rights_store.events_of(connection, VIEWER_SUBJECT, [viewer_id]):
        if event.decision.by is Party.GUARDIAN and event.decision.evidence == DECLARED:
            found = True
        elif event.decision.by is Party.GUARDIAN and event.decision.evidence.startswith(OF_AGE):
            found = False
    return found


def _opened(decision: Decision) -> Decision:
    """An empty grant in the same voice: the *no* is lifted, and nothing is given."""
    return replace(decision, act=Act.GRANT, until=decision.since)
