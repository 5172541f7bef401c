"""The tables of claims. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Index, Integer, Table, Text, text

from openforyou.storage.schema import Care, Nature, metadata

CLAIM = Care(
    region="home region",
    retention="five years after it was closed",
    erasure="words are deleted with whose they are",
    nature=Nature.PSEUDONYM,
    keep_days=1_917,  # five years, from when the decision was due: an appeal takes less than the three months more
)
MOMENT = DateTime(timezone=True)

claims = Table(
    "claims",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=CLAIM.why("names the claim")),
    Column("kind", Text, nullable=False, info=CLAIM.why("what is claimed")),
    Column("claimant_id", BigInteger, nullable=False, index=True, info=CLAIM.why("the creator who claims")),
    Column("respondent_id", BigInteger, nullable=False, index=True, info=CLAIM.why("the creator on the other side")),
    Column("item_id", BigInteger, info=CLAIM.why("the clip in question")),
    Column("other_id", BigInteger, info=CLAIM.why("the clip that it was taken for")),
    Column("state", Text, nullable=False, info=CLAIM.why("where it stands")),
    Column("ruling", Text, info=CLAIM.why("how it was decided last")),
    Column("opened_at", MOMENT, nullable=False, info=CLAIM.why("when it was opened")),
    Column("answer_by", MOMENT, nullable=False, info=CLAIM.why("until when the other side may answer")),
    Column("decide_by", MOMENT, nullable=False, info=CLAIM.why("when a decision is due")),
    Column("appeal_until", MOMENT, info=CLAIM.why("until when the decision may be appealed")),
    Column(
        "decided_by", ARRAY(Text), nullable=False, server_default="{}", info=CLAIM.why("an appeal needs another person")
    ),
    Column(
        "handle",
        Text,
        info=CLAIM.why("the name that was handed over, to be given back if an appeal says so", Nature.PERSONAL),
    ),
    Index("ix_claims_living", "decide_by", postgresql_where=text("state IN ('open', 'decided', 'appealed')")),
    info=CLAIM.why("who says that a work or a name is theirs, and what became of it"),
)

claim_steps = Table(
    "claim_steps",
    metadata,
    Column("claim_id", BigInteger, primary_key=True, autoincrement=False, info=CLAIM.why("which claim")),
    Column("number", Integer, primary_key=True, autoincrement=False, info=CLAIM.why("their order")),
    Column("at", MOMENT, nullable=False, info=CLAIM.why("when")),
    Column("side", Text, nullable=False, info=CLAIM.why("who did it: a side, the staff, the clock")),
    Column("act", Text, nullable=False, info=CLAIM.why("what it was")),
    Column("words", Text, nullable=False, info=CLAIM.why("said to both sides", Nature.PERSONAL)),
    Column("by", Text, nullable=False, server_default="", info=CLAIM.why("who of the staff", Nature.PERSONAL)),
    info=CLAIM.why("everything that happened to a claim, in order"),
)

clearances = Table(
    "clearances",
    metadata,
    Column("claim_id", BigInteger, primary_key=True, autoincrement=False, info=CLAIM.why("by which claim")),
    Column("creator_id", BigInteger, nullable=False, info=CLAIM.why("who may publish it")),
    Column("item_id", BigInteger, nullable=False, info=CLAIM.why("though it is like this clip")),
    Column("since", MOMENT, nullable=False, info=CLAIM.why("from when")),
    Column("until", MOMENT, info=CLAIM.why("to when; open until an appeal ends it")),
    Index("ix_clearances_creator_id_item_id", "creator_id", "item_id"),
    info=CLAIM.why("whose work may be like whose, as decided"),
)
