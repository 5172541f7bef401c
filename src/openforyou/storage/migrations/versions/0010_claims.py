"""Claims, their steps, and what was decided that somebody may publish

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "claims",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("claimant_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("other_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ruling", sa.Text(), nullable=True),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("answer_by", moment, nullable=False),
        sa.Column("decide_by", moment, nullable=False),
        sa.Column("appeal_until", moment, nullable=True),
        sa.Column("decided_by", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_claimant_id"), "claims", ["claimant_id"])
    op.create_index(op.f("ix_claims_respondent_id"), "claims", ["respondent_id"])
    living = sa.text("state IN ('open', 'decided', 'appealed')")
    op.create_index("ix_claims_living", "claims", ["decide_by"], postgresql_where=living)
    op.create_table(
        "claim_steps",
        sa.Column("claim_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("claim_id", "number", name=op.f("pk_claim_steps")),
    )
    op.create_table(
        "clearances",
        sa.Column("claim_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_clearances")),
    )
    op.create_index("ix_clearances_creator_id_item_id", "clearances", ["creator_id", "item_id"])


def downgrade() -> None:
    for table in ("clearances", "claim_steps", "claims"):
        op.drop_table(table)
