"""The catalogue's tables. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

from openforyou.storage.schema import OPERATIONAL, PERSONAL, PUBLIC, Care, Nature, metadata

RIGHTS_RECORD = Care(
    region="anywhere",
    retention="ten years, as evidence of what was allowed",
    erasure="the grantor's name is deleted with their account, the grant stays",
    nature=Nature.PSEUDONYM,
)

TAKEN_ONCE = ("queued", "processing", "held", "needs_sound", "suspended", "published")
"""While an item of a creator's stands so, the same file is not taken in again."""

creators = Table(
    "creators",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PUBLIC.why("names the creator")),
    Column("handle", Text, nullable=False, unique=True, info=PUBLIC.why("their address: /@handle")),
    Column("name", Text, nullable=False, info=PUBLIC.why("shown beside their items")),
    Column("bio", Text, nullable=False, server_default="", info=PUBLIC.why("shown on their page")),
    Column("account_id", BigInteger, unique=True, info=PERSONAL.why("which account may publish as them")),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        info=PUBLIC.why("shown on their page"),
    ),
    Column("taken_at", DateTime(timezone=True), info=OPERATIONAL.why("whose clip is made ready next")),
    Column(
        "guarded",
        Boolean,
        nullable=False,
        server_default="false",
        info=PERSONAL.why("a minor's: what may be done with their items is a guardian's to say"),
    ),
    info=PUBLIC.why("who publishes"),
)

items = Table(
    "items",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PUBLIC.why("names the item")),
    Column(
        "creator_id",
        ForeignKey("creators.id"),
        nullable=False,
        index=True,
        info=PUBLIC.why("who published it"),
    ),
    Column("kind", Text, nullable=False, info=PUBLIC.why("how to show it")),
    Column("status", Text, nullable=False, info=OPERATIONAL.why("where it stands on the way to being published")),
    Column("title", Text, nullable=False, info=PUBLIC.why("shown and recommended by")),
    Column("caption", Text, nullable=False, server_default="", info=PUBLIC.why("shown and recommended by")),
    Column("region", Text, nullable=False, server_default="", info=PUBLIC.why("trending by region")),
    Column(
        "cross_post",
        Boolean,
        nullable=False,
        server_default="false",
        info=PUBLIC.why("posted elsewhere before, by its creator's word; published rules may go by it"),
    ),
    Column("language", Text, nullable=False, server_default="", info=PUBLIC.why("its own, by its creator's word")),
    Column("sound_id", BigInteger, info=PUBLIC.why("clips set to the same sound share it; none: silence")),
    Column("sound_source", Text, nullable=False, server_default="own", info=OPERATIONAL.why("own, muted or library")),
    Column("library_sound_id", BigInteger, info=OPERATIONAL.why("the sound chosen in place of its own")),
    Column(
        "library_from_ms", Integer, nullable=False, server_default="0", info=OPERATIONAL.why("where that sound begins")
    ),
    Column(
        "credentials",
        Text,
        nullable=False,
        server_default="none",
        info=PUBLIC.why("how far the Content Credentials of its source hold, shown beside it"),
    ),
    Column("signed_by", Text, nullable=False, server_default="", info=PUBLIC.why("who signed those, shown beside it")),
    Column(
        "ai_made",
        Boolean,
        nullable=False,
        server_default="false",
        info=PUBLIC.why("made by a trained model, by the word of its credentials; shown beside it"),
    ),
    Column(
        "words",
        ARRAY(BigInteger),
        nullable=False,
        server_default="{}",
        info=PUBLIC.why("codes of the words in title and caption, so that a word that a viewer muted finds it"),
    ),
    Column(
        "duration_ms",
        Integer,
        nullable=False,
        server_default="0",
        info=PUBLIC.why("shown; bounds watch time"),
    ),
    Column("width", Integer, nullable=False, server_default="0", info=PUBLIC.why("layout before it loads")),
    Column("height", Integer, nullable=False, server_default="0", info=PUBLIC.why("layout before it loads")),
    Column(
        "has_sound",
        Boolean,
        nullable=False,
        server_default="false",
        info=PUBLIC.why("whether to offer sound"),
    ),
    Column(
        "poster_key",
        Text,
        nullable=False,
        server_default="",
        info=PUBLIC.why("the still shown before it plays"),
    ),
    Column(
        "preview_key",
        Text,
        nullable=False,
        server_default="",
        info=PUBLIC.why("the short loop shown in grids"),
    ),
    Column("source_name", Text, nullable=False, info=OPERATIONAL.why("names the file in messages to its creator")),
    Column(
        "source_key",
        Text,
        nullable=False,
        server_default="",
        info=OPERATIONAL.why("the upload until processed"),
    ),
    Column("source_sha256", Text, nullable=False, info=OPERATIONAL.why("the same file is taken in once")),
    Column("attempts", Integer, nullable=False, server_default="0", info=OPERATIONAL.why("gives up after a few")),
    Column(
        "urgency", SmallInteger, nullable=False, server_default="1", info=OPERATIONAL.why("which is made ready first")
    ),
    Column("not_before", DateTime(timezone=True), info=OPERATIONAL.why("an attempt failed: not tried again before")),
    Column("failure", Text, nullable=False, server_default="", info=OPERATIONAL.why("tells an operator why it failed")),
    Column(
        "reason",
        Text,
        nullable=False,
        server_default="",
        info=OPERATIONAL.why("tells its creator why refused"),
    ),
    Column(
        "created_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        info=OPERATIONAL.why("order of processing"),
    ),
    Column("published_at", DateTime(timezone=True), info=PUBLIC.why("freshness")),
    Column("posted_at", DateTime(timezone=True), info=PUBLIC.why("shown: when it was posted elsewhere first")),
    Column("source_url", Text, nullable=False, server_default="", info=PUBLIC.why("shown: where it stands elsewhere")),
    Column(
        "changed_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        index=True,
        info=OPERATIONAL.why("feed servers read what changed since they last looked"),
    ),
    Index("ix_items_sound_id", "sound_id", postgresql_where=text("sound_id IS NOT NULL")),
    Index("ix_items_waiting", "created_at", postgresql_where=text("status IN ('queued', 'processing')")),
    Index(
        "uq_items_creator_id_source_sha256",
        "creator_id",
        "source_sha256",
        unique=True,
        postgresql_where=text(f"status IN {TAKEN_ONCE}"),
    ),
    Index("ix_items_failed", "changed_at", postgresql_where=text("status = 'failed'")),
    info=PUBLIC.why("what can stand in a feed"),
)

