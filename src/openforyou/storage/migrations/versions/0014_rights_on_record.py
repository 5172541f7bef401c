"""What was allowed before its words were kept is put on record, with its evidence, and on its way into the log

What had ended is said first, as a grant and its end; then the refusals that came with content; then what holds. Under
this order the same holds afterwards as before. Done once: a row that somebody adds to `rights` later is none of it.

Revision ID: 0014
Revises: 0013
"""

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Word = dict[str, Any]
WRITER_LOCK = 7_252
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
PARTIES = ("creator", "viewer", "owner", "guardian")
COLUMNS = [
    "id",
    "seq",
    "act",
    "right",
    "subject_kind",
    "subject_id",
    "by_kind",
    "granted_by",
    "given_to",
    "evidence",
    "since",
    "until",
    "region",
    "at",
    "commitment",
]


def upgrade() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})
    now = datetime.now(UTC)
    words = _words(connection, now)
    if not words:
        return
    subjects = sorted({(one["subject_kind"], one["subject_id"]) for one in words})
    known = {
        (row.kind, row.id): bytes(row.secret)
        for row in connection.execute(sa.text("SELECT kind, id, secret FROM subject_secrets"))
    }
    made = [(kind, one, secrets.token_bytes(32)) for kind, one in subjects if (kind, one) not in known]
    if made:
        connection.execute(
            sa.text("INSERT INTO subject_secrets (kind, id, secret) VALUES (:kind, :id, :secret)"),
            [{"kind": kind, "id": one, "secret": secret} for kind, one, secret in made],
        )
    known |= {(kind, one): secret for kind, one, secret in made}
    first = connection.execute(
        sa.text("UPDATE log_state SET queued = queued + :more WHERE id = 1 RETURNING queued - :more"),
        {"more": len(words)},
    ).scalar_one()
    for seq, one in enumerate(words, first):
        one["seq"] = seq
        said = b"ofy-right-1\n" + _canonical(_told(one))
        secret = known[one["subject_kind"], one["subject_id"]]
        one["commitment"] = hmac.new(secret, said, hashlib.sha256).digest()
    connection.execute(sa.insert(sa.table("right_events", *(sa.column(name) for name in COLUMNS))), words)
    connection.execute(
        sa.text("INSERT INTO pending_leaves (seq, leaf) VALUES (:seq, :leaf)"),
        [{"seq": one["seq"], "leaf": _leaf(one)} for one in words],
    )
    connection.execute(sa.text("DELETE FROM rights WHERE until <= :now"), {"now": now})
    connection.execute(
        sa.text(
            "DELETE FROM rights USING opt_outs WHERE subject_kind = 'item' AND subject_id = opt_outs.item_id "
            "AND \"right\" = 'learn' AND granted_by LIKE 'creator:%'"
        )
    )


def downgrade() -> None:
    """What is in the log stays there; the words are dropped with their table."""


def _words(connection: sa.Connection, now: datetime) -> list[Word]:
    """What is to be said, in its order."""
    over: list[Word] = []
    holds: list[Word] = []
    for row in connection.execute(sa.text("SELECT * FROM rights ORDER BY since, id")):
        said = dict(row._mapping)
        kind = said["granted_by"].partition(":")[0]
        said |= {"act": "grant", "by_kind": kind if kind in PARTIES else "operator", "region": "", "at": said["since"]}
        if said["until"] is None or said["until"] > now:
            holds.append(said)
            continue
        ended = said["until"]
        over.append(said | {"until": None})
        whose = {"item": "creator", "viewer": "viewer"}.get(said["subject_kind"], "owner")
        by = {"by_kind": whose, "granted_by": "not on record", "evidence": "taken back before words were kept"}
        end = {"id": _new_id(), "act": "withdraw", "since": ended, "until": None, "at": ended, "given_to": None}
        over.append(said | by | end)
    refused = [
        {
            "id": _new_id(),
            "act": "refuse",
            "right": "learn",
            "subject_kind": "item",
            "subject_id": row.item_id,
            "by_kind": "credential",
            "granted_by": f"{row.kind}:{row.label}"[:200],
            "given_to": None,
            "evidence": f"{row.source}: {row.said}"[:2_000],
            "since": row.at,
            "until": None,
            "region": "",
            "at": row.at,
        }
        for row in connection.execute(sa.text("SELECT * FROM opt_outs ORDER BY at, id"))
    ]
    return [*over, *refused, *holds]


def _told(one: Word) -> Word:
    """As rights/rules.py has it: the words that a commitment is made over."""
    until, given_to = one["until"], one["given_to"]
    return {
        "v": 1,
        "id": _encode(one["id"]),
        "number": one["seq"],
        "act": one["act"],
        "right": one["right"],
        "kind": one["subject_kind"],
        "subject": _encode(one["subject_id"]),
        "by": one["by_kind"],
        "granted_by": one["granted_by"],
        "given_to": None if given_to is None else _encode(given_to),
        "evidence": one["evidence"],
        "since": _moment(one["since"]),
        "until": None if until is None else _moment(until),
        "region": one["region"],
        "at": _moment(one["at"]),
    }


def _leaf(one: Word) -> bytes:
    said = {"v": 1, "type": "right", "act": one["act"], "right": one["right"], "kind": one["subject_kind"]}
    return _canonical(said | {"commitment": one["commitment"].hex()})


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _new_id() -> int:
    return secrets.randbelow(2**63 - 1) + 1


def _encode(number: int) -> str:
    letters = []
    for _ in range(11):
        number, rest = divmod(number, 58)
        letters.append(ALPHABET[rest])
    return "".join(reversed(letters))
