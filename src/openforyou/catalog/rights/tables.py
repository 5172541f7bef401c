"""The tables of rights that are no grants. Only this room runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from openforyou.storage.schema import PSEUDONYM, metadata

subject_secrets = Table(
    "subject_secrets",
    metadata,
    Column("kind", Text, primary_key=True, info=PSEUDONYM.why("item, viewer or sound")),
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("whose secret")),
    Column("secret", LargeBinary, nullable=False, info=PSEUDONYM.why("makes their marks; destroyed with them")),
    info=PSEUDONYM.why("without it, no mark in a manifest or in the log leads to an item or a viewer"),
)
