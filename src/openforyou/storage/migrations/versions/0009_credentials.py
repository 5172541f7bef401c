"""What files say of where they come from, and the refusals that come with them

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("items", sa.Column("credentials", sa.Text(), server_default="none", nullable=False))
    op.add_column("items", sa.Column("signed_by", sa.Text(), server_default="", nullable=False))
    op.add_column("items", sa.Column("ai_made", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "credentials",
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("told", postgresql.JSONB(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_credentials_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_credentials")),
    )
    op.create_table(
        "opt_outs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_opt_outs_item_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
    )
    op.create_index(op.f("ix_opt_outs_item_id"), "opt_outs", ["item_id"])


def downgrade() -> None:
    op.drop_table("opt_outs")
    op.drop_table("credentials")
    op.drop_column("items", "ai_made")
    op.drop_column("items", "signed_by")
    op.drop_column("items", "credentials")
