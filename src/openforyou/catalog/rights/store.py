"""The only SQL of rights: what was said, word by word, and the table `rights`, which is made of it.

Every word goes the same way, `record`: it is put into `right_events` and on its way into the public log in the caller's
transaction, and what holds of its subjects now is made anew. Locks are taken in one order, the items and then the way
into the log, so that a publishing and a choice about the same item wait for each other and never both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    and_,
    any_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on

from openforyou.catalog.rights import rules
from openforyou.catalog.rights.secrets import secrets_for
from openforyou.catalog.rights.tables import right_events
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Act, Decision, Party, RightEvent, Voice
from openforyou.catalog.tables import items, rights
from openforyou.catalog.types import Grant, Right
from openforyou.core.ids import encode_id, new_id
from openforyou.events.log import store as log_store


def right_holds(right: Right, subject_kind: str, subject_id: Any, at: datetime | BindParameter[datetime]) -> Any:
    """The SQL condition that `right` holds for a subject at a moment."""
    return exists().where(
        rights.c.subject_kind == subject_kind,
        rights.c.subject_id == subject_id,
        rights.c.right == right.value,
        holds_at(at),
    )


def holds_at(at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """That a row of `rights` holds at a moment. Every query about rights is made of this."""
    return and_(rights.c.since <= at, or_(rights.c.until.is_(None), rights.c.until > at))


# Saying


def hold(connection: Connection, subject_kind: str, ids: Collection[int]) -> None:
    """Take the locks that `record` needs, before what stands is read: until the transaction ends nobody else decides.

    Feed servers read the items again, for they are marked as changed.
    """
    if subject_kind == ITEM_SUBJECT and ids:
        connection.execute(update(items).where(items.c.id == any_(_ids(ids))).values(changed_at=func.now()))
    log_store.lock_writer(connection)


def record(connection: Connection, decisions: Sequence[Decision], at: datetime) -> list[RightEvent]:
    """Put decisions on record in their order, about subjects of one kind. Raises `BadRight` before anything is done."""
    if not decisions:
        return []
    said = [rules.checked(one) for one in decisions]
    (kind,) = {one.subject_kind for one in said}
    ids = {one.subject_id for one in said}
    hold(connection, kind, ids)
    secrets = secrets_for(connection, kind, ids)
    first = log_store.state(connection).queued
    events = []
    for seq, decision in enumerate(said, first):
        event = RightEvent(new_id(), seq, at, decision)
        events.append(replace(event, commitment=rules.commitment(secrets[decision.subject_id], event)))
    assert log_store.enqueue(connection, [rules.leaf(one) for one in events]) == first, "the lock is held"
    connection.execute(insert(right_events), [_row(one) for one in events])
    _settle(connection, kind, ids, {one.right for one in said})
    return events


def insert_grants(connection: Connection, subject_kind: str, grants: Iterable[Grant]) -> None:
    """Grants by whoever `granted_by` names, as they come; one that a *no* of more weight forbids has no effect."""
    said = [
        Decision(
            act=Act.GRANT,
            right=one.right,
            subject_kind=subject_kind,
            subject_id=one.subject,
            by=party_of(one.granted_by),
            granted_by=one.granted_by,
            evidence=one.evidence,
            since=one.since,
            until=one.until,
            given_to=one.given_to,
        )
        for one in grants
    ]
    if said:
        record(connection, said, max(one.since for one in said))


def end_right(connection: Connection, subject_kind: str, subject_id: int, right: Right, at: datetime) -> int:
    """Withdraw a right by the word of those whose it is. Answers how many grants that ended."""
    return end_rights(connection, subject_kind, subject_id, [right], (own_voice(subject_kind, subject_id), at))


def end_rights(
    connection: Connection, subject_kind: str, subject_id: int, ended: Iterable[Right], told: tuple[Voice, datetime]
) -> int:
    """Withdraw those of the rights that were given; by whom, and when. Answers how many grants that ended."""
    voice, at = told
    hold(connection, subject_kind, [subject_id])
    given = [event.decision.right for event in rules.standing(events_of(connection, subject_kind, [subject_id]))]
    given += rights_of(connection, subject_kind, subject_id, at) - set(given)  # a row that nobody's word gave ends too
    record(
        connection,
        [
            one
            for right in sorted(set(ended) & set(given))
            for one in voice.says(Act.WITHDRAW, right, subject_kind, [subject_id], at)
        ],
        at,
    )
    return sum(right in set(ended) for right in given)


def party_of(granted_by: str) -> Party:
    """As what somebody speaks who is named like that: `creator:…`, `viewer:…`, or the operator by any other name."""
    kind = granted_by.partition(":")[0]
    return Party(kind) if kind in (Party.CREATOR, Party.VIEWER, Party.OWNER, Party.GUARDIAN) else Party.OPERATOR


def own_voice(subject_kind: str, subject_id: int, evidence: str = "taken back") -> Voice:
    """Of those whose a subject is: a viewer themself, an item's creator, a sound's owner."""
    by = {ITEM_SUBJECT: Party.CREATOR, VIEWER_SUBJECT: Party.VIEWER}.get(subject_kind, Party.OWNER)
    return Voice(by, f"viewer:{encode_id(subject_id)}" if by is Party.VIEWER else by.value, evidence)


def _settle(connection: Connection, kind: str, ids: Collection[int], about: Collection[Right]) -> None:
    """Make what holds of subjects anew from what was said, as far as it is about those rights."""
    stands = [one for one in rules.standing(events_of(connection, kind, ids)) if one.decision.right in about]
    connection.execute(
        delete(rights).where(
            rights.c.subject_kind == kind,
            rights.c.subject_id == any_(_ids(ids)),
            rights.c.right.in_(sorted(right.value for right in about)),
        )
    )
    # No query asks where somebody is: a grant for one region is on record, and opens nothing.
    rows = [projected(one) for one in stands if not one.decision.region]
    if rows:
        connection.execute(insert(rights), rows)


def projected(event: RightEvent) -> dict[str, Any]:
    """The row of `rights` that a standing grant is."""
    said = event.decision
    return {
        "id": event.id,
        "right": said.right.value,
        "subject_kind": said.subject_kind,
        "subject_id": said.subject_id,
        "granted_by": said.granted_by,
        "given_to": said.given_to,
        "evidence": said.evidence,
        "since": said.since,
        "until": said.until,
    }


# Reading


def rights_of(connection: Connection, subject_kind: str, subject_id: int, at: datetime) -> frozenset[Right]:
    """Which rights hold at a moment."""
    return rights_by_subject(connection, subject_kind, [subject_id], at)[subject_id]


def rights_by_subject(
    connection: Connection, subject_kind: str, ids: Collection[int], at: datetime
) -> dict[int, frozenset[Right]]:
    """The same of several subjects."""
    rows = connection.execute(
        select(rights.c.subject_id, rights.c.right).where(
            rights.c.subject_kind == subject_kind, rights.c.subject_id == any_(_ids(ids)), holds_at(at)
        )
    )
    found: dict[int, set[Right]] = {one: set() for one in ids}
    for row in rows:
        found[row.subject_id].add(Right(row.right))
    return {one: frozenset(held) for one, held in found.items()}


def subjects_with(connection: Connection, subject_kind: str, right: Right, at: datetime) -> set[int]:
    """Every item or viewer for which `right` holds."""
    rows = connection.scalars(
        select(rights.c.subject_id).where(
            rights.c.subject_kind == subject_kind, rights.c.right == right.value, holds_at(at)
        )
    )
    return set(rows)


def subjects_told(connection: Connection, subject_kind: str, by: Party, evidence: str) -> list[int]:
    """Every item or viewer of whom somebody of that weight ever said something on that evidence."""
    about = right_events.c
    said = select(about.subject_id).where(
        about.subject_kind == subject_kind, about.by_kind == by.value, about.evidence == evidence
    )
    return list(connection.scalars(said.distinct().order_by(about.subject_id)))


def ended_at(connection: Connection, subject_kind: str, ids: Collection[int], right: Right) -> datetime | None:
    """When the first of subjects that have a right no more lost it, by their last words; None where no word says it."""
    about = right_events.c
    ends = case((about.act == Act.GRANT.value, about.until), else_=about.since)
    last = (
        select(ends.label("moment"))
        .where(about.subject_kind == subject_kind, about.subject_id == any_(_ids(ids)), about.right == right.value)
        .order_by(about.subject_id, about.seq.desc())
        .ext(distinct_on(about.subject_id))
        .subquery()
    )
    found: datetime | None = connection.scalar(select(func.min(last.c.moment)))
    return found


def events_of(connection: Connection, subject_kind: str, ids: Collection[int]) -> list[RightEvent]:
    """All that was ever said about subjects, in the order in which it counts."""
    return _events(
        connection, right_events.c.subject_kind == subject_kind, right_events.c.subject_id == any_(_ids(ids))
    )


def last_told_of(connection: Connection, subject_kind: str, ids: Collection[int], limit: int) -> set[int]:
    """Those of subjects that the last `limit` words about any of them are about."""
    about = right_events.c
    last = select(about.subject_id).where(about.subject_kind == subject_kind, about.subject_id == any_(_ids(ids)))
    return set(connection.scalars(last.order_by(about.seq.desc()).limit(limit)))


def all_events(connection: Connection) -> tuple[list[RightEvent], list[int]]:
    """All that was ever said, in the order in which it counts; and the ids of rows that say what nobody can."""
    rows = connection.execute(select(right_events).order_by(right_events.c.seq)).all()
    return [event for row in rows if (event := _event(row))], [row.id for row in rows if _event(row) is None]


def all_projected(connection: Connection) -> list[dict[str, Any]]:
    """Every row of `rights`, as it lies there."""
    return [dict(row._mapping) for row in connection.execute(select(rights).order_by(rights.c.id))]


def last_said(connection: Connection, before: int) -> datetime | None:
    """When the newest word was said of those whose number is below `before`."""
    return connection.scalar(
        select(right_events.c.at).where(right_events.c.seq < before).order_by(right_events.c.seq.desc()).limit(1)
    )


def _events(connection: Connection, *conditions: ColumnElement[bool]) -> list[RightEvent]:
    rows = connection.execute(select(right_events).where(*conditions).order_by(right_events.c.seq))
    return [event for row in rows if (event := _event(row))]


def _row(event: RightEvent) -> dict[str, Any]:
    said = event.decision
    return projected(event) | {
        "seq": event.seq,
        "act": said.act.value,
        "by_kind": said.by.value,
        "region": said.region,
        "at": event.at,
        "commitment": event.commitment,
    }


def _event(row: Row[*tuple[Any, ...]]) -> RightEvent | None:
    """None for what nobody can have said: somebody wrote into the table, and it counts for nothing."""
    try:
        act, right, by = Act(row.act), Right(row.right), Party(row.by_kind)
    except ValueError:
        return None
    decision = Decision(
        act,
        right,
        row.subject_kind,
        row.subject_id,
        by,
        row.granted_by,
        row.evidence,
        row.since,
        row.until,
        row.region,
        row.given_to,
    )
    return RightEvent(row.id, row.seq, row.at, decision, bytes(row.commitment))


def _ids(ids: Collection[int]) -> BindParameter[Any]:
    return bindparam(None, sorted(ids), type_=ARRAY(BigInteger), unique=True)