renditions = Table(
    "renditions",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=PUBLIC.why("which item it plays"),
    ),
    Column("name", Text, primary_key=True, info=PUBLIC.why("its height in pixels, as in 720p")),
    Column("key", Text, nullable=False, info=PUBLIC.why("its blob")),
    Column("width", Integer, nullable=False, info=PUBLIC.why("chosen by the player")),
    Column("height", Integer, nullable=False, info=PUBLIC.why("chosen by the player")),
    Column("size_bytes", BigInteger, nullable=False, info=PUBLIC.why("chosen by the player")),
    info=PUBLIC.why("playable files"),
)

articles = Table(
    "articles",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=PUBLIC.why("which item it is the text of"),
    ),
    Column("html", Text, nullable=False, info=PUBLIC.why("the text, made safe when it came in")),
    info=PUBLIC.why("texts of articles"),
)

features = Table(
    "features",
    metadata,
    Column(
        "item_id",
        ForeignKey("items.id", ondelete="CASCADE"),
        primary_key=True,
        info=OPERATIONAL.why("which item it describes"),
    ),
    Column("encoder", Text, primary_key=True, info=OPERATIONAL.why("what computed it, with its version")),
    Column("vector", LargeBinary, nullable=False, info=OPERATIONAL.why("float32 little-endian unit vector")),
    info=OPERATIONAL.why("content features, so that an item nobody has seen has a place"),
)

rights = Table(
    "rights",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=RIGHTS_RECORD.why("names the grant")),
    Column("right", Text, nullable=False, info=RIGHTS_RECORD.why("what is allowed")),
    Column("subject_kind", Text, nullable=False, info=RIGHTS_RECORD.why("item, viewer or sound")),
    Column(
        "subject_id", BigInteger, nullable=False, info=RIGHTS_RECORD.why("the item, the sound, or the viewer's history")
    ),
    Column("granted_by", Text, nullable=False, info=RIGHTS_RECORD.why("who allowed it")),
    Column("given_to", BigInteger, info=RIGHTS_RECORD.why("the creator who may use a sound; none: everybody")),
    Column("evidence", Text, nullable=False, info=RIGHTS_RECORD.why("how that is known")),
    Column("since", DateTime(timezone=True), nullable=False, info=RIGHTS_RECORD.why("from when")),
    Column("until", DateTime(timezone=True), info=RIGHTS_RECORD.why("to when; open until withdrawn")),
    Index("ix_rights_subject", "subject_kind", "subject_id", "right"),
    info=RIGHTS_RECORD.why("what was allowed, by whom, from when to when"),
)
