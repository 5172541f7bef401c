"""The only SQL of the accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.accounts.tables import (
    accounts,
    guardian_invitations,
    guardians,
    passkey_challenges,
    passkeys,
    sessions,
)
from openforyou.accounts.types import Account, Challenge, Guardianship, Passkey, Purpose, Role
from openforyou.core.ids import AccountId, ViewerId

# Accounts


def insert_account(connection: Connection, account: Account, password_hash: str) -> bool:
    """False when its e-mail or its viewer has an account already."""
    inserted = connection.scalar(
        upsert(accounts)
        .values(
            id=account.id,
            viewer_id=account.viewer_id,
            email=account.email,
            password_hash=password_hash,
            role=account.role.value,
            created_at=account.created_at,
            is_minor=account.is_minor,
        )
        .on_conflict_do_nothing()
        .returning(accounts.c.id)
    )
    return inserted is not None


def find_account(
    connection: Connection, *, account_id: AccountId | None = None, email: str | None = None
) -> tuple[Account, str] | None:
    """By one of the two: the account and its password hash, which is empty where there is none."""
    assert (account_id is None) != (email is None), "look an account up by one key"
    condition = accounts.c.email == email if account_id is None else accounts.c.id == account_id
    row = connection.execute(select(accounts).where(condition)).one_or_none()
    return None if row is None else (_account(row), row.password_hash)


def is_claimed(connection: Connection, viewer_id: ViewerId) -> bool:
    """Whether a viewer has an account."""
    return bool(connection.scalar(select(exists().where(accounts.c.viewer_id == viewer_id))))


def set_password(connection: Connection, account_id: AccountId, password_hash: str, *, instead_of: str) -> bool:
    """False when it was changed meanwhile."""
    done = connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id, accounts.c.password_hash == instead_of)
        .values(password_hash=password_hash)
    )
    return done.rowcount == 1


def set_role(connection: Connection, account_id: AccountId, role: Role) -> None:
    """Make it that role."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(role=role.value))


def set_viewer(connection: Connection, account_id: AccountId, viewer_id: ViewerId) -> None:
    """Let it watch under another pseudonym."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(viewer_id=viewer_id))


# Minors and who decides for them


def set_minor(connection: Connection, account_id: AccountId, *, is_minor: bool) -> None:
    """Make it a minor's, or no longer."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(is_minor=is_minor))


def all_accounts(connection: Connection) -> list[Account]:
    """Everybody who signs in."""
    return [_account(row) for row in connection.execute(select(accounts).order_by(accounts.c.id))]


def put_invitation(connection: Connection, code_sha256: bytes, ward_id: AccountId, expires_at: datetime) -> None:
    """A minor's invitation; the one before is void."""
    row = {"code_sha256": code_sha256, "ward_id": ward_id, "expires_at": expires_at}
    connection.execute(
        upsert(guardian_invitations).values(row).on_conflict_do_update(index_elements=["ward_id"], set_=row)
    )


def find_invitation(connection: Connection, code_sha256: bytes, now: datetime) -> AccountId | None:
    """Whose it is, held until the transaction ends; None for one that was never given out, is used or expired."""
    held = select(guardian_invitations.c.ward_id).where(
        guardian_invitations.c.code_sha256 == code_sha256, guardian_invitations.c.expires_at > now
    )
    found = connection.scalar(held.with_for_update())
    return None if found is None else AccountId(found)


def delete_invitation(connection: Connection, ward_id: AccountId) -> None:
    """It opens nothing any more."""
    connection.execute(delete(guardian_invitations).where(guardian_invitations.c.ward_id == ward_id))


def insert_guardianship(connection: Connection, begun: Guardianship) -> None:
    """Somebody decides for a minor from now on."""
    connection.execute(
        insert(guardians).values(
            id=begun.id,
            ward_id=begun.ward_id,
            guardian_id=begun.guardian_id,
            since=begun.since,
            until=begun.until,
            evidence=begun.evidence,
        )
    )


def guardianships(
    connection: Connection, *, ward_id: AccountId | None = None, guardian_id: AccountId | None = None
) -> list[Guardianship]:
    """Those that stand, of one ward or of one guardian, oldest first."""
    wanted = select(guardians).where(guardians.c.until.is_(None)).order_by(guardians.c.since, guardians.c.id)
    if ward_id is not None:
        wanted = wanted.where(guardians.c.ward_id == ward_id)
    if guardian_id is not None:
        wanted = wanted.where(guardians.c.guardian_id == guardian_id)
    return [
        Guardianship(row.id, row.ward_id, row.guardian_id, row.since, row.evidence, row.until)
        for row in connection.execute(wanted)
    ]


def end_guardianship(connection: Connection, guardianship_id: int, at: datetime) -> None:
    """It is over."""
    connection.execute(update(guardians).where(guardians.c.id == guardianship_id).values(until=at))


# Sessions


