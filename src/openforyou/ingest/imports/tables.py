"""The tables of imports. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, ForeignKey, Integer, Table, Text, func
from sqlalchemy.dialects.postgresql import JSONB

from openforyou.storage.schema import OPERATIONAL, PERSONAL, Care, Nature, metadata

HISTORY = Care(
    region="home region",
    retention="while the creator's account exists",
    erasure="deleted with the account",
    nature=Nature.PERSONAL,
)
"""What somebody posted elsewhere, also in private: nobody else is shown it."""


def _text(name: str, why: str, care: Care = HISTORY) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="", info=care.why(why))


imported_entries = Table(
    "imported_entries",
    metadata,
    Column("creator_id", ForeignKey("creators.id"), primary_key=True, info=HISTORY.why("whose import it was")),
    Column("platform", Text, primary_key=True, info=HISTORY.why("where it was posted")),
    Column("external_id", Text, primary_key=True, info=HISTORY.why("its id there: nothing is taken in twice")),
    _text("owner_handle", "whose archive it was, so that a proof can be found"),
    _text("owner_id", "the same, by what stays when a handle changes"),
    Column("kind", Text, nullable=False, info=HISTORY.why("video, photos or article")),
    _text("title", "names it to its owner"),
    Column("outcome", Text, nullable=False, info=HISTORY.why("what became of it")),
    _text("reason", "tells its owner why it did not come in"),
    Column("item_id", ForeignKey("items.id"), index=True, info=HISTORY.why("the item that it became")),
    Column(
        "asked",
        ARRAY(Text),
        nullable=False,
        server_default="{}",
        info=HISTORY.why("rights that its owner wants to give, once it is proven whose it is"),
    ),
    _text("word", "an operator's word that the rights are held; else a proof is needed"),
    Column("given", Boolean, nullable=False, server_default="false", info=HISTORY.why("whether those rights stand")),
    Column("posted_at", DateTime(timezone=True), info=HISTORY.why("when it was posted there")),
    Column("privacy", Text, nullable=False, info=HISTORY.why("who saw it there: nothing is shown to more unasked")),
    _text("source_url", "where it stands there"),
    _text("sound", "the name of its sound there"),
    _text("licence", "its licence there, as evidence"),
    Column("is_ai", Boolean, info=HISTORY.why("whether it was marked there as made by a machine")),
    Column(
        "history",
        JSONB,
        nullable=False,
        server_default="{}",
        info=HISTORY.why("audience counts of there: kept for its owner, never added to ours"),
    ),
    Column("files", ARRAY(Text), nullable=False, server_default="{}", info=HISTORY.why("its files in the export")),
    Column(
        "began_at",
        DateTime(timezone=True),
        nullable=False,
        server_default=func.now(),
        info=OPERATIONAL.why("tells what a killed import took in from what was here before"),
    ),
    info=HISTORY.why("what came in from elsewhere, and what did not"),
)

import_runs = Table(
    "import_runs",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=OPERATIONAL.why("names the import")),
    Column("creator_id", ForeignKey("creators.id"), nullable=False, index=True, info=PERSONAL.why("whose it is")),
    Column("name", Text, nullable=False, info=PERSONAL.why("the archive's name, for its owner")),
    Column("blob_key", Text, nullable=False, info=OPERATIONAL.why("the archive, until it is done")),
    Column("state", Text, nullable=False, info=OPERATIONAL.why("where it stands")),
    _text("reason", "tells its owner why it was refused", OPERATIONAL),
    _text("platform", "where the archive is from", PERSONAL),
    _text("owner_handle", "whose archive it is", PERSONAL),
    _text("owner_id", "the same, by what stays", PERSONAL),
    Column("rights", ARRAY(Text), nullable=False, server_default="{}", info=PERSONAL.why("what its owner ticked")),
    Column(
        "show_private",
        Boolean,
        nullable=False,
        server_default="false",
        info=PERSONAL.why("whether they ticked it also for what was private elsewhere"),
    ),
    Column("done", Integer, nullable=False, server_default="0", info=OPERATIONAL.why("how far")),
    Column("total", Integer, nullable=False, server_default="0", info=OPERATIONAL.why("of how much")),
    Column("lines", JSONB, nullable=False, server_default="[]", info=PERSONAL.why("what was found, entry by entry")),
    Column("counts", JSONB, nullable=False, server_default="{}", info=PERSONAL.why("how many entries ended how")),
    Column("attempts", Integer, nullable=False, server_default="0", info=OPERATIONAL.why("gives up after a few")),
    Column("created_at", DateTime(timezone=True), nullable=False, info=OPERATIONAL.why("order of work")),
    info=OPERATIONAL.why("archives on their way in"),
)
