"""What is said about rights, word by word; minors and their guardians

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "right_events",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("by_kind", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("given_to", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("region", sa.Text(), server_default="", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_right_events")),
        sa.UniqueConstraint("seq", name=op.f("uq_right_events_seq")),
    )
    op.create_index("ix_right_events_subject", "right_events", ["subject_kind", "subject_id", "right"])
    op.add_column("accounts", sa.Column("is_minor", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("creators", sa.Column("guarded", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("viewer_controls", sa.Column("guarded", sa.Boolean(), server_default="false", nullable=False))
    op.create_table(
        "guardians",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["guardian_id"], ["accounts.id"], op.f("fk_guardians_guardian_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ward_id"], ["accounts.id"], op.f("fk_guardians_ward_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardians")),
    )
    op.create_index(op.f("ix_guardians_guardian_id"), "guardians", ["guardian_id"])
    op.create_index(op.f("ix_guardians_ward_id"), "guardians", ["ward_id"])
    op.create_table(
        "guardian_invitations",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["ward_id"], ["accounts.id"], op.f("fk_guardian_invitations_ward_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_guardian_invitations")),
        sa.UniqueConstraint("ward_id", name=op.f("uq_guardian_invitations_ward_id")),
    )


def downgrade() -> None:
    op.drop_table("guardian_invitations")
    op.drop_table("guardians")
    op.drop_column("viewer_controls", "guarded")
    op.drop_column("creators", "guarded")
    op.drop_column("accounts", "is_minor")
    op.drop_table("right_events")
