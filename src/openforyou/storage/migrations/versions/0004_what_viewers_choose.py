"""What viewers mute, ask more of and pause, languages, sounds that clips share, and the words that clips are found by

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from openforyou.core.words import codes

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 5_000


def upgrade() -> None:
    op.add_column("items", sa.Column("language", sa.Text(), server_default="", nullable=False))
    op.add_column("items", sa.Column("sound_id", sa.BigInteger(), nullable=True))
    op.add_column("items", sa.Column("words", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False))
    op.create_index(op.f("ix_items_sound_id"), "items", ["sound_id"], postgresql_where=sa.text("sound_id IS NOT NULL"))
    _find_words()
    op.add_column("viewer_controls", sa.Column("languages", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column(
        "viewer_controls", sa.Column("pauses", postgresql.TSTZMULTIRANGE(), server_default="{}", nullable=False)
    )
    op.create_table(
        "muted",
        sa.Column("viewer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("codes", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("viewer_id", "kind", "key", name=op.f("pk_muted")),
    )
    op.create_table(
        "asked_for_more",
        sa.Column("viewer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("item_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("viewer_id", "item_id", name=op.f("pk_asked_for_more")),
    )


def _find_words() -> None:
    """Of what is there already; a word muted tomorrow keeps a clip of yesterday away, too."""
    connection = op.get_bind()
    after = 0
    while True:
        rows = connection.execute(
            sa.text("SELECT id, title, caption FROM items WHERE id > :after ORDER BY id LIMIT :most"),
            {"after": after, "most": ROWS_AT_ONCE},
        ).all()
        if not rows:
            return
        connection.execute(
            sa.text("UPDATE items SET words = :words WHERE id = :id"),
            [{"id": row.id, "words": sorted(codes(f"{row.title}\n{row.caption}"))} for row in rows],
        )
        after = rows[-1].id


def downgrade() -> None:
    op.drop_table("asked_for_more")
    op.drop_table("muted")
    op.drop_column("viewer_controls", "pauses")
    op.drop_column("viewer_controls", "languages")
    op.drop_index(op.f("ix_items_sound_id"), "items")
    op.drop_column("items", "words")
    op.drop_column("items", "sound_id")
    op.drop_column("items", "language")
