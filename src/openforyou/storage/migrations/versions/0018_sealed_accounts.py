"""Who somebody is leaves the open: e-mail, minor status, the link to the pseudonym, guardians, names of passkeys

Revision ID: 0018
Revises: 0017

There is no key here. So what lay open is put aside, in tables that `accounts/moving` empties and drops with the keeper
at the next start; on a database without accounts there is nothing to put aside. Whoever is signed in signs in again,
and a guardian's code that was not used yet is void.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM accounts)")):
        op.execute(
            "CREATE TABLE accounts_unsealed AS SELECT a.id, a.viewer_id, a.email, a.is_minor, "
            "(SELECT jsonb_object_agg(rtrim(translate(encode(k.credential_id, 'base64'), E'+/\\n', '-_'), '='), k.name) "
            "FROM passkeys k WHERE k.account_id = a.id) AS devices "
            "FROM accounts a"
        )
        op.execute("ALTER TABLE accounts_unsealed ADD PRIMARY KEY (id)")
        op.execute(
            "CREATE TABLE guardians_unsealed AS SELECT g.*, a.viewer_id AS ward_viewer_id, a.email AS ward_email "
            "FROM guardians g JOIN accounts a ON a.id = g.ward_id"
        )
        op.execute("ALTER TABLE guardians_unsealed ADD PRIMARY KEY (id)")
    for table in ("guardian_invitations", "guardians"):
        op.drop_table(table)
    op.create_table(
        "guardians",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ward_mark", sa.LargeBinary(), nullable=False),
        sa.Column("guardian_mark", sa.LargeBinary(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guardians"),
    )
    op.create_index("ix_guardians_ward_mark", "guardians", ["ward_mark"])
    op.create_index("ix_guardians_guardian_mark", "guardians", ["guardian_mark"])
    op.create_table(
        "guardian_invitations",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("ward_mark", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("code_sha256", name="pk_guardian_invitations"),
        sa.UniqueConstraint("ward_mark", name="uq_guardian_invitations_ward_mark"),
    )
    for column in ("email", "viewer_id", "is_minor"):
        op.drop_column("accounts", column)
    for column in ("email_mark", "viewer_mark"):
        op.add_column("accounts", sa.Column(column, sa.LargeBinary(), nullable=True))
        op.create_unique_constraint(f"uq_accounts_{column}", "accounts", [column])
    op.add_column("accounts", sa.Column("edition", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_column("passkeys", "name")
    op.execute("TRUNCATE sessions, passkey_challenges")
    op.add_column("sessions", sa.Column("envelope", sa.LargeBinary(), nullable=False))
    op.drop_column("passkey_challenges", "email")
    op.add_column("passkey_challenges", sa.Column("envelope", sa.LargeBinary(), server_default="", nullable=False))


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT EXISTS (SELECT FROM accounts)")):
        raise RuntimeError("Accounts are sealed, and a migration has no key to open them. Put a backup back instead.")
    moment = sa.DateTime(timezone=True)
    op.drop_column("passkey_challenges", "envelope")
    op.add_column("passkey_challenges", sa.Column("email", sa.Text(), server_default="", nullable=False))
    op.drop_column("sessions", "envelope")
    op.add_column("passkeys", sa.Column("name", sa.Text(), nullable=False))
    for column in ("edition", "viewer_mark", "email_mark"):
        op.drop_column("accounts", column)
    op.add_column("accounts", sa.Column("viewer_id", sa.BigInteger(), nullable=False))
    op.add_column("accounts", sa.Column("email", sa.Text(), nullable=False))
    op.add_column("accounts", sa.Column("is_minor", sa.Boolean(), server_default="false", nullable=False))
    for column in ("email", "viewer_id"):
        op.create_unique_constraint(f"uq_accounts_{column}", "accounts", [column])
    for table in ("guardian_invitations", "guardians"):
        op.drop_table(table)
    op.create_table(
        "guardians",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment, nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["guardian_id"], ["accounts.id"], "fk_guardians_guardian_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ward_id"], ["accounts.id"], "fk_guardians_ward_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_guardians"),
    )
    op.create_index("ix_guardians_guardian_id", "guardians", ["guardian_id"])
    op.create_index("ix_guardians_ward_id", "guardians", ["ward_id"])
    op.create_table(
        "guardian_invitations",
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("ward_id", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["ward_id"], ["accounts.id"], "fk_guardian_invitations_ward_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("code_sha256", name="pk_guardian_invitations"),
        sa.UniqueConstraint("ward_id", name="uq_guardian_invitations_ward_id"),
    )
