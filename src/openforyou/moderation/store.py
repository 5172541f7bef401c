"""The only SQL of published rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Connection, Row, any_, bindparam, func, insert, select, update

from openforyou.moderation.tables import policies, policy_effects, weights_records
from openforyou.moderation.types import Effect, Ending, Policy, PolicyId, PolicyKind, Scope, ScopeKind

Tally = Mapping[tuple[PolicyId, int, date, Effect], int]
"""(rule, item, day, effect) → slates."""

_ADD_EFFECTS = """
INSERT INTO policy_effects AS held (policy_id, item_id, day, effect, slates)
SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::date[], %b::text[], %b::bigint[])
ON CONFLICT (policy_id, item_id, day, effect) DO UPDATE SET slates = held.slates + excluded.slates
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A row: what the database says of a rule, which is not yet to be believed.

    `policy` None: it says what no rule can say. `seq` and `end_seq` number the records on their way into the log.
    """

    id: PolicyId
    policy: Policy | None
    seq: int
    ending: Ending | None
    end_seq: int | None


def insert_policy(connection: Connection, policy: Policy, seq: int) -> None:
    """Keep a rule whose record was put on its way as `seq`."""
    row = {
        "id": policy.id,
        "kind": policy.kind.value,
        "name": policy.name,
        "reason": policy.reason,
        "scope_kind": policy.scope.kind.value,
        "scope_id": policy.scope.id,
        "since": policy.since,
        "until": policy.until,
        "limit": policy.limit,
        "factor": policy.factor,
        "seq": seq,
    }
    connection.execute(insert(policies).values(row))


def end_policy(connection: Connection, ending: Ending, end_seq: int) -> bool:
    """Keep how a rule ended; False when it had ended before."""
    done = connection.execute(
        update(policies)
        .where(policies.c.id == ending.id, policies.c.end_seq.is_(None))
        .values(ended_at=ending.at, end_reason=ending.reason, end_seq=end_seq)
    )
    return done.rowcount == 1


def held(connection: Connection) -> list[Held]:
    """Every row, in the order of their records."""
    return [_held(row) for row in connection.execute(select(policies).order_by(policies.c.seq, policies.c.id))]


def _held(row: Row[Any]) -> Held:
    ending = None
    if row.end_seq is not None and row.ended_at is not None and row.end_reason is not None:
        ending = Ending(row.id, row.end_reason, row.ended_at)
    try:
        policy = Policy(
            id=row.id,
            kind=PolicyKind(row.kind),
            name=row.name,
            reason=row.reason,
            scope=Scope(ScopeKind(row.scope_kind), row.scope_id),
            since=row.since,
            until=row.until,
            limit=row.limit,
            factor=row.factor,
        )
    except ValueError:  # somebody wrote into the table
        policy = None
    return Held(row.id, policy, row.seq, ending, row.end_seq)


# What rules did


def add_effects(connection: Connection, tally: Tally) -> None:
    """Add to what is counted."""
    if tally:
        rows = sorted(tally.items())
        keys = zip(*(key for key, _ in rows), strict=True)
        connection.exec_driver_sql(_ADD_EFFECTS, (*(list(key) for key in keys), [slates for _, slates in rows]))


def effects_on(
    connection: Connection, item_ids: Collection[int], since: date
) -> dict[tuple[PolicyId, int], dict[Effect, int]]:
    """In how many slates from a day on each rule did what to each of those items."""
    wanted = bindparam(None, list(item_ids), type_=ARRAY(BigInteger), unique=True)
    key = (policy_effects.c.policy_id, policy_effects.c.item_id, policy_effects.c.effect)
    rows = connection.execute(
        select(*key, func.sum(policy_effects.c.slates).label("slates"))
        .where(policy_effects.c.item_id == any_(wanted), policy_effects.c.day >= since)
        .group_by(*key)
    )
    found: dict[tuple[PolicyId, int], dict[Effect, int]] = {}
    for row in rows:
        found.setdefault((row.policy_id, row.item_id), {})[Effect(row.effect)] = int(row.slates)
    return found


def effects_of_rules(connection: Connection, since: date) -> dict[PolicyId, dict[Effect, int]]:
    """How often from a day on each rule did what, over all items."""
    key = (policy_effects.c.policy_id, policy_effects.c.effect)
    rows = connection.execute(
        select(*key, func.sum(policy_effects.c.slates).label("slates"))
        .where(policy_effects.c.day >= since)
        .group_by(*key)
    )
    found: dict[PolicyId, dict[Effect, int]] = {}
    for row in rows:
        found.setdefault(row.policy_id, {})[Effect(row.effect)] = int(row.slates)
    return found


# Weights


def insert_weights(connection: Connection, digest: str, seq: int) -> None:
    """Remember that the record of those weights was put on its way as `seq`."""
    connection.execute(insert(weights_records).values(seq=seq, digest=digest))


def newest_weights(connection: Connection) -> tuple[str, int] | None:
    """The digest and number of the weights that were put on their way last."""
    newest = select(weights_records).order_by(weights_records.c.seq.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return None if row is None else (row.digest, row.seq)
