"""The table of running work. Only `app.tasks` runs queries on it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Table, Text, func

from openforyou.storage.schema import OPERATIONAL, metadata

tasks = Table(
    "tasks",
    metadata,
    Column("name", Text, primary_key=True, info=OPERATIONAL.why("names the work, as in demo.clips")),
    Column("done", BigInteger, nullable=False, info=OPERATIONAL.why("how far")),
    Column("total", BigInteger, nullable=False, info=OPERATIONAL.why("of how much")),
    Column("message", Text, nullable=False, server_default="", info=OPERATIONAL.why("what it does now")),
    Column("state", Text, nullable=False, info=OPERATIONAL.why("running, done or failed")),
    Column(
        "updated_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        info=OPERATIONAL.why("tells work that died"),
    ),
    info=OPERATIONAL.why("progress of long work, shown in pages"),
)
