"""The tables of sounds. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, LargeBinary, Table, Text, func

from openforyou.catalog.tables import RIGHTS_RECORD
from openforyou.storage.schema import OPERATIONAL, PUBLIC, metadata

sounds = Table(
    "sounds",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PUBLIC.why("names the sound")),
    Column("title", Text, nullable=False, info=PUBLIC.why("shown wherever it is used")),
    Column("owner_name", Text, nullable=False, info=PUBLIC.why("named wherever it is used")),
    Column(
        "owner_id", ForeignKey("creators.id"), index=True, info=PUBLIC.why("the creator who owns it; none: outside")
    ),
    Column("licence", Text, nullable=False, info=PUBLIC.why("on which terms it is here")),
    Column("evidence", Text, nullable=False, server_default="", info=RIGHTS_RECORD.why("how the licence is known")),
    Column("sha256", Text, nullable=False, unique=True, info=OPERATIONAL.why("the same file is registered once")),
    Column("audio_key", Text, nullable=False, info=PUBLIC.why("its blob")),
    Column("duration_ms", Integer, nullable=False, info=PUBLIC.why("shown; bounds where a clip may begin in it")),
    Column("peaks", LargeBinary, nullable=False, info=PUBLIC.why("how it is drawn")),
    Column("beats_ms", ARRAY(Integer), nullable=False, info=PUBLIC.why("where the studio may cut")),
    Column("landmarks", LargeBinary, nullable=False, info=OPERATIONAL.why("recognises it in what is uploaded")),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        index=True,
        info=PUBLIC.why("newest first"),
    ),
    info=PUBLIC.why("the library, and the works that uploads are held against"),
)

item_sounds = Table(
    "item_sounds",
    metadata,
    Column(
        "item_id", ForeignKey("items.id", ondelete="CASCADE"), primary_key=True, info=PUBLIC.why("where it is heard")
    ),
    Column("sound_id", ForeignKey("sounds.id"), primary_key=True, index=True, info=PUBLIC.why("what is heard")),
    Column("from_ms", Integer, primary_key=True, autoincrement=False, info=PUBLIC.why("from when in the item")),
    Column("until_ms", Integer, nullable=False, info=PUBLIC.why("until when in the item")),
    Column("is_chosen", Boolean, nullable=False, info=PUBLIC.why("taken from the library, and not only recognised")),
    info=PUBLIC.why("which registered sounds an item has"),
)
