"""The way into the public log, and numbers folded from it alone

Revision ID: 0002
Revises: 0001

Numbers counted before there was a log cannot be proven, so they begin anew.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "viewer_secrets",
        sa.Column("viewer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("viewer_id", name=op.f("pk_viewer_secrets")),
    )
    op.create_table(
        "log_state",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queued", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_state")),
    )
    op.execute("INSERT INTO log_state VALUES (1, 0, 0)")
    op.create_table(
        "pending_leaves",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_pending_leaves")),
    )
    op.create_table(
        "log_batches",
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stop", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("start", name=op.f("pk_log_batches")),
    )
    op.create_table(
        "refusals",
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("reason", name=op.f("pk_refusals")),
    )
    op.create_table(
        "creator_counts",
        sa.Column("creator_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("followers", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("creator_id", name=op.f("pk_creator_counts")),
    )
    op.execute("DELETE FROM item_counts")
    op.add_column("item_counts", sa.Column("frozen_by", sa.Text(), server_default="", nullable=False))
    op.add_column("item_counts", sa.Column("frozen", postgresql.JSONB(), nullable=True))
    op.drop_index("ix_viewer_items_viewer_id_last_at", table_name="viewer_items")
    op.drop_index("ix_events_viewer_id_occurred_at", table_name="events")
    op.drop_index("ix_events_received_at", table_name="events")
    op.create_index("ix_events_received_at", "events", ["received_at"], unique=False, postgresql_using="brin")
    op.add_column("events", sa.Column("leaf", sa.LargeBinary(), server_default="", nullable=False))
    op.add_column("events", sa.Column("leaf_seq", sa.BigInteger(), server_default="-1", nullable=False))
    for name in ("like_turn", "counted_day", "counted", "counted_before"):
        op.add_column("viewer_items", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.add_column("follows", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("follows", "turn")
    for name in ("counted_before", "counted", "counted_day", "like_turn"):
        op.drop_column("viewer_items", name)
    op.drop_index("ix_events_received_at", table_name="events")
    op.create_index("ix_events_received_at", "events", ["received_at"], unique=False)
    op.create_index("ix_events_viewer_id_occurred_at", "events", ["viewer_id", "occurred_at"], unique=False)
    op.create_index("ix_viewer_items_viewer_id_last_at", "viewer_items", ["viewer_id", "last_at"], unique=False)
    op.drop_column("events", "leaf_seq")
    op.drop_column("events", "leaf")
    op.drop_column("item_counts", "frozen")
    op.drop_column("item_counts", "frozen_by")
    for table in ("creator_counts", "refusals", "log_batches", "pending_leaves", "log_state", "viewer_secrets"):
        op.drop_table(table)
