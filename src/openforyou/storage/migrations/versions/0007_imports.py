"""Imports of one's own archive: entries and where they ended, archives on their way, articles, dates of elsewhere

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("source_url", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "articles",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_articles_item_id_items"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_articles")),
    )
    op.create_table(
        "imported_entries",
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("owner_handle", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_id", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("word", sa.Text(), server_default="", nullable=False),
        sa.Column("given", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("privacy", sa.Text(), nullable=False),
        sa.Column("source_url", sa.Text(), server_default="", nullable=False),
        sa.Column("sound", sa.Text(), server_default="", nullable=False),
        sa.Column("licence", sa.Text(), server_default="", nullable=False),
        sa.Column("is_ai", sa.Boolean(), nullable=True),
        sa.Column("history", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("files", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["creators.id"], name=op.f("fk_imported_entries_creator_id_creators")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_imported_entries_item_id_items")),
        sa.PrimaryKeyConstraint("creator_id", "platform", "external_id", name=op.f("pk_imported_entries")),
    )
    op.create_index(op.f("ix_imported_entries_item_id"), "imported_entries", ["item_id"])
    op.create_table(
        "import_runs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("platform", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_handle", sa.Text(), server_default="", nullable=False),
        sa.Column("owner_id", sa.Text(), server_default="", nullable=False),
        sa.Column("rights", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("show_private", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lines", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["creator_id"], ["creators.id"], name=op.f("fk_import_runs_creator_id_creators")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    op.create_index(op.f("ix_import_runs_creator_id"), "import_runs", ["creator_id"])


def downgrade() -> None:
    op.drop_table("import_runs")
    op.drop_table("imported_entries")
    op.drop_table("articles")
    op.drop_column("items", "source_url")
    op.drop_column("items", "posted_at")
