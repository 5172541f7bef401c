"""The tables of events and of what is folded from them. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import PSEUDONYM, Care, Nature, metadata

HISTORY = Care(
    region="home region",
    retention="two years",
    erasure="deleted with the viewer",
    nature=Nature.PSEUDONYM,
    keep_days=730,
)
STATE = Care(
    region="home region",
    retention="until erased: without it a clip would come back, and a like could count a second time",
    erasure="deleted with the viewer",
    nature=Nature.PSEUDONYM,
)
MOMENT = DateTime(timezone=True)


def _did(name: str, purpose: str) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default="0", info=STATE.why(purpose))


events = Table(
    "events",
    metadata,
    Column("id", Uuid, primary_key=True, info=HISTORY.why("the client's id: a repeat is known by it")),
    Column("type", Text, nullable=False, info=HISTORY.why("what was done")),
    Column("viewer_id", BigInteger, nullable=False, info=PSEUDONYM.why("who did it, under a pseudonym")),
    Column("item_id", BigInteger, nullable=False, info=HISTORY.why("with which item")),
    Column("creator_id", BigInteger, nullable=False, info=HISTORY.why("whose item it is")),
    Column("request_id", BigInteger, nullable=False, info=HISTORY.why("in which slate it was served")),
    Column("occurred_at", MOMENT, nullable=False, info=HISTORY.why("when, by the viewer's clock")),
    Column("received_at", MOMENT, nullable=False, server_default=func.now(), info=HISTORY.why("when, by ours")),
    Column("watch_ms", Integer, nullable=False, server_default="0", info=HISTORY.why("time spent")),
    Column("region", Text, nullable=False, server_default="", info=HISTORY.why("trending by region")),
    Column("detail", Text, nullable=False, server_default="", info=HISTORY.why("why it was reported", Nature.PERSONAL)),
    Column("leaf", LargeBinary, nullable=False, server_default="", info=HISTORY.why("what the log holds of it")),
    Column("leaf_seq", BigInteger, nullable=False, server_default="-1", info=HISTORY.why("its number on the way")),
    # They come in order of time, so a block range index finds a stretch of time at a thousandth of a tree's cost.
    Index("ix_events_received_at", "received_at", postgresql_using="brin"),
    info=HISTORY.why("what viewers did, one row a distinct event"),
)

viewer_items = Table(
    "viewer_items",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, info=PSEUDONYM.why("whose state, under a pseudonym")),
    Column("item_id", BigInteger, primary_key=True, info=STATE.why("with which item")),
    Column("first_at", MOMENT, nullable=False, info=STATE.why("when first")),
    Column("last_at", MOMENT, nullable=False, info=STATE.why("order of the history")),
    _did("impressions", "seen items do not come back"),
    _did("views", "watched by the rule"),
    _did("watch_ms", "how long"),
    _did("completions", "watched to the end"),
    _did("skips", "left early"),
    Column("liked", Boolean, nullable=False, server_default="false", info=STATE.why("the heart's state")),
    Column("liked_at", MOMENT, info=STATE.why("the newest word on it wins")),
    _did("shares", "passed on"),
    Column(
        "not_interested",
        Boolean,
        nullable=False,
        server_default="false",
        info=STATE.why("show less like it"),
    ),
    Column("reported", Boolean, nullable=False, server_default="false", info=STATE.why("never show it again")),
    _did("like_turn", "how often the like was turned, as the log was told"),
    _did("counted_day", "the newest day on which something counted"),
    _did("counted", "what counted on that day, a bit each"),
    _did("counted_before", "what counted the day before"),
    # No index by time: a feed reads all that a viewer did anyway, and without one a row is updated where it lies.
    info=STATE.why("viewer state: what each did with each item, read at every feed request"),
)

follows = Table(
    "follows",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, info=PSEUDONYM.why("who follows, under a pseudonym")),
    Column("creator_id", BigInteger, primary_key=True, index=True, info=STATE.why("whom")),
    Column("following", Boolean, nullable=False, info=STATE.why("false once unfollowed")),
    Column("changed_at", MOMENT, nullable=False, info=STATE.why("the newest word wins")),
    _did("turn", "how often it was turned, as the log was told"),
    info=STATE.why("the Following feed"),
)

slates = Table(
    "slates",
    metadata,
    Column("request_id", BigInteger, primary_key=True, autoincrement=False, info=HISTORY.why("names the slate")),
    Column("viewer_id", BigInteger, nullable=False, info=PSEUDONYM.why("whom it was served to")),
    Column("served_at", MOMENT, nullable=False, info=HISTORY.why("when")),
    Column("surface", Text, nullable=False, info=HISTORY.why("for_you, following, item or creator")),
    Column("item_ids", ARRAY(BigInteger), nullable=False, info=HISTORY.why("what was served, in order")),
    Column("record", JSONB, nullable=False, info=HISTORY.why("why: answered from the record, never made up")),
    Index("ix_slates_viewer_id_served_at", "viewer_id", "served_at"),
    info=HISTORY.why("each slate as it was returned, with what decided"),
)
