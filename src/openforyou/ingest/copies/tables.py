"""What is kept so that copies are found, and what was found. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import OPERATIONAL, Care, Nature, metadata

EVIDENCE = Care(
    region="where it runs",
    retention="while either item is here",
    erasure="deleted with the item that was compared",
    nature=Nature.OPERATIONAL,
)

copy_prints = Table(
    "copy_prints",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=OPERATIONAL.why("whose print it is; deleted when the item is withdrawn or refused"),
    ),
    Column(
        "place",
        BigInteger,
        Identity(always=True),
        nullable=False,
        unique=True,
        info=OPERATIONAL.why("the order in which clips came: of two copies the later one is the copy"),
    ),
    Column("picture", LargeBinary, nullable=False, info=OPERATIONAL.why("hashes and features of frames, packed")),
    Column("sound", LargeBinary, nullable=False, info=OPERATIONAL.why("landmarks of the sound, packed")),
    info=OPERATIONAL.why("copies are found by it"),
)

copy_matches = Table(
    "copy_matches",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=EVIDENCE.why("what was compared"),
    ),
    Column(
        "other_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=EVIDENCE.why("with what was here before"),
    ),
    Column("verdict", Text, primary_key=True, info=EVIDENCE.why("what the one is to the other")),
    Column("clip_from_ms", Integer, nullable=False, info=EVIDENCE.why("where it matches")),
    Column("clip_to_ms", Integer, nullable=False, info=EVIDENCE.why("where it matches")),
    Column("other_from_ms", Integer, nullable=False, info=EVIDENCE.why("where it matches")),
    Column("other_to_ms", Integer, nullable=False, info=EVIDENCE.why("where it matches")),
    Column("alteration", Text, nullable=False, info=EVIDENCE.why("what was done to it, in words")),
    Column("evidence", JSONB, nullable=False, info=EVIDENCE.why("the figures that decided, for a dispute")),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now(), info=EVIDENCE.why("when")),
    Column("decision", Text, nullable=False, server_default="", info=EVIDENCE.why("what a person decided")),
    Column("decided_at", DateTime(timezone=True), info=EVIDENCE.why("when a person decided")),
    Index("ix_copy_matches_other_id", "other_id"),
    info=EVIDENCE.why("why an item was refused or held, for its creator, reviewers and disputes"),
)
