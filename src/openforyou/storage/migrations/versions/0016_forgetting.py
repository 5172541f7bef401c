"""Forgetting: whom each model learned from, which are stale, and which weights were destroyed

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "model_subjects",
        sa.Column("base_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("added_by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("items", sa.LargeBinary(), nullable=False),
        sa.Column("viewers", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("base_id", "added_by", name="pk_model_subjects"),
    )
    op.create_table(
        "stale_models",
        sa.Column("base_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("deadline", moment, nullable=False),
        sa.Column("noticed_at", moment, nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("viewers", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Boolean(), nullable=False),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("base_id", name="pk_stale_models"),
    )
    op.create_table(
        "model_ends",
        sa.Column("model_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("weights_sha256", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("leaf_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name="pk_model_ends"),
    )


def downgrade() -> None:
    op.drop_table("model_ends")
    op.drop_table("stale_models")
    op.drop_table("model_subjects")
