"""What one can do about a claim."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.types import Item, ItemStatus
from openforyou.core.clock import Clock
from openforyou.core.errors import Conflict
from openforyou.core.ids import CreatorId, ItemId, encode_id, new_id
from openforyou.moderation.claims import outcome, rules, store
from openforyou.moderation.claims.errors import ClaimNotFound, ClaimStands, NothingToClaim
from openforyou.moderation.claims.types import (
    About,
    Act,
    Case,
    Claim,
    ClaimId,
    ClaimKind,
    ClaimState,
    Moves,
    Ruling,
    Side,
    Step,
)
from openforyou.storage.database import Database

LIVING_MAX = 20
"""Claims that one creator may have waiting at a time."""
LISTED = 200
WAITING = frozenset({ItemStatus.REFUSED, ItemStatus.HELD})


class Claims:
    """Use from any number of threads and processes at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # The sides

    def open(self, claimant: CreatorId, about: About, words: str) -> Claim:
        """Raises `NothingToClaim`, `ClaimStands`, `BadInput` naming the field, `Conflict` past `LIVING_MAX`."""
        words = rules.checked_words(words, "statement")
        now = self._clock.now()
        claim = Claim(
            id=ClaimId(new_id()),
            about=about,
            claimant=claimant,
            state=ClaimState.OPEN,
            opened_at=now,
            answer_by=rules.answer_by(now),
            decide_by=rules.decide_by(now),
        )
        with self._database.begin() as connection:
            store.lock_claimant(connection, claimant)
            self._check_about(connection, claimant, about)
            stands = store.living_like(connection, claimant, about)
            if stands is not None:
                raise ClaimStands(encode_id(stands))
            if store.living_count(connection, claimant) >= LIVING_MAX:
                raise Conflict(f"You have {LIVING_MAX} claims waiting.", hint="Wait for a decision, or take one back.")
            store.insert_claim(connection, claim)
            store.add_step(connection, claim.id, Step(now, Side.CLAIMANT, Act.OPENED, words))
        return claim

    def answer(self, claim_id: ClaimId, creator_id: CreatorId, words: str) -> Case:
        """Either side's say. Raises `ClaimNotFound`, `NotNow`, `BadInput`."""
        words = rules.checked_words(words, "statement")
        with self._database.begin() as connection:
            claim, side = self._mine(connection, claim_id, creator_id)
            rules.check_answer(claim, side)
            store.add_step(connection, claim.id, Step(self._clock.now(), side, Act.ANSWERED, words))
        return self.case(claim_id, creator_id)

    def rescind(self, claim_id: ClaimId, creator_id: CreatorId) -> Case:
        """Take a claim back. Raises `ClaimNotFound`, also for the other side, and `NotNow`."""
        with self._database.begin() as connection:
            claim, side = self._mine(connection, claim_id, creator_id)
            if side is not Side.CLAIMANT:
                raise ClaimNotFound(encode_id(claim_id))
            rules.check_rescind(claim)
            store.change(connection, claim.id, state=ClaimState.RESCINDED.value)
            store.add_step(connection, claim.id, Step(self._clock.now(), side, Act.RESCINDED, ""))
        return self.case(claim_id, creator_id)

    def appeal(self, claim_id: ClaimId, creator_id: CreatorId, words: str) -> Case:
        """By whoever lost, once. Raises `ClaimNotFound`, `NotNow`, `BadInput`."""
        words = rules.checked_words(words, "statement")
        now = self._clock.now()
        with self._database.begin() as connection:
            claim, side = self._mine(connection, claim_id, creator_id)
            rules.check_appeal(claim, side, now)
            state, due = ClaimState.APPEALED.value, rules.decide_by(now)
            store.change(connection, claim.id, state=state, decide_by=due, appeal_until=None)
            store.add_step(connection, claim.id, Step(now, side, Act.APPEALED, words))
        return self.case(claim_id, creator_id)

    def of(self, creator_id: CreatorId) -> list[Case]:
        """Those in which a creator is a side, newest first, at most `LISTED`."""
        with self._database.connect() as connection:
            return _cases(connection, store.claims_of(connection, creator_id, LISTED))

    def case(self, claim_id: ClaimId, creator_id: CreatorId | None = None) -> Case:
        """As one of its sides reads it; None: as staff does. Raises `ClaimNotFound`."""
        with self._database.connect() as connection:
            claim = store.claim(connection, claim_id)
            if claim is None or (creator_id is not None and claim.side_of(creator_id) is None):
                raise ClaimNotFound(encode_id(claim_id))
            return _cases(connection, [claim])[0]

    # The staff

    def waiting(self) -> list[Case]:
        """All that are not over, the most urgent first, at most `LISTED`."""
        with self._database.connect() as connection:
            return _cases(connection, store.living(connection, LISTED))

    def decide(self, claim_id: ClaimId, ruling: Ruling, words: str, by: str) -> Case:
        """What the decision does is done in the same transaction, and can be undone until an appeal is over.

        Raises `ClaimNotFound`, `NotNow` before the other side had its say, `SamePerson` on an appeal, `BadInput`.
        """
        words, by, now = rules.checked_words(words, "reason"), rules.checked_name(by), self._clock.now()
        with self._database.begin() as connection:
            claim = store.claim(connection, claim_id, to_change=True)
            if claim is None:
                raise ClaimNotFound(encode_id(claim_id))
            said = store.steps(connection, [claim_id])[claim_id]
            answered = any(step.side is Side.RESPONDENT and step.act is Act.ANSWERED for step in said)
            rules.check_decision(claim, by, now, is_answered=answered)
            was_upheld = claim.ruling is Ruling.UPHELD
            decided = replace(claim, ruling=ruling)
            if ruling is Ruling.UPHELD and not was_upheld:
                outcome.begin(connection, decided, now)
            elif ruling is Ruling.REJECTED and was_upheld:
                outcome.undo(connection, decided, now)
            store.add_step(connection, claim_id, Step(now, Side.STAFF, rules.act_of(ruling), words, by))
            store.add_decider(connection, claim_id, by)
            if claim.state is ClaimState.APPEALED:
                store.change(connection, claim_id, ruling=ruling.value)
                self._close(connection, decided, now)
            else:
                until = rules.appeal_until(now)
                store.change(
                    connection, claim_id, ruling=ruling.value, state=ClaimState.DECIDED.value, appeal_until=until
                )
        return self.case(claim_id)

    def close_due(self) -> int:
        """Settle what was decided and not appealed against in time; answers how many."""
        now = self._clock.now()
        with self._database.begin() as connection:
            due = store.past_appeal(connection, now)
            for claim_id in due:
                claim = store.claim(connection, claim_id, to_change=True)
                if claim is not None and claim.state is ClaimState.DECIDED:
                    self._close(connection, claim, now)
        return len(due)

    def moves(self) -> Moves:
        """How claims are treated here, as counts."""
        with self._database.connect() as connection:
            return store.moves(connection, self._clock.now())

    # Inside

    def _close(self, connection: Connection, claim: Claim, now: datetime) -> None:
        if claim.ruling is Ruling.UPHELD:
            outcome.settle(connection, claim, now)
        store.change(connection, claim.id, state=ClaimState.CLOSED.value)
        store.add_step(connection, claim.id, Step(now, Side.CLOCK, Act.CLOSED, ""))

    def _mine(self, connection: Connection, claim_id: ClaimId, creator_id: CreatorId) -> tuple[Claim, Side]:
        claim = store.claim(connection, claim_id, to_change=True)
        side = None if claim is None else claim.side_of(creator_id)
        if claim is None or side is None:
            raise ClaimNotFound(encode_id(claim_id))
        return claim, side

    def _check_about(self, connection: Connection, claimant: CreatorId, about: About) -> None:
        if about.respondent == claimant:
            raise NothingToClaim("That is yours already.", hint="Nothing to do.")
        if about.kind is ClaimKind.IMPERSONATION:
            if catalog_store.find_creator(connection, creator_id=about.respondent) is None:
                raise NothingToClaim("There is no such creator.", hint="Name them as their page's address does.")
            return
        items = self._items(connection, about)
        item, other = items.get(about.item_id or 0), items.get(about.other_id or 0)
        if about.kind is ClaimKind.THEFT:
            if item is None or item.creator_id != about.respondent or item.status is not ItemStatus.PUBLISHED:
                raise NothingToClaim("No such clip is published.", hint="It was withdrawn, or the address is mistyped.")
        elif item is None or item.creator_id != claimant or item.status not in WAITING:
            raise NothingToClaim("No clip of yours waits for that.", hint="My clips says which do, and why.")
        elif other is None or other.creator_id != about.respondent:
            raise NothingToClaim("The clip that it was taken for is gone.", hint="Upload yours again.")

    def _items(self, connection: Connection, about: About) -> dict[int, Item]:
        ids: list[ItemId] = [one for one in (about.item_id, about.other_id) if one is not None]
        return catalog_store.items_by_id(connection, ids, at=self._clock.now(), right=None)


def _cases(connection: Connection, some: list[Claim]) -> list[Case]:
    steps = store.steps(connection, [claim.id for claim in some])
    return [Case(claim, steps[claim.id]) for claim in some]
