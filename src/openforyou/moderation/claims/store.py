"""The only SQL of claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, or_, select, update

from openforyou.core.ids import CreatorId, ItemId
from openforyou.moderation.claims.tables import claim_steps, claims, clearances
from openforyou.moderation.claims.types import (
    About,
    Act,
    Claim,
    ClaimId,
    ClaimKind,
    ClaimState,
    Moves,
    Ruling,
    Side,
    Step,
)

LIVING = (ClaimState.OPEN.value, ClaimState.DECIDED.value, ClaimState.APPEALED.value)


def insert_claim(connection: Connection, claim: Claim) -> None:
    """Keep a new claim."""
    about = claim.about
    connection.execute(
        insert(claims).values(
            id=claim.id,
            kind=about.kind.value,
            claimant_id=claim.claimant,
            respondent_id=about.respondent,
            item_id=about.item_id,
            other_id=about.other_id,
            state=claim.state.value,
            opened_at=claim.opened_at,
            answer_by=claim.answer_by,
            decide_by=claim.decide_by,
        )
    )


def lock_claimant(connection: Connection, creator_id: CreatorId) -> None:
    """Until the transaction ends nobody else opens a claim of this creator's: of two at once one sees the other."""
    connection.execute(select(func.pg_advisory_xact_lock(creator_id)))


def claim(connection: Connection, claim_id: ClaimId, *, to_change: bool = False) -> Claim | None:
    """One claim; with `to_change` it is this transaction's alone until that ends."""
    wanted = select(claims).where(claims.c.id == claim_id)
    row = connection.execute(wanted.with_for_update() if to_change else wanted).one_or_none()
    return None if row is None else _claim(row)


def living_like(connection: Connection, claimant: CreatorId, about: About) -> ClaimId | None:
    """A living claim of the same."""
    found: ClaimId | None = connection.scalar(
        select(claims.c.id).where(
            claims.c.claimant_id == claimant,
            claims.c.kind == about.kind.value,
            claims.c.respondent_id == about.respondent,
            claims.c.item_id.is_not_distinct_from(about.item_id),
            claims.c.other_id.is_not_distinct_from(about.other_id),
            claims.c.state.in_(LIVING),
        )
    )
    return found


def living_count(connection: Connection, claimant: CreatorId) -> int:
    """How many claims of a creator's wait for something."""
    wanted = select(func.count()).where(claims.c.claimant_id == claimant, claims.c.state.in_(LIVING))
    return connection.scalar(wanted) or 0


def claims_of(connection: Connection, creator_id: CreatorId, limit: int) -> list[Claim]:
    """Those in which a creator is a side, newest first."""
    wanted = (
        select(claims)
        .where(or_(claims.c.claimant_id == creator_id, claims.c.respondent_id == creator_id))
        .order_by(claims.c.opened_at.desc(), claims.c.id)
        .limit(limit)
    )
    return [_claim(row) for row in connection.execute(wanted)]


def living(connection: Connection, limit: int) -> list[Claim]:
    """Those that wait for something, the most urgent first."""
    wanted = select(claims).where(claims.c.state.in_(LIVING)).order_by(claims.c.decide_by, claims.c.id).limit(limit)
    return [_claim(row) for row in connection.execute(wanted)]


def past_appeal(connection: Connection, at: datetime) -> list[ClaimId]:
    """Decided ones whose days to appeal are over."""
    wanted = select(claims.c.id).where(claims.c.state == ClaimState.DECIDED.value, claims.c.appeal_until <= at)
    return [ClaimId(row) for row in connection.scalars(wanted)]


def change(connection: Connection, claim_id: ClaimId, **values: Any) -> None:
    """Set some columns."""
    connection.execute(update(claims).where(claims.c.id == claim_id).values(**values))


def add_decider(connection: Connection, claim_id: ClaimId, by: str) -> None:
    """One more who decided it."""
    decided = func.array_append(claims.c.decided_by, by)
    connection.execute(update(claims).where(claims.c.id == claim_id).values(decided_by=decided))


