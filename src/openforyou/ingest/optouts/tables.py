"""The table of signals. Only `store` runs queries on it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Table, Text

from openforyou.storage.schema import Care, Nature, metadata

EVIDENCE = Care(
    region="anywhere",
    retention="ten years, as evidence of what was allowed",
    erasure="deleted with its item; holds no name of a person",
    nature=Nature.PUBLIC,
)

signals = Table(
    "signals",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=EVIDENCE.why("names the signal")),
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        index=True,
        info=EVIDENCE.why("the item that came from there; none: it was refused, or is not here yet"),
    ),
    Column("asked", Text, nullable=False, index=True, info=EVIDENCE.why("of which address it was asked")),
    Column("kind", Text, nullable=False, info=EVIDENCE.why("in which way it was said")),
    Column("says", Text, nullable=False, info=EVIDENCE.why("allowed, constrained or forbidden")),
    Column("evidence", Text, nullable=False, info=EVIDENCE.why("the very words")),
    Column("url", Text, nullable=False, info=EVIDENCE.why("where they stood")),
    Column("at", DateTime(timezone=True), nullable=False, info=EVIDENCE.why("when they were read")),
    info=EVIDENCE.why("what pages and hosts said of being learned from"),
)
