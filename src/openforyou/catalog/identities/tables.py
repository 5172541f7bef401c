"""Tables of proven accounts. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import PERSONAL, Care, Nature, metadata

MOMENT = DateTime(timezone=True)
CHALLENGE = Care(
    region="home region",
    retention="a day",
    erasure="deleted when answered, given up or expired",
    nature=Nature.PERSONAL,
    keep_days=0,
)
EVIDENCE = Care(
    region="home region",
    retention="three years, as evidence where two people dispute an account",
    erasure="deleted with the account",
    nature=Nature.PERSONAL,
    keep_days=1_096,
)

identity_challenges = Table(
    "identity_challenges",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=CHALLENGE.why("names the challenge")),
    Column(
        "creator_id",
        ForeignKey("creators.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=CHALLENGE.why("who is to do it; nobody else can have it checked"),
    ),
    Column("platform", Text, nullable=False, info=CHALLENGE.why("where the account is")),
    Column("who", Text, nullable=False, info=CHALLENGE.why("which account it is")),
    Column("url", Text, nullable=False, info=CHALLENGE.why("where its profile is")),
    Column("method", Text, nullable=False, info=CHALLENGE.why("how it is to be proven")),
    Column("code", Text, nullable=False, info=CHALLENGE.why("what is to be seen there")),
    Column("secrets", JSONB, nullable=False, info=CHALLENGE.why("what was agreed with a provider")),
    Column("created_at", MOMENT, nullable=False, info=CHALLENGE.why("their order")),
    Column("expires_at", MOMENT, nullable=False, index=True, info=CHALLENGE.why("an old code proves nothing")),
    Column("tries", Integer, nullable=False, server_default="0", info=CHALLENGE.why("each asks somebody's server")),
    info=CHALLENGE.why("what a creator was asked to do to prove an account"),
)

identities = Table(
    "identities",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PERSONAL.why("names the proof")),
    Column(
        "creator_id",
        ForeignKey("creators.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=PERSONAL.why("who proved it; shown on their page"),
    ),
    Column("platform", Text, nullable=False, info=PERSONAL.why("where the account is; shown on their page")),
    Column("who", Text, nullable=False, info=PERSONAL.why("which account it is; shown on their page")),
    Column("url", Text, nullable=False, info=PERSONAL.why("where its profile is; shown on their page")),
    Column("subject", Text, nullable=False, info=PERSONAL.why("its lasting name, by which a handover is noticed")),
    Column("method", Text, nullable=False, info=PERSONAL.why("how it was proven; shown on their page")),
    Column("code", Text, nullable=False, info=PERSONAL.why("what must still be there at the next look")),
    Column("evidence", JSONB, nullable=False, info=EVIDENCE.why("what was seen, where, its hash, when")),
    Column("proven_at", MOMENT, nullable=False, info=PERSONAL.why("since when; shown on their page")),
    Column("checked_at", MOMENT, nullable=False, info=PERSONAL.why("when it was last seen; shown on their page")),
    Column("expires_at", MOMENT, nullable=False, info=PERSONAL.why("until when it counts")),
    Column("look_at", MOMENT, info=PERSONAL.why("when it is looked at again; none: it cannot be")),
    Column("failing_since", MOMENT, info=PERSONAL.why("since when it is missing; the grace runs from there")),
    Column("failure", Text, nullable=False, server_default="", info=PERSONAL.why("tells its owner what is missing")),
    Column("ended_at", MOMENT, info=EVIDENCE.why("when it lapsed or was withdrawn; none: it stands")),
    Column("end_reason", Text, nullable=False, server_default="", info=EVIDENCE.why("why it ended")),
    Index("uq_identities_standing", "platform", "who", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index(
        "uq_identities_subject",
        "platform",
        "subject",
        unique=True,
        postgresql_where=text("ended_at IS NULL AND subject <> ''"),
    ),
    Index("ix_identities_look_at", "look_at", postgresql_where=text("ended_at IS NULL")),
    info=PERSONAL.why("accounts elsewhere that a creator has proven to hold"),
)

identity_checks = Table(
    "identity_checks",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=EVIDENCE.why("names the look")),
    Column(
        "creator_id",
        ForeignKey("creators.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=EVIDENCE.why("for whom it was looked"),
    ),
    Column("platform", Text, nullable=False, info=EVIDENCE.why("where the account is")),
    Column("who", Text, nullable=False, info=EVIDENCE.why("which account it is")),
    Column("method", Text, nullable=False, info=EVIDENCE.why("how it was looked")),
    Column("result", Text, nullable=False, info=EVIDENCE.why("what came of it")),
    Column("saw", Text, nullable=False, info=EVIDENCE.why("what was seen, in words")),
    Column("url", Text, nullable=False, info=EVIDENCE.why("where")),
    Column("sha256", Text, nullable=False, info=EVIDENCE.why("the hash of all that was read there")),
    Column("at", MOMENT, nullable=False, info=EVIDENCE.why("when")),
    Index("ix_identity_checks_platform_who", "platform", "who"),
    info=EVIDENCE.why("every look at an account elsewhere, as evidence"),
)