def insert_session(
    connection: Connection, token_sha256: bytes, account_id: AccountId, now: datetime, expires_at: datetime
) -> None:
    """A session that begins."""
    connection.execute(
        insert(sessions).values(token_sha256=token_sha256, account_id=account_id, created_at=now, expires_at=expires_at)
    )


def find_session(
    connection: Connection, token_sha256: bytes, now: datetime
) -> tuple[Account, datetime, datetime] | None:
    """Whose it is, since when and until when."""
    row = connection.execute(
        select(accounts, sessions.c.created_at.label("since"), sessions.c.expires_at)
        .join_from(sessions, accounts)
        .where(sessions.c.token_sha256 == token_sha256, sessions.c.expires_at > now)
    ).one_or_none()
    return None if row is None else (_account(row), row.since, row.expires_at)


def prolong_session(connection: Connection, token_sha256: bytes, expires_at: datetime) -> None:
    """Let it last longer."""
    connection.execute(update(sessions).where(sessions.c.token_sha256 == token_sha256).values(expires_at=expires_at))


def delete_session(connection: Connection, token_sha256: bytes) -> None:
    """End one."""
    connection.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))


def delete_sessions(connection: Connection, account_id: AccountId, *, but: bytes) -> int:
    """End all of an account's but one."""
    done = connection.execute(
        delete(sessions).where(sessions.c.account_id == account_id, sessions.c.token_sha256 != but)
    )
    return done.rowcount


def count_sessions(connection: Connection, account_id: AccountId, now: datetime) -> int:
    """Those that have not expired."""
    counted = select(func.count()).where(sessions.c.account_id == account_id, sessions.c.expires_at > now)
    return connection.scalar(counted) or 0


def delete_expired(connection: Connection, now: datetime) -> None:
    """Sessions and challenges that are over."""
    connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
    connection.execute(delete(passkey_challenges).where(passkey_challenges.c.expires_at <= now))


# Passkeys


def insert_challenge(connection: Connection, challenge: Challenge) -> None:
    """Give a challenge out."""
    connection.execute(
        insert(passkey_challenges).values(
            challenge_sha256=challenge.sha256,
            purpose=challenge.purpose.value,
            account_id=challenge.account_id,
            email=challenge.email,
            expires_at=challenge.expires_at,
        )
    )


def take_challenge(connection: Connection, sha256: bytes, purpose: Purpose, now: datetime) -> Challenge | None:
    """Use it up: whoever comes second with the same one finds nothing."""
    row = connection.execute(
        delete(passkey_challenges)
        .where(
            and_(
                passkey_challenges.c.challenge_sha256 == sha256,
                passkey_challenges.c.purpose == purpose.value,
                passkey_challenges.c.expires_at > now,
            )
        )
        .returning(passkey_challenges)
    ).one_or_none()
    if row is None:
        return None
    return Challenge(row.challenge_sha256, Purpose(row.purpose), row.account_id, row.email, row.expires_at)


def insert_passkey(connection: Connection, passkey: Passkey) -> bool:
    """False when that key is registered already, with this account or another."""
    inserted = connection.scalar(
        upsert(passkeys)
        .values(
            credential_id=passkey.credential_id,
            account_id=passkey.account_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
            name=passkey.name,
            created_at=passkey.created_at,
        )
        .on_conflict_do_nothing()
        .returning(passkeys.c.account_id)
    )
    return inserted is not None


def find_passkey(connection: Connection, credential_id: bytes) -> Passkey | None:
    """By the key's own id."""
    row = connection.execute(select(passkeys).where(passkeys.c.credential_id == credential_id)).one_or_none()
    return None if row is None else Passkey(**row._mapping)


def passkeys_of(connection: Connection, account_id: AccountId) -> Sequence[Passkey]:
    """An account's, oldest first."""
    rows = connection.execute(
        select(passkeys).where(passkeys.c.account_id == account_id).order_by(passkeys.c.created_at)
    )
    return [Passkey(**row._mapping) for row in rows]


def set_sign_count(connection: Connection, credential_id: bytes, count: int, *, instead_of: int) -> bool:
    """False when another sign-in with the same key came between."""
    done = connection.execute(
        update(passkeys)
        .where(passkeys.c.credential_id == credential_id, passkeys.c.sign_count == instead_of)
        .values(sign_count=count)
    )
    return done.rowcount == 1


def delete_passkey(connection: Connection, account_id: AccountId, credential_id: bytes) -> None:
    """Remove one of an account's own."""
    connection.execute(
        delete(passkeys).where(passkeys.c.account_id == account_id, passkeys.c.credential_id == credential_id)
    )


def lock_account(connection: Connection, account_id: AccountId) -> str:
    """Hold the account's row until the transaction ends; answers its password hash, so that nobody adds or
    removes a way in meanwhile."""
    held = select(accounts.c.password_hash).where(accounts.c.id == account_id).with_for_update()
    return connection.scalar(held) or ""


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        id=row.id,
        viewer_id=row.viewer_id,
        email=row.email,
        role=Role(row.role),
        has_password=bool(row.password_hash),
        created_at=row.created_at,
        is_minor=row.is_minor,
    )
