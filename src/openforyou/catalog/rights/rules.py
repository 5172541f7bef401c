"""What holds, as a pure fold over what was said, and how the log tells of it without telling whom it is about.

The order is that of the numbers under which the words went into the log. No clock decides it: a withdrawal beats every
grant before it even if the clock has jumped back since.

    grant     holds from `since` until `until`, unless a *no* of a higher rank stands
    refuse    ends every grant before it, and stands as a *no* of its speaker's rank
    withdraw  the same; it says that something had been given

A *no* stands until somebody of its rank or a higher one grants. Grants that overlap hold together until one *no* ends
them all. An empty grant, which ends when it begins, lifts a *no* and gives nothing: then the question is open again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from openforyou.catalog.rights.errors import BadRight
from openforyou.catalog.rights.types import (
    SOUND_SUBJECT,
    SUBJECT_KINDS,
    VIEWER_SUBJECT,
    Act,
    Decision,
    Party,
    RightEvent,
)
from openforyou.catalog.types import Right
from openforyou.core.encoding import canonical_json
from openforyou.core.ids import encode_id
from openforyou.events.leaf import encode_record

RIGHT = "right"
"""The type of the log's records of rights."""
VERSION = 1
DOMAIN = b"ofy-right-1\n"
EVIDENCE_LENGTH_MAX = 2_000
_HEX = re.compile(r"[0-9a-f]{64}")
_RIGHTS_OF = {VIEWER_SUBJECT: {Right.LEARN, Right.BIOMETRIC}, SOUND_SUBJECT: {Right.AUDIO}}


@dataclass(slots=True)
class Question:
    """Where one right over one subject stands: the grants that hold, and the rank of the *no* that binds; 0: none."""

    grants: list[RightEvent] = field(default_factory=list)
    no: int = 0
    by: Party | None = None
    """Whose *no* it is."""


def questions(events: Iterable[RightEvent]) -> dict[tuple[str, int, Right], Question]:
    """Where each right over each subject stands after all of the events, given in any order."""
    found: dict[tuple[str, int, Right], Question] = {}
    for event in sorted(events, key=lambda one: one.seq):
        said = event.decision
        question = found.setdefault((said.subject_kind, said.subject_id, said.right), Question())
        if said.act is not Act.GRANT:
            question.grants.clear()
            if said.by.rank >= question.no:
                question.no, question.by = said.by.rank, said.by
        elif said.by.rank >= question.no:
            question.no, question.by = 0, None
            if said.until is None or said.until > said.since:
                question.grants.append(event)
    return found


def standing(events: Iterable[RightEvent]) -> list[RightEvent]:
    """The grants that no later word ended, expired or not."""
    return [grant for question in questions(events).values() for grant in question.grants]


def state(events: Iterable[RightEvent], at: datetime, region: str = "") -> frozenset[Right]:
    """The rights that hold at a moment in a region, of events about one subject. "": those that hold everywhere."""
    return frozenset(one.decision.right for one in standing(events) if holds(one.decision, at, region))


def holds(granted: Decision, at: datetime, region: str = "") -> bool:
    """Whether a grant that no word ended holds at a moment in a region. "": whether it holds everywhere."""
    return granted.since <= at and (granted.until is None or granted.until > at) and granted.region in ("", region)


def answered(held: Collection[Right], said: Mapping[Right, bool]) -> set[Right]:
    """What is wanted after a yes or no to some of the questions; the others stay as they are."""
    return {right for right in {*held, *said} if said.get(right, True)}


def checked(decision: Decision) -> Decision:
    """A decision that can be put on record. Raises `BadRight` naming the field."""
    said = decision
    if said.subject_kind not in SUBJECT_KINDS:
        raise BadRight("kind", f"{said.subject_kind[:40]!r} carries no rights.", "item, viewer and sound do.")
    allowed = _RIGHTS_OF.get(said.subject_kind, set(Right) - {Right.AUDIO})
    if said.right not in allowed:
        named = ", ".join(sorted(allowed))
        raise BadRight("right", f"`{said.right}` cannot be given over a {said.subject_kind}.", f"One of {named} can.")
    if any(moment is not None and moment.tzinfo is None for moment in (said.since, said.until)):
        raise BadRight("since", "A moment has no time zone.", "Write it as 2026-01-31T12:00:00Z.")
    if said.until is not None and said.until < said.since:
        raise BadRight("until", "The grant would end before it begins.", "Set `until` behind `since`.")
    if not said.evidence.strip() or len(said.evidence) > EVIDENCE_LENGTH_MAX:
        hint = f"Say how it is known, in up to {EVIDENCE_LENGTH_MAX} characters."
        raise BadRight("evidence", "There is no evidence, or too much of it.", hint)
    if said.act is not Act.GRANT and (said.until is not None or said.region or said.given_to is not None):
        raise BadRight("act", "A *no* is never said in part.", "Say it whole, then grant what shall hold.")
    return said


# In the log


def words_of(event: RightEvent) -> dict[str, Any]:
    """All that was said, in the form that the commitment is made over. Its owner is told these words."""
    said = event.decision
    return {
        "v": VERSION,
        "id": encode_id(event.id),
        "number": event.seq,
        "act": said.act.value,
        "right": said.right.value,
        "kind": said.subject_kind,
        "subject": encode_id(said.subject_id),
        "by": said.by.value,
        "granted_by": said.granted_by,
        "given_to": None if said.given_to is None else encode_id(said.given_to),
        "evidence": said.evidence,
        "since": _moment(said.since),
        "until": None if said.until is None else _moment(said.until),
        "region": said.region,
        "at": _moment(event.at),
    }


def commitment(secret: bytes, event: RightEvent) -> bytes:
    """(32,) bytes: HMAC-SHA256 over the whole event under its subject's secret. Binding for us, noise to others."""
    return hmac.new(secret, DOMAIN + canonical_json(words_of(event)), hashlib.sha256).digest()


def leaf(event: RightEvent) -> bytes:
    """What the log holds of an event whose commitment is known: what was done with which right over a kind of
    subject, and the commitment."""
    said = event.decision
    body = {
        "v": VERSION,
        "act": said.act.value,
        "right": said.right.value,
        "kind": said.subject_kind,
        "commitment": event.commitment.hex(),
    }
    return encode_record(RIGHT, body)


def is_sound(body: Mapping[str, Any]) -> bool:
    """Whether a record of this type says what one can say, and nothing else."""
    return (
        set(body) == {"v", "act", "right", "kind", "commitment"}
        and type(body["v"]) is int
        and body["v"] == VERSION
        and body["act"] in list(Act)
        and body["right"] in list(Right)
        and body["kind"] in SUBJECT_KINDS
        and isinstance(body["commitment"], str)
        and _HEX.fullmatch(body["commitment"]) is not None
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
