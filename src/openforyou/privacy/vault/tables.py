"""What is kept of people under a seal. Only `store` runs queries on it, and no query opens anything."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from openforyou.storage.schema import PSEUDONYM, SEALED, metadata

sealed_fields = Table(
    "sealed_fields",
    metadata,
    Column("kind", Text, primary_key=True, info=PSEUDONYM.why("account or viewer")),
    Column("subject_id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("whose field")),
    Column("field", Text, primary_key=True, info=PSEUDONYM.why("which field")),
    Column("region", Text, nullable=False, info=PSEUDONYM.why("whose broker has the key")),
    Column("sealed", LargeBinary, nullable=False, info=SEALED.why("the value, for whom the broker opens it")),
    info=SEALED.why("personal fields, each sealed under a key of the person's own that is kept elsewhere"),
)
