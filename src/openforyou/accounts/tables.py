"""The tables of accounts. Only `store` runs queries on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, func

from openforyou.storage.schema import ACCOUNT, MARK, Care, Nature, metadata

SESSION = Care(
    region="home region",
    retention="until it expires",
    erasure="deleted at sign-out and with the account",
    nature=Nature.PSEUDONYM,
    keep_days=0,
)
MOMENT = DateTime(timezone=True)

accounts = Table(
    "accounts",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=ACCOUNT.why("names the account")),
    Column("email_mark", LargeBinary, unique=True, info=MARK.why("finds who signs in; one account an e-mail")),
    Column(
        "viewer_mark",
        LargeBinary,
        unique=True,
        info=MARK.why(
            "finds the account of a pseudonym, for whoever has the broker make its mark; to others it says nothing"
        ),
    ),
    Column(
        "password_hash",
        Text,
        nullable=False,
        server_default="",
        info=ACCOUNT.why("argon2id, which says nothing of its owner; empty: passkey only"),
    ),
    Column("role", Text, nullable=False, info=ACCOUNT.why("viewer, creator or staff: each request asks it")),
    Column(
        "created_at",
        MOMENT,
        nullable=False,
        server_default=func.now(),
        info=ACCOUNT.why("when they signed up"),
    ),
    Column(
        "edition",
        BigInteger,
        nullable=False,
        server_default="0",
        info=ACCOUNT.why("how often what is sealed of it changed: sessions of before end"),
    ),
    info=ACCOUNT.why("who may sign in; who they are is sealed"),
)

guardians = Table(
    "guardians",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, info=ACCOUNT.why("names the guardianship")),
    Column("ward_mark", LargeBinary, nullable=False, index=True, info=MARK.why("the minor, found by who knows them")),
    Column("guardian_mark", LargeBinary, nullable=False, index=True, info=MARK.why("who decides for them, likewise")),
    Column("since", MOMENT, nullable=False, info=ACCOUNT.why("from when")),
    Column("until", MOMENT, info=ACCOUNT.why("to when; none: it stands")),
    Column("evidence", Text, nullable=False, info=ACCOUNT.why("how that is known, in a sentence that names nobody")),
    info=ACCOUNT.why("that somebody decides for somebody; whom, a guardian's own sealed list says"),
)

INVITATION = Care(
    region="home region",
    retention="two days",
    erasure="deleted when it is used or expired",
    nature=Nature.PSEUDONYM,
    keep_days=0,
)

guardian_invitations = Table(
    "guardian_invitations",
    metadata,
    Column("code_sha256", LargeBinary, primary_key=True, info=INVITATION.why("known by its hash alone")),
    Column(
        "ward_mark",
        LargeBinary,
        nullable=False,
        unique=True,
        info=INVITATION.why("one invitation a minor", Nature.MARK),
    ),
    Column(
        "envelope",
        LargeBinary,
        nullable=False,
        info=INVITATION.why("who invites; opens with the code alone", Nature.SEALED),
    ),
    Column("expires_at", MOMENT, nullable=False, info=INVITATION.why("an old code opens nothing")),
    info=INVITATION.why("a minor asks somebody to be their guardian, once"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column(
        "credential_id",
        LargeBinary,
        primary_key=True,
        info=ACCOUNT.why("names the key (WebAuthn): random bytes of its own"),
    ),
    Column(
        "account_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=ACCOUNT.why("whose it is"),
    ),
    Column("public_key", LargeBinary, nullable=False, info=ACCOUNT.why("verifies its signatures, and opens nothing")),
    Column(
        "sign_count",
        BigInteger,
        nullable=False,
        info=ACCOUNT.why("a counter that goes back tells of a copy"),
    ),
    Column("created_at", MOMENT, nullable=False, server_default=func.now(), info=ACCOUNT.why("tells keys apart")),
    info=ACCOUNT.why("keys to sign in with"),
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
    Column(
        "envelope",
        LargeBinary,
        nullable=False,
        info=SESSION.why("who they are, for their own requests; opens with the token alone", Nature.SEALED),
    ),
    Index("ix_sessions_expires_at", "expires_at"),
    info=SESSION.why("who is signed in, where it can be ended"),
)

CHALLENGE = Care(
    region="home region",
    retention="five minutes",
    erasure="deleted when answered or expired",
    nature=Nature.PSEUDONYM,
    keep_days=0,
)

passkey_challenges = Table(
    "passkey_challenges",
    metadata,
    Column("challenge_sha256", LargeBinary, primary_key=True, info=CHALLENGE.why("known by its hash alone")),
    Column("purpose", Text, nullable=False, info=CHALLENGE.why("register or sign_in; good for nothing else")),
    Column("account_id", BigInteger, info=CHALLENGE.why("whose key is made, perhaps of an account yet to be")),
    Column(
        "envelope",
        LargeBinary,
        nullable=False,
        server_default="",
        info=CHALLENGE.why("the e-mail of an account-to-be; opens with the challenge alone", Nature.SEALED),
    ),
    Column("expires_at", MOMENT, nullable=False, index=True, info=CHALLENGE.why("an old answer proves nothing")),
    info=CHALLENGE.why("what a passkey must sign, once and soon"),
)
