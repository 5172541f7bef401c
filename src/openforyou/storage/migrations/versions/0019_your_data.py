"""Erasures and their receipts; what was removed because its time was over

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("whose", sa.LargeBinary(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("person", postgresql.JSONB(), nullable=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("gone_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("removed", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("waits", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_whose", "erasures", ["whose"])
    op.create_table(
        "retention_runs",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("removed", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("leaf_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_runs"),
    )
    op.create_index("ix_retention_runs_at", "retention_runs", ["at"])


def downgrade() -> None:
    op.drop_table("retention_runs")
    op.drop_table("erasures")
