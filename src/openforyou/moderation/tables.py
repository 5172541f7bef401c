"""The tables of published rules. Only `store` runs queries on them.

A row is no rule: the feed follows what the log holds, and takes from here only where to look.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Float, Table, Text

from openforyou.storage.schema import OPERATIONAL, PUBLIC, Care, Nature, metadata

RULES = Care(
    region="anywhere",
    retention="as long as the log",
    erasure="never: what everybody may check stays",
    nature=Nature.PUBLIC,
)
TALLY = Care(
    region="anywhere",
    retention="two years",
    erasure="deleted with its item",
    nature=Nature.PUBLIC,
    keep_days=730,
)
MOMENT = DateTime(timezone=True)

policies = Table(
    "policies",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RULES.why("names the rule")),
    Column("kind", Text, nullable=False, info=RULES.why("what it does")),
    Column("name", Text, nullable=False, info=RULES.why("what people call it")),
    Column("reason", Text, nullable=False, info=RULES.why("why it exists, for everybody to read")),
    Column("scope_kind", Text, nullable=False, info=RULES.why("which items it is about")),
    Column("scope_id", BigInteger, info=RULES.why("the item or the creator that it is about")),
    Column("since", MOMENT, nullable=False, info=RULES.why("from when it acts")),
    Column("until", MOMENT, info=RULES.why("to when; open until it is ended")),
    Column("limit", BigInteger, info=RULES.why("of a cap or a cross-post limit")),
    Column("factor", Float, info=RULES.why("of a boost or a demotion")),
    Column("seq", BigInteger, nullable=False, info=OPERATIONAL.why("where its record is on the way into the log")),
    Column("ended_at", MOMENT, info=RULES.why("when it was ended before its date")),
    Column("end_reason", Text, info=RULES.why("why it was ended")),
    Column("end_seq", BigInteger, info=OPERATIONAL.why("where the record of its end is on the way into the log")),
    info=RULES.why("what moves, caps or freezes items, each by a record in the log"),
)

policy_effects = Table(
    "policy_effects",
    metadata,
    Column("policy_id", BigInteger, primary_key=True, autoincrement=False, info=TALLY.why("which rule")),
    Column("item_id", BigInteger, primary_key=True, autoincrement=False, index=True, info=TALLY.why("on which item")),
    Column("day", Date, primary_key=True, info=TALLY.why("on which day, in UTC")),
    Column("effect", Text, primary_key=True, info=TALLY.why("removed, displaced, demoted or lifted")),
    Column("slates", BigInteger, nullable=False, info=TALLY.why("in how many slates; told to the creator")),
    info=TALLY.why("what each rule did to each item, counted with the slates"),
)

weights_records = Table(
    "weights_records",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("where its record is")),
    Column("digest", Text, nullable=False, info=PUBLIC.why("names the ranking weights")),
    info=OPERATIONAL.why("which ranking weights were published last"),
)
