"""The only SQL of proven accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.catalog.identities.tables import identities, identity_challenges, identity_checks
from openforyou.catalog.identities.types import Challenge, ChallengeId, Check, Outside, Proof, ProofId, Result
from openforyou.core.ids import CreatorId, new_id

CHECKS_MAX = 200
_STANDS = identities.c.ended_at.is_(None)


# Challenges


def insert_challenge(connection: Connection, challenge: Challenge) -> None:
    """A new one."""
    row = {name: value for name, value in asdict(challenge).items() if name != "outside"}
    connection.execute(insert(identity_challenges).values(**row, **asdict(challenge.outside)))


def challenges_of(connection: Connection, creator_id: CreatorId, at: datetime) -> list[Challenge]:
    """Those that a creator has open, newest first."""
    rows = connection.execute(
        select(identity_challenges)
        .where(identity_challenges.c.creator_id == creator_id, identity_challenges.c.expires_at > at)
        .order_by(identity_challenges.c.created_at.desc(), identity_challenges.c.id)
    )
    return [_challenge(row) for row in rows]


def try_challenge(connection: Connection, challenge_id: ChallengeId, creator_id: CreatorId) -> Challenge | None:
    """One of a creator's own, counting one try more; None where there is none of theirs."""
    row = connection.execute(
        update(identity_challenges)
        .where(identity_challenges.c.id == challenge_id, identity_challenges.c.creator_id == creator_id)
        .values(tries=identity_challenges.c.tries + 1)
        .returning(identity_challenges)
    ).one_or_none()
    return None if row is None else _challenge(row)


def challenge_of_state(connection: Connection, creator_id: CreatorId, state: str) -> ChallengeId | None:
    """The challenge that a provider's answer belongs to, where it is the creator's own."""
    return connection.scalar(
        select(identity_challenges.c.id).where(
            identity_challenges.c.creator_id == creator_id, identity_challenges.c.secrets["state"].astext == state
        )
    )


def delete_challenge(connection: Connection, challenge_id: ChallengeId, creator_id: CreatorId) -> bool:
    """False where there is none of theirs."""
    mine = (identity_challenges.c.id == challenge_id, identity_challenges.c.creator_id == creator_id)
    done = connection.execute(delete(identity_challenges).where(*mine).returning(identity_challenges.c.id))
    return done.first() is not None


def delete_expired(connection: Connection, at: datetime) -> None:
    """Challenges that nobody can answer any more."""
    connection.execute(delete(identity_challenges).where(identity_challenges.c.expires_at <= at))


# Proofs


def insert_proof(connection: Connection, proof: Proof, look_at: datetime | None) -> bool:
    """False where the account, or its lasting name, stands proven already."""
    row = {name: value for name, value in asdict(proof).items() if name != "outside"}
    statement = upsert(identities).values(**row, **asdict(proof.outside), look_at=look_at)
    done = connection.execute(statement.on_conflict_do_nothing().returning(identities.c.id))
    return done.first() is not None


def proof_of(connection: Connection, outside: Outside, subject: str, at: datetime) -> Proof | None:
    """The proof that counts of an account, by its handle or its lasting name, whoever gave it."""
    mine = identities.c.who == outside.who
    if subject:
        mine = or_(mine, identities.c.subject == subject)
    row = connection.execute(
        select(identities).where(_STANDS, identities.c.platform == outside.platform, mine, identities.c.expires_at > at)
    ).first()
    return None if row is None else _proof(row)


def proofs_of(connection: Connection, creator_ids: Collection[CreatorId], at: datetime) -> list[Proof]:
    """Those that count now, by platform and handle."""
    rows = connection.execute(
        select(identities)
        .where(_STANDS, identities.c.creator_id.in_(creator_ids), identities.c.expires_at > at)
        .order_by(identities.c.platform, identities.c.who)
    )
    return [_proof(row) for row in rows]


