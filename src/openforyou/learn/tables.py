"""The table of models. Only `store` runs queries on it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import Care, Nature, metadata

MODEL_RECORD = Care(
    region="anywhere",
    retention="for good: it says what each model learned from",
    erasure="holds nothing personal; the weights are deleted with the blob",
    nature=Nature.PUBLIC,
)
MOMENT = DateTime(timezone=True)

models = Table(
    "models",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=MODEL_RECORD.why("names the model")),
    Column("status", Text, nullable=False, info=MODEL_RECORD.why("training, ready, serving, retired or failed")),
    Column(
        "reason",
        Text,
        nullable=False,
        server_default="",
        info=MODEL_RECORD.why("why it failed or does not serve"),
    ),
    Column("blob_key", Text, nullable=False, server_default="", info=MODEL_RECORD.why("the weights")),
    Column(
        "weights_sha256",
        Text,
        nullable=False,
        server_default="",
        info=MODEL_RECORD.why("tells a damaged file"),
    ),
    Column(
        "manifest",
        JSONB,
        nullable=False,
        info=MODEL_RECORD.why("data, settings, seed, metrics, code version"),
    ),
    Column("created_at", MOMENT, nullable=False, server_default=func.now(), info=MODEL_RECORD.why("when begun")),
    Column("promoted_at", MOMENT, info=MODEL_RECORD.why("since when it serves")),
    Column("signed", Text, nullable=False, server_default="", info=MODEL_RECORD.why("the manifest as it is signed")),
    Column(
        "leaf_seq",
        BigInteger,
        nullable=False,
        server_default="-1",
        info=MODEL_RECORD.why("the number of its record on the way into the log"),
    ),
    info=MODEL_RECORD.why("each model, and what it learned from"),
)
