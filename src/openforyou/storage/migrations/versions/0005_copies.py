"""Prints of clips and what was found by them, so that copies are refused; items held for a person

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVING = "status IN ('queued', 'processing', 'held', 'published')"
LIVING_BEFORE = "status IN ('queued', 'processing', 'published')"


def upgrade() -> None:
    op.create_table(
        "copy_prints",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_copy_prints_item_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_copy_prints")),
        sa.UniqueConstraint("place", name=op.f("uq_copy_prints_place")),
    )
    op.create_table(
        "copy_matches",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("clip_from_ms", sa.Integer(), nullable=False),
        sa.Column("clip_to_ms", sa.Integer(), nullable=False),
        sa.Column("other_from_ms", sa.Integer(), nullable=False),
        sa.Column("other_to_ms", sa.Integer(), nullable=False),
        sa.Column("alteration", sa.Text(), nullable=False),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["items.id"], name=op.f("fk_copy_matches_item_id_items"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["items.id"], name=op.f("fk_copy_matches_other_id_items"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("item_id", "other_id", "verdict", name=op.f("pk_copy_matches")),
    )
    op.create_index(op.f("ix_copy_matches_other_id"), "copy_matches", ["other_id"])
    _living(LIVING)


def _living(condition: str) -> None:
    """One creator's same file is here once, in any of these states."""
    name = op.f("uq_items_creator_id_source_sha256")
    op.drop_index(name, "items")
    columns = ["creator_id", "source_sha256"]
    op.create_index(name, "items", columns, unique=True, postgresql_where=sa.text(condition))


def downgrade() -> None:
    op.execute("UPDATE items SET status = 'refused' WHERE status = 'held'")
    _living(LIVING_BEFORE)
    op.drop_table("copy_matches")
    op.drop_table("copy_prints")
