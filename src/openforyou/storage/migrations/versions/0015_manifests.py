"""What each model learned from, signed, and where that stands on its way into the log

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("models", sa.Column("signed", sa.Text(), server_default="", nullable=False))
    op.add_column("models", sa.Column("leaf_seq", sa.BigInteger(), server_default="-1", nullable=False))


def downgrade() -> None:
    op.drop_column("models", "leaf_seq")
    op.drop_column("models", "signed")
