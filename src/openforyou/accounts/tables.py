"""The tables of accounts. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, func

from openforyou.storage.schema import PERSONAL, PSEUDONYM, Care, metadata

SESSION = Care(
    region="home region",
    retention="until it expires",
    erasure="deleted at sign-out and with the account",
    keep_days=0,
)
MOMENT = DateTime(timezone=True)

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PERSONAL.why("names the account")),
    Column(
        "viewer_id",
        BigInteger,
        nullable=False,
        unique=True,
        info=PSEUDONYM.why("the pseudonym they watch under"),
    ),
    Column("email", Text, nullable=False, unique=True, info=PERSONAL.why("signs in; lower case")),
    Column(
        "password_hash",
        Text,
        nullable=False,
        server_default="",
        info=PERSONAL.why("argon2id; empty: passkey only"),
    ),
    Column("role", Text, nullable=False, info=PERSONAL.why("viewer, creator or staff")),
    Column(
        "created_at",
        MOMENT,
        nullable=False,
        server_default=func.now(),
        info=PERSONAL.why("when they signed up"),
    ),
    Column(
        "is_minor",
        Boolean,
        nullable=False,
        server_default="false",
        info=PERSONAL.why("private, unprofiled and not learned from, unless a guardian says otherwise"),
    ),
    info=PERSONAL.why("who signs in"),
)

guardians = Table(
    "guardians",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=PERSONAL.why("names the guardianship")),
    Column(
        "ward_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=PERSONAL.why("the minor"),
    ),
    Column(
        "guardian_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=PERSONAL.why("who decides for them"),
    ),
    Column("since", MOMENT, nullable=False, info=PERSONAL.why("from when")),
    Column("until", MOMENT, info=PERSONAL.why("to when; none: it stands")),
    Column("evidence", Text, nullable=False, info=PERSONAL.why("how that is known")),
    info=PERSONAL.why("who decides for whom"),
)

INVITATION = Care(region="home region", retention="two days", erasure="deleted when it is used or expired", keep_days=0)

guardian_invitations = Table(
    "guardian_invitations",
    metadata,
    Column("code_sha256", LargeBinary, primary_key=True, info=INVITATION.why("known by its hash alone")),
    Column(
        "ward_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        unique=True,
        info=INVITATION.why("who invites"),
    ),
    Column("expires_at", MOMENT, nullable=False, info=INVITATION.why("an old code opens nothing")),
    info=INVITATION.why("a minor asks somebody to be their guardian, once"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True, info=PERSONAL.why("names the key (WebAuthn)")),
    Column(
        "account_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=PERSONAL.why("whose it is"),
    ),
    Column("public_key", LargeBinary, nullable=False, info=PERSONAL.why("verifies its signatures")),
    Column(
        "sign_count",
        BigInteger,
        nullable=False,
        info=PERSONAL.why("a counter that goes back tells of a copy"),
    ),
    Column("name", Text, nullable=False, info=PERSONAL.why("tells their keys apart")),
    Column("created_at", MOMENT, nullable=False, server_default=func.now(), info=PERSONAL.why("tells keys apart")),
    info=PERSONAL.why("keys to sign in with"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True, info=SESSION.why("known by its hash alone")),
    Column(
        "account_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=SESSION.why("who is signed in"),
    ),
    Column(
        "created_at",
        MOMENT,
        nullable=False,
        server_default=func.now(),
        info=SESSION.why("shown to its owner"),
    ),
    Column("expires_at", MOMENT, nullable=False, info=SESSION.why("ends by itself")),
    Index("ix_sessions_expires_at", "expires_at"),
    info=SESSION.why("who is signed in, where it can be ended"),
)

CHALLENGE = Care(
    region="home region", retention="five minutes", erasure="deleted when answered or expired", keep_days=0
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge_sha256", LargeBinary, primary_key=True, info=CHALLENGE.why("known by its hash alone")),
    Column("purpose", Text, nullable=False, info=CHALLENGE.why("register or sign_in; good for nothing else")),
    Column("account_id", BigInteger, info=CHALLENGE.why("whose key is made, perhaps of an account yet to be")),
    Column("email", Text, nullable=False, server_default="", info=CHALLENGE.why("signs the account-to-be up")),
    Column("expires_at", MOMENT, nullable=False, index=True, info=CHALLENGE.why("an old answer proves nothing")),
    info=CHALLENGE.why("what a passkey must sign, once and soon"),
)
