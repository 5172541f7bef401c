"""The way into the public log, and the numbers folded from it. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import OPERATIONAL, PUBLIC, metadata


def _tally(name: str, purpose: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0", info=PUBLIC.why(purpose))


viewer_secrets = Table(
    "viewer_secrets",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("whose secret")),
    Column("secret", LargeBinary, nullable=False, info=OPERATIONAL.why("moves into the broker's keeping at start")),
    info=OPERATIONAL.why("secrets from before the broker kept them; empty once a process of this version has started"),
)

log_state = Table(
    "log_state",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("always 1")),
    Column("queued", BigInteger, nullable=False, info=OPERATIONAL.why("leaves ever put on their way")),
    Column("folded", BigInteger, nullable=False, info=OPERATIONAL.why("the log's size that the numbers hold at")),
    info=OPERATIONAL.why("where the way into the log stands; one row"),
)

pending_leaves = Table(
    "pending_leaves",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("order of acceptance")),
    Column("leaf", LargeBinary, nullable=False, info=PUBLIC.why("what the log will hold")),
    info=OPERATIONAL.why("accepted, and not yet in the published log"),
)

log_batches = Table(
    "log_batches",
    metadata,
    Column("start", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("its first leaf")),
    Column("stop", BigInteger, nullable=False, info=OPERATIONAL.why("behind its last leaf")),
    info=OPERATIONAL.why("which leaves went into the log together, sorted; decided before the first is written"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("reason", Text, primary_key=True, info=OPERATIONAL.why("the reason code")),
    Column("count", BigInteger, nullable=False, info=OPERATIONAL.why("how many since")),
    Column(
        "since",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        info=OPERATIONAL.why("when the first of them came"),
    ),
    info=OPERATIONAL.why("refused events that the log does not tell of yet"),
)

item_counts = Table(
    "item_counts",
    metadata,
    Column("item_id", BigInteger, primary_key=True, autoincrement=False, info=PUBLIC.why("which item")),
    _tally("served", "returned in a slate"),
    _tally("impressions", "was on screen"),
    _tally("views", "watched by the rule"),
    _tally("watch_ms", "time spent on it"),
    _tally("completions", "watched to the end"),
    _tally("skips", "left early"),
    _tally("likes", "viewers who like it now"),
    _tally("shares", "passed on"),
    _tally("not_interested", "viewers who want less like it"),
    _tally("reports", "viewers who reported it"),
    Column("frozen_by", Text, nullable=False, server_default="", info=PUBLIC.why("the rule that froze what is shown")),
    Column("frozen", JSONB, info=PUBLIC.why("what is shown while frozen")),
    info=PUBLIC.why("the numbers of an item, folded from the log"),
)

creator_counts = Table(
    "creator_counts",
    metadata,
    Column("creator_id", BigInteger, primary_key=True, autoincrement=False, info=PUBLIC.why("which creator")),
    _tally("followers", "viewers who follow them now"),
    info=PUBLIC.why("the numbers of a creator, folded from the log"),
)
