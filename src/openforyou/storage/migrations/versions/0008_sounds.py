"""Sounds with owner, licence and right, which items they are heard in, and what an item is to sound like

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LIVING = "status IN ('queued', 'processing', 'published'{more})"
SOURCE_INDEX = "uq_items_creator_id_source_sha256"


def upgrade() -> None:
    op.create_table(
        "sounds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("audio_key", sa.Text(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("beats_ms", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("landmarks", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["creators.id"], name=op.f("fk_sounds_owner_id_creators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sounds")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sounds_sha256")),
    )
    op.create_index(op.f("ix_sounds_owner_id"), "sounds", ["owner_id"])
    op.create_index(op.f("ix_sounds_created_at"), "sounds", ["created_at"])
    op.create_table(
        "item_sounds",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("sound_id", sa.BigInteger(), nullable=False),
        sa.Column("from_ms", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("until_ms", sa.Integer(), nullable=False),
        sa.Column("is_chosen", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_item_sounds_item_id_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["sound_id"], ["sounds.id"], name=op.f("fk_item_sounds_sound_id_sounds")),
        sa.PrimaryKeyConstraint("item_id", "sound_id", "from_ms", name=op.f("pk_item_sounds")),
    )
    op.create_index(op.f("ix_item_sounds_sound_id"), "item_sounds", ["sound_id"])
    op.add_column("rights", sa.Column("given_to", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("sound_source", sa.Text(), server_default="own", nullable=False))
    op.add_column("items", sa.Column("library_sound_id", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("library_from_ms", sa.Integer(), server_default="0", nullable=False))
    _index_sources(", 'held'")


def _index_sources(more: str) -> None:
    op.drop_index(SOURCE_INDEX, "items")
    living = sa.text(LIVING.format(more=more))
    op.create_index(SOURCE_INDEX, "items", ["creator_id", "source_sha256"], unique=True, postgresql_where=living)


def downgrade() -> None:
    _index_sources("")
    for name in ("library_from_ms", "library_sound_id", "sound_source"):
        op.drop_column("items", name)
    op.drop_column("rights", "given_to")
    op.drop_table("item_sounds")
    op.drop_table("sounds")
