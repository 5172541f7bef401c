"""What was said about rights, word by word, and the secrets under which the log tells of it. Only this room runs
queries on them. What holds now is the table `rights`, which is made of these words and of nothing else."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, LargeBinary, Table, Text

from openforyou.catalog.tables import RIGHTS_RECORD
from openforyou.storage.schema import PSEUDONYM, metadata

MOMENT = DateTime(timezone=True)

subject_secrets = Table(
    "subject_secrets",
    metadata,
    Column("kind", Text, primary_key=True, info=PSEUDONYM.why("item, viewer or sound")),
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("whose secret")),
    Column("secret", LargeBinary, nullable=False, info=PSEUDONYM.why("makes their marks; destroyed with them")),
    info=PSEUDONYM.why("without it, no mark in a manifest or in the log leads to an item or a viewer"),
)

right_events = Table(
    "right_events",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RIGHTS_RECORD.why("names what was said")),
    Column(
        "seq",
        BigInteger,
        nullable=False,
        unique=True,
        info=RIGHTS_RECORD.why("its record's number on the way into the log: what comes later has the greater one"),
    ),
    Column("act", Text, nullable=False, info=RIGHTS_RECORD.why("grant, refuse or withdraw")),
    Column("right", Text, nullable=False, info=RIGHTS_RECORD.why("what is allowed or not")),
    Column("subject_kind", Text, nullable=False, info=RIGHTS_RECORD.why("item, viewer or sound")),
    Column(
        "subject_id", BigInteger, nullable=False, info=RIGHTS_RECORD.why("the item, the sound, or the viewer's history")
    ),
    Column("by_kind", Text, nullable=False, info=RIGHTS_RECORD.why("as what they said it: whose word outranks whose")),
    Column("granted_by", Text, nullable=False, info=RIGHTS_RECORD.why("who said it")),
    Column("given_to", BigInteger, info=RIGHTS_RECORD.why("the creator who may use a sound; none: everybody")),
    Column("evidence", Text, nullable=False, info=RIGHTS_RECORD.why("how that is known")),
    Column("since", MOMENT, nullable=False, info=RIGHTS_RECORD.why("from when")),
    Column("until", MOMENT, info=RIGHTS_RECORD.why("to when; open until withdrawn")),
    Column("region", Text, nullable=False, server_default="", info=RIGHTS_RECORD.why("where; empty: everywhere")),
    Column("at", MOMENT, nullable=False, info=RIGHTS_RECORD.why("when it was said")),
    Column(
        "commitment",
        LargeBinary,
        nullable=False,
        info=RIGHTS_RECORD.why("what the log says of it, so that it is found there once its secret is destroyed"),
    ),
    Index("ix_right_events_subject", "subject_kind", "subject_id", "right"),
    info=RIGHTS_RECORD.why("every grant, refusal and withdrawal, in the order in which they count"),
)
