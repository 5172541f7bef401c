"""The tables of forgetting. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, Table, Text

from openforyou.learn.tables import MODEL_RECORD
from openforyou.storage.schema import Care, Nature, metadata

MOMENT = DateTime(timezone=True)
LEARNED_FROM = Care(
    region="home region",
    retention="as long as weights that learned from it",
    erasure="deleted when the weights are destroyed",
    nature=Nature.PSEUDONYM,
)

model_subjects = Table(
    "model_subjects",
    metadata,
    Column("base_id", BigInteger, primary_key=True, autoincrement=False, info=LEARNED_FROM.why("the trained model")),
    Column(
        "added_by",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        info=LEARNED_FROM.why("itself, or the update that met them first"),
    ),
    Column("items", LargeBinary, nullable=False, info=LEARNED_FROM.why("items learned from, eight bytes each")),
    Column("viewers", LargeBinary, nullable=False, info=LEARNED_FROM.why("viewers learned from, eight bytes each")),
    info=LEARNED_FROM.why("tells which models must go when a right is taken back"),
)
stale_models = Table(
    "stale_models",
    metadata,
    Column("base_id", BigInteger, primary_key=True, autoincrement=False, info=MODEL_RECORD.why("the trained model")),
    Column("since", MOMENT, nullable=False, info=MODEL_RECORD.why("when the first right was taken back")),
    Column("deadline", MOMENT, nullable=False, info=MODEL_RECORD.why("by when the weights are destroyed")),
    Column("noticed_at", MOMENT, nullable=False, info=MODEL_RECORD.why("when it was noticed")),
    Column("items", Integer, nullable=False, info=MODEL_RECORD.why("how many items it may not know any more")),
    Column("viewers", Integer, nullable=False, info=MODEL_RECORD.why("how many viewers it may not know any more")),
    Column("unknown", Boolean, nullable=False, info=MODEL_RECORD.why("no record says whom it learned from")),
    Column("cause", Text, nullable=False, server_default="", info=MODEL_RECORD.why("why it went, once it did")),
    info=MODEL_RECORD.why("models that learned from somebody who allows it no more"),
)
model_ends = Table(
    "model_ends",
    metadata,
    Column("model_id", BigInteger, primary_key=True, autoincrement=False, info=MODEL_RECORD.why("the trained model")),
    Column("weights_sha256", Text, nullable=False, info=MODEL_RECORD.why("which weights")),
    Column("cause", Text, nullable=False, info=MODEL_RECORD.why("why")),
    Column("at", MOMENT, nullable=False, info=MODEL_RECORD.why("when they were destroyed")),
    Column("leaf_seq", BigInteger, nullable=False, info=MODEL_RECORD.why("its record on the way into the log")),
    info=MODEL_RECORD.why("weights that were destroyed, and said so in the log"),
)
