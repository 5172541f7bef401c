"""The tables of erasures and of what was removed by age. Only this room's stores run queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import Care, Nature, metadata

MOMENT = DateTime(timezone=True)
GOING = Care(
    region="home region",
    retention="while the erasure runs",
    erasure="emptied with its last step",
    nature=Nature.OPERATIONAL,
)
RECEIPT = Care(
    region="anywhere",
    retention="as long as the log: it is the receipt",
    erasure="never: it names nobody; its mark leads nowhere once the secret is destroyed",
    nature=Nature.PUBLIC,
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RECEIPT.why("names the receipt")),
    Column(
        "whose",
        LargeBinary,
        nullable=False,
        index=True,
        info=RECEIPT.why("a hash of a pseudonym: asked twice, answered the same", Nature.PSEUDONYM),
    ),
    Column("what", Text, nullable=False, info=RECEIPT.why("everything, or the history alone")),
    Column("state", Text, nullable=False, info=RECEIPT.why("going, looking, waiting or done")),
    Column("step", Text, nullable=False, info=GOING.why("which step comes next: killed, it goes on from there")),
    Column(
        "person",
        JSONB,
        info=GOING.why("by which numbers they stand in the tables; none once it is done", Nature.PERSONAL),
    ),
    Column("asked_at", MOMENT, nullable=False, info=RECEIPT.why("when it was asked for")),
    Column("gone_at", MOMENT, info=RECEIPT.why("when everything was gone that does not wait")),
    Column("finished_at", MOMENT, info=RECEIPT.why("when nothing was left to do")),
    Column("removed", JSONB, nullable=False, server_default="{}", info=RECEIPT.why("how many rows of which table")),
    Column("waits", JSONB, nullable=False, server_default="[]", info=RECEIPT.why("what is still here, and why")),
    Column("leaf", LargeBinary, nullable=False, info=RECEIPT.why("what the log says of it")),
    Column("leaf_seq", BigInteger, nullable=False, info=RECEIPT.why("its record's number on the way into the log")),
    info=RECEIPT.why("who went is not said; that somebody did, and what was done, can be shown"),
)

retention_runs = Table(
    "retention_runs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RECEIPT.why("names the run")),
    Column("at", MOMENT, nullable=False, index=True, info=RECEIPT.why("when; the next is due a day later")),
    Column("removed", JSONB, nullable=False, server_default="{}", info=RECEIPT.why("how many rows of which table")),
    Column("leaf_seq", BigInteger, nullable=False, info=RECEIPT.why("its record's number on the way into the log")),
    info=RECEIPT.why("what was removed because its time was over, run by run"),
)