def handle_of(connection: Connection, claim_id: ClaimId) -> str | None:
    """The name that was handed over by it."""
    return connection.scalar(select(claims.c.handle).where(claims.c.id == claim_id))


# Steps


def add_step(connection: Connection, claim_id: ClaimId, step: Step) -> None:
    """Keep what happened; the claim's row must be this transaction's."""
    number = select(func.coalesce(func.max(claim_steps.c.number), 0) + 1).where(claim_steps.c.claim_id == claim_id)
    connection.execute(
        insert(claim_steps).values(
            claim_id=claim_id,
            number=number.scalar_subquery(),
            at=step.at,
            side=step.side.value,
            act=step.act.value,
            words=step.words,
            by=step.by,
        )
    )


def steps(connection: Connection, ids: Sequence[ClaimId]) -> dict[ClaimId, tuple[Step, ...]]:
    """By claim all that happened, oldest first."""
    found: dict[ClaimId, list[Step]] = {claim_id: [] for claim_id in ids}
    wanted = (
        select(claim_steps)
        .where(claim_steps.c.claim_id.in_(list(ids)))
        .order_by(claim_steps.c.claim_id, claim_steps.c.number)
    )
    for row in connection.execute(wanted):
        found[row.claim_id].append(Step(row.at, Side(row.side), Act(row.act), row.words, row.by))
    return {claim_id: tuple(each) for claim_id, each in found.items()}


def moves(connection: Connection, at: datetime) -> Moves:
    """How many claims wait, are overdue, and how they ended."""
    waits = claims.c.state.in_((ClaimState.OPEN.value, ClaimState.APPEALED.value))
    first = (
        select(claim_steps.c.claim_id, func.min(claim_steps.c.number).label("number"))
        .where(claim_steps.c.act.in_((Act.UPHELD.value, Act.REJECTED.value)))
        .group_by(claim_steps.c.claim_id)
        .subquery()
    )
    turned = (
        select(func.count())
        .select_from(first)
        .join(claims, claims.c.id == first.c.claim_id)
        .join(claim_steps, (claim_steps.c.claim_id == first.c.claim_id) & (claim_steps.c.number == first.c.number))
        .where(claim_steps.c.act != claims.c.ruling)
    )
    row = connection.execute(
        select(
            func.count().filter(waits),
            func.count().filter(waits, claims.c.decide_by < at),
            func.count().filter(claims.c.ruling == Ruling.UPHELD.value),
            func.count().filter(claims.c.ruling == Ruling.REJECTED.value),
        ).select_from(claims)
    ).one()
    return Moves(*row, connection.scalar(turned) or 0)


# Clearances


def clear(connection: Connection, given: Claim, at: datetime) -> None:
    """From now on the claimant may publish what is like the other clip."""
    assert given.about.other_id is not None, "cleared of nothing"
    connection.execute(
        insert(clearances).values(
            claim_id=given.id, creator_id=given.claimant, item_id=given.about.other_id, since=at, until=None
        )
    )


def end_clearance(connection: Connection, claim_id: ClaimId, at: datetime) -> None:
    """No more; it stays on record that it was."""
    connection.execute(update(clearances).where(clearances.c.claim_id == claim_id).values(until=at))


def is_cleared(connection: Connection, creator_id: CreatorId, item_id: ItemId) -> bool:
    """Whether it was decided that a creator may publish what is like that clip."""
    held = exists().where(
        clearances.c.creator_id == creator_id, clearances.c.item_id == item_id, clearances.c.until.is_(None)
    )
    return bool(connection.scalar(select(held)))


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        id=row.id,
        about=About(ClaimKind(row.kind), row.respondent_id, row.item_id, row.other_id),
        claimant=row.claimant_id,
        state=ClaimState(row.state),
        opened_at=row.opened_at,
        answer_by=row.answer_by,
        decide_by=row.decide_by,
        ruling=None if row.ruling is None else Ruling(row.ruling),
        appeal_until=row.appeal_until,
        decided_by=tuple(row.decided_by),
    )
