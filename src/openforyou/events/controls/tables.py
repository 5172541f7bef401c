"""The tables of what viewers choose. Only `store` runs queries on them, and a feed's recall."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from openforyou.storage.schema import PSEUDONYM, metadata

MOMENT = DateTime(timezone=True)

viewer_controls = Table(
    "viewer_controls",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("whose choices")),
    Column("profiling", Boolean, nullable=False, info=PSEUDONYM.why("a feed without profiling")),
    Column("autoplay", Boolean, nullable=False, info=PSEUDONYM.why("whether clips start by themselves")),
    Column("break_minutes", Integer, nullable=False, info=PSEUDONYM.why("when a pause is offered")),
    Column("region", Text, nullable=False, info=PSEUDONYM.why("whose trending is shown")),
    Column("reset_at", MOMENT, info=PSEUDONYM.why("the feed forgets what was before")),
    Column(
        "languages",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        info=PSEUDONYM.why("clips that declare another are left out; none: all languages"),
    ),
    Column(
        "pauses",
        TSTZMULTIRANGE,
        nullable=False,
        server_default="{}",
        info=PSEUDONYM.why("when the feed was to learn nothing; open at its end while it still is"),
    ),
    Column(
        "guarded",
        Boolean,
        nullable=False,
        server_default="false",
        info=PSEUDONYM.why("a minor's: without profiling, whatever stands beside it, until a guardian allows it"),
    ),
    info=PSEUDONYM.why("what a viewer chose"),
)

muted = Table(
    "muted",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("who muted it")),
    Column("kind", Text, primary_key=True, info=PSEUDONYM.why("creator, sound, topic or word")),
    Column("key", Text, primary_key=True, info=PSEUDONYM.why("which; shown in the settings")),
    Column("codes", ARRAY(BigInteger), nullable=False, info=PSEUDONYM.why("finds the clips that it keeps away")),
    Column("since", MOMENT, nullable=False, info=PSEUDONYM.why("order of the list in the settings")),
    info=PSEUDONYM.why("what a viewer wants nothing more of in For You"),
)

asked_for_more = Table(
    "asked_for_more",
    metadata,
    Column("viewer_id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("who asked")),
    Column("item_id", BigInteger, primary_key=True, autoincrement=False, info=PSEUDONYM.why("more like which clip")),
    Column("since", MOMENT, nullable=False, info=PSEUDONYM.why("it fades")),
    info=PSEUDONYM.why("what a viewer asked for more of"),
)
