"""What was read of each file's credentials, and the refusals that came with it. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.catalog.tables import RIGHTS_RECORD
from openforyou.storage.schema import PUBLIC, metadata

credentials = Table(
    "credentials",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=PUBLIC.why("which item's source it was read from"),
    ),
    Column(
        "told", JSONB, nullable=False, info=PUBLIC.why("signer, actions, ingredients: what the file says of itself")
    ),
    Column("read_at", DateTime(timezone=True), nullable=False, info=PUBLIC.why("trust lists change")),
    info=PUBLIC.why("Content Credentials of what was taken in, for those who want to know where it comes from"),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RIGHTS_RECORD.why("names the refusal")),
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=RIGHTS_RECORD.why("what may not be learned from"),
    ),
    Column("kind", Text, nullable=False, info=RIGHTS_RECORD.why("which kind of signal, as c2pa")),
    Column("source", Text, nullable=False, info=RIGHTS_RECORD.why("where it stood, as the label of a manifest")),
    Column("label", Text, nullable=False, info=RIGHTS_RECORD.why("its name, as cawg.training-mining")),
    Column("said", Text, nullable=False, info=RIGHTS_RECORD.why("its text")),
    Column("state", Text, nullable=False, info=RIGHTS_RECORD.why("how far it was proven then")),
    Column("at", DateTime(timezone=True), nullable=False, info=RIGHTS_RECORD.why("when it was read")),
    info=RIGHTS_RECORD.why("refusals that came with the content, as evidence for why the right to learn does not hold"),
)
