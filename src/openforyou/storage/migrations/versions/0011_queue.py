"""The queue: what goes first, what waits to be tried again, and what was given up

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ONCE = "uq_items_creator_id_source_sha256"


def upgrade() -> None:
    op.add_column("creators", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("urgency", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column("items", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("failure", sa.Text(), server_default="", nullable=False))
    failed = sa.text("status = 'failed'")
    op.create_index("ix_items_failed", "items", ["changed_at"], postgresql_where=failed)
    _taken_once("'queued', 'processing', 'held', 'needs_sound', 'suspended', 'published'")


def downgrade() -> None:
    _taken_once("'queued', 'processing', 'published'")
    op.drop_index("ix_items_failed", table_name="items")
    op.drop_column("items", "failure")
    op.drop_column("items", "not_before")
    op.drop_column("items", "urgency")
    op.drop_column("creators", "taken_at")


def _taken_once(states: str) -> None:
    op.drop_index(ONCE, table_name="items")
    where = sa.text(f"status IN ({states})")
    op.create_index(ONCE, "items", ["creator_id", "source_sha256"], unique=True, postgresql_where=where)