def end_superseded(connection: Connection, proof: Proof, at: datetime) -> None:
    """End what the same creator proved of the same account before, and what of it expired, whosever it was."""
    same = (identities.c.who == proof.outside.who) | ((identities.c.subject == proof.subject) & (proof.subject != ""))
    over = or_(identities.c.creator_id == proof.creator_id, identities.c.expires_at <= at)
    connection.execute(
        update(identities)
        .where(_STANDS, identities.c.platform == proof.outside.platform, same, over)
        .values(ended_at=at, end_reason="proven anew")
    )


def end_proof(
    connection: Connection, proof_id: ProofId, reason: str, at: datetime, by: CreatorId | None = None
) -> bool:
    """False where none stands, or none of `by`'s."""
    mine = () if by is None else (identities.c.creator_id == by,)
    done = connection.execute(
        update(identities)
        .where(identities.c.id == proof_id, _STANDS, *mine)
        .values(ended_at=at, end_reason=reason[:500])
        .returning(identities.c.id)
    )
    return done.first() is not None


def take_due(connection: Connection, at: datetime, again_in: timedelta, most: int) -> list[Proof]:
    """Those that are to be looked at now. No other worker takes them within `again_in`."""
    due = (
        select(identities.c.id)
        .where(_STANDS, identities.c.look_at <= at)
        .order_by(identities.c.look_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = connection.execute(
        update(identities).where(identities.c.id.in_(due)).values(look_at=at + again_in).returning(identities)
    )
    return [_proof(row) for row in rows]


def end_expired(connection: Connection, at: datetime) -> int:
    """End those that count no longer; how many."""
    done = connection.execute(
        update(identities)
        .where(_STANDS, identities.c.expires_at <= at)
        .values(ended_at=at, end_reason="it was not seen again in time")
    )
    return done.rowcount


def put_looked(connection: Connection, proof: Proof, look_at: datetime) -> None:
    """What a proof has become after a look at it, where it still stands."""
    connection.execute(
        update(identities)
        .where(identities.c.id == proof.id, _STANDS)
        .values(
            checked_at=proof.checked_at,
            expires_at=proof.expires_at,
            evidence=proof.evidence,
            failing_since=proof.failing_since,
            failure=proof.failure,
            look_at=look_at,
        )
    )


# Evidence


def insert_check(connection: Connection, check: Check) -> None:
    """One look."""
    row = {name: value for name, value in asdict(check).items() if name != "outside"}
    connection.execute(
        insert(identity_checks).values(
            id=new_id(),
            **row | {"result": check.result.value},
            platform=check.outside.platform,
            who=check.outside.who,
        )
    )


def checks_of(connection: Connection, creator_id: CreatorId) -> list[Check]:
    """The newest looks for a creator, newest first."""
    rows = connection.execute(
        select(identity_checks)
        .where(identity_checks.c.creator_id == creator_id)
        .order_by(identity_checks.c.at.desc(), identity_checks.c.id)
        .limit(CHECKS_MAX)
    )
    return [
        Check(row.creator_id, Outside(row.platform, row.who, ""), row.method, Result(row.result), *row[6:10])
        for row in rows
    ]


def open_challenges(connection: Connection, creator_id: CreatorId, at: datetime) -> int:
    """How many."""
    mine = (identity_challenges.c.creator_id == creator_id, identity_challenges.c.expires_at > at)
    return connection.scalar(select(func.count()).select_from(identity_challenges).where(*mine)) or 0


def _challenge(row: Row[Any]) -> Challenge:
    told = dict(row._mapping)
    outside = Outside(told.pop("platform"), told.pop("who"), told.pop("url"))
    return Challenge(outside=outside, **told)


def _proof(row: Row[Any]) -> Proof:
    told = dict(row._mapping)
    for name in ("look_at", "ended_at", "end_reason"):
        del told[name]
    outside = Outside(told.pop("platform"), told.pop("who"), told.pop("url"))
    return Proof(outside=outside, **told)
