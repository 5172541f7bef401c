"""What one can do with published rules."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.errors import CreatorNotFound, ItemNotFound
from openforyou.catalog.types import Item
from openforyou.core.clock import Clock
from openforyou.core.encoding import digest
from openforyou.core.errors import Conflict
from openforyou.core.ids import MAX_ID, CreatorId, encode_id, new_id
from openforyou.events.log import store as log_store
from openforyou.events.types import ServedSlate
from openforyou.ledger.source import Source
from openforyou.moderation import store
from openforyou.moderation.effects import counted
from openforyou.moderation.errors import PolicyEnded, PolicyNotFound
from openforyou.moderation.published import Published
from openforyou.moderation.rules import checked, checked_reason, ending_leaf, is_about, policy_leaf, weights_leaf
from openforyou.moderation.store import Held
from openforyou.moderation.trust import Trust, places_of
from openforyou.moderation.types import (
    Effect,
    Ending,
    Felt,
    Policy,
    PolicyId,
    PolicyKind,
    Proposal,
    Rule,
    Scope,
    ScopeKind,
    Standing,
)
from openforyou.storage.database import Database

EFFECT_DAYS = 7
"""How far back the effects go that a creator is shown: today and the six days before."""


class Policies:
    """Publishing, ending and following rules. `source` is the log that they must stand in. Safe for several threads."""

    def __init__(self, database: Database, clock: Clock, source: Source) -> None:
        self._database = database
        self._clock = clock
        self._published = Published(source)
        self._trust = Trust(self._published)
        self._looking = threading.Lock()

    # Publishing

    def publish(self, proposal: Proposal) -> Policy:
        """Put a rule on its way into the log; it acts once its record stands there, within seconds.

        Raises `BadInput` naming the field, `ItemNotFound` or `CreatorNotFound` for a scope that is not there, and
        `Conflict` for a second freeze of an item.
        """
        policy = checked(proposal, PolicyId(new_id()), self._clock.now())
        with self._database.begin() as connection:
            log_store.lock_writer(connection)  # so that of two freezes at once one is seen by the other
            self._check_scope(connection, policy.scope)
            if policy.kind is PolicyKind.FREEZE:
                self._check_unfrozen(connection, policy.scope)
            store.insert_policy(connection, policy, log_store.enqueue(connection, [policy_leaf(policy)]))
        return policy

    def end(self, policy_id: PolicyId, reason: str) -> Ending:
        """Put the end of a rule on its way; it stops once that stands in the log, within seconds.

        Raises `BadInput`, `PolicyNotFound`, `PolicyEnded`.
        """
        ending = Ending(policy_id, checked_reason(reason), self._clock.now().replace(microsecond=0))
        with self._database.begin() as connection:
            found = {row.id: row for row in store.held(connection)}.get(policy_id)
            if found is None:
                raise PolicyNotFound(encode_id(policy_id))
            seq = log_store.enqueue(connection, [ending_leaf(ending)])
            if not store.end_policy(connection, ending, seq):
                raise PolicyEnded(encode_id(policy_id) if found.policy is None else found.policy.name)
        return ending

    def announce_weights(self, values: Mapping[str, float]) -> bool:
        """Put the ranking weights on their way into the log, unless they are the ones that were published last.

        Answers whether a record was written. Raises `LedgerError` where the log cannot be read to find out.
        """
        leaf, named = weights_leaf(values), digest(dict(values))
        with self._database.begin() as connection:
            log_store.lock_writer(connection)  # so that two servers that start together write one record
            newest = store.newest_weights(connection)
            if newest is not None and newest[0] == named and self._is_on_record(connection, newest[1], leaf):
                return False
            store.insert_weights(connection, named, log_store.enqueue(connection, [leaf]))
        return True

    def _is_on_record(self, connection: Connection, seq: int, leaf: bytes) -> bool:
        """Whether that leaf waits under that number, or stands in the log."""
        place = places_of(connection, [seq])[seq]
        if place.waits:
            return log_store.pending(connection, seq, seq + 1) == [leaf]
        if place.batch is None:
            return False
        found = self._published.find(place.batch, lambda entry: True if entry == leaf else None)
        return found is not None

    def _check_scope(self, connection: Connection, scope: Scope) -> None:
        if scope.id is None:
            return
        if scope.kind is ScopeKind.ITEM:
            if not catalog_store.items_by_id(connection, [scope.id], at=self._clock.now(), right=None):
                raise ItemNotFound(encode_id(scope.id))
        elif catalog_store.find_creator(connection, creator_id=CreatorId(scope.id)) is None:
            raise CreatorNotFound(encode_id(scope.id))

    def _check_unfrozen(self, connection: Connection, scope: Scope) -> None:
        for row in store.held(connection):
            policy = row.policy
            if policy is not None and policy.kind is PolicyKind.FREEZE and policy.scope == scope and not row.end_seq:
                raise Conflict(
                    f"The numbers of that item are frozen by “{policy.name}”.",
                    hint=f"End that rule first: {encode_id(policy.id)}.",
                )

    # Following

    def acting(self) -> tuple[Policy, ...]:
        """The rules in force now, in the order of the log: published, in their days, not ended."""
        return tuple(rule.policy for rule in self.rules() if rule.standing is Standing.IN_FORCE)

    def rules(self) -> list[Rule]:
        """Every rule and where it stands, in the order of the log; what has no record yet comes last."""
        with self._looking:
            with self._database.connect() as connection:
                rows = store.held(connection)
                places = places_of(connection, self._trust.unproven(rows))
            self._trust.look(rows, places)
            now = self._clock.now()
            rules = [self._proven(policy_id, now) for policy_id in self._trust.policies]
            rules += [rule for row in rows if (rule := self._unproven(row)) is not None]
        return sorted(rules, key=lambda rule: (rule.log_index is None, rule.log_index or 0, rule.policy.id))

    def _proven(self, policy_id: PolicyId, now: datetime) -> Rule:
        index, policy = self._trust.policies[policy_id]
        ended = self._trust.endings.get(policy_id)
        if ended is not None or (policy.until is not None and policy.until <= now):
            standing = Standing.ENDED
        else:
            standing = Standing.TO_COME if policy.since > now else Standing.IN_FORCE
        return Rule(policy, standing, index, *(ended[::-1] if ended is not None else (None, None)))

    def _unproven(self, row: Held) -> Rule | None:
        if row.id in self._trust.policies or row.policy is None or not 0 < row.id <= MAX_ID:
            return None
        standing = Standing.REFUSED if row.id in self._trust.refused else Standing.WAITING
        return Rule(row.policy, standing, None, row.ending)

    # What they did

    def keep_effects(self, connection: Connection, slates: Sequence[ServedSlate]) -> None:
        """Count what rules did in those slates, in the transaction that keeps them."""
        store.add_effects(connection, counted(slates))

    def felt_by(self, items: Iterable[Item], views: Mapping[int, int]) -> dict[int, tuple[Felt, ...]]:
        """By item: the rules in force that are about it, and those that did something to it in the last days.

        `views` are the counts that caps go by.
        """
        items = list(items)
        rules = [rule for rule in self.rules() if rule.standing is not Standing.REFUSED]
        with self._database.connect() as connection:
            slates = store.effects_on(connection, [item.id for item in items], self._since())
        return {
            item.id: tuple(
                felt for rule in rules if (felt := _felt(rule, item, views.get(item.id, 0), slates)) is not None
            )
            for item in items
        }

    def effects(self) -> dict[PolicyId, dict[Effect, int]]:
        """How often each rule did what in the last days, over all items."""
        with self._database.connect() as connection:
            return store.effects_of_rules(connection, self._since())

    def _since(self) -> date:
        return self._clock.now().astimezone(UTC).date() - timedelta(days=EFFECT_DAYS - 1)


def _felt(
    rule: Rule, item: Item, views: int, slates: Mapping[tuple[PolicyId, int], Mapping[Effect, int]]
) -> Felt | None:
    policy = rule.policy
    did = slates.get((policy.id, item.id), {})
    reaches = is_about(policy.scope, item.id, item.creator_id, cross_post=item.cross_post)
    stands = reaches and rule.standing is Standing.IN_FORCE
    if not stands and not did:
        return None
    return Felt(rule, stands, views if stands and policy.kind is PolicyKind.CAP else None, did)
