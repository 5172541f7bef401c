"""The only SQL of the accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.accounts.tables import (
    accounts,
    guardian_invitations,
    guardians,
    passkey_challenges,
    passkeys,
    sessions,
)
from openforyou.accounts.types import Challenge, Entry, Guardianship, Invitation, NewSession, Passkey, Purpose, Role
from openforyou.core.ids import AccountId
from openforyou.storage.database import rows

# Accounts


def insert_account(connection: Connection, entry: Entry, email_mark: bytes, viewer_mark: bytes) -> bool:
    """False when its e-mail or its viewer has an account already."""
    inserted = connection.scalar(
        upsert(accounts)
        .values(
            id=entry.id,
            email_mark=email_mark,
            viewer_mark=viewer_mark,
            password_hash=entry.password_hash,
            role=entry.role.value,
            created_at=entry.created_at,
        )
        .on_conflict_do_nothing()
        .returning(accounts.c.id)
    )
    return inserted is not None


def find_account(
    connection: Connection, *, account_id: AccountId | None = None, email_mark: bytes | None = None
) -> Entry | None:
    """By one of the two."""
    assert (account_id is None) != (email_mark is None), "look an account up by one key"
    condition = accounts.c.email_mark == email_mark if account_id is None else accounts.c.id == account_id
    row = connection.execute(
        select(
            accounts.c.id, accounts.c.role, accounts.c.password_hash, accounts.c.created_at, accounts.c.edition
        ).where(condition)
    ).one_or_none()
    return None if row is None else Entry(row.id, Role(row.role), row.password_hash, row.created_at, row.edition)


def accounts_of(connection: Connection, viewer_marks: Collection[bytes]) -> dict[bytes, AccountId]:
    """Which accounts those marks of viewers belong to; what belongs to none is left out."""
    wanted = select(accounts.c.viewer_mark, accounts.c.id).where(accounts.c.viewer_mark.in_(list(viewer_marks)))
    return {bytes(row.viewer_mark): AccountId(row.id) for row in connection.execute(wanted)}


def signed_up(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Accounts made from `since` to before `until`, by role."""
    rows = connection.execute(
        select(accounts.c.role, func.count())
        .where(accounts.c.created_at >= since, accounts.c.created_at < until)
        .group_by(accounts.c.role)
    )
    return {row[0]: row[1] for row in rows}


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


def set_viewer(connection: Connection, account_id: AccountId, viewer_mark: bytes) -> None:
    """Let it watch under another pseudonym."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(viewer_mark=viewer_mark))


def renew(connection: Connection, account_id: AccountId) -> None:
    """What is sealed of an account has changed: whoever is signed in there signs in again."""
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(edition=accounts.c.edition + 1))
    delete_sessions(connection, account_id, but=b"")


# Who decides for whom


def put_invitation(connection: Connection, code_sha256: bytes, invitation: Invitation, expires_at: datetime) -> None:
    """A minor's invitation; the one before is void."""
    row = {
        "code_sha256": code_sha256,
        "ward_mark": invitation.ward_mark,
        "envelope": invitation.envelope,
        "expires_at": expires_at,
    }
    connection.execute(
        upsert(guardian_invitations).values(row).on_conflict_do_update(index_elements=["ward_mark"], set_=row)
    )


def find_invitation(connection: Connection, code_sha256: bytes, now: datetime) -> Invitation | None:
    """Held until the transaction ends; None for one that was never given out, is used or expired."""
    held = select(guardian_invitations.c.ward_mark, guardian_invitations.c.envelope).where(
        guardian_invitations.c.code_sha256 == code_sha256, guardian_invitations.c.expires_at > now
    )
    found = connection.execute(held.with_for_update()).one_or_none()
    return None if found is None else Invitation(bytes(found.ward_mark), bytes(found.envelope))


def delete_invitation(connection: Connection, ward_mark: bytes) -> None:
    """It opens nothing any more."""
    connection.execute(delete(guardian_invitations).where(guardian_invitations.c.ward_mark == ward_mark))


def insert_guardianship(connection: Connection, begun: Guardianship) -> None:
    """Somebody decides for a minor from now on."""
    connection.execute(
        insert(guardians).values(
            id=begun.id,
            ward_mark=begun.ward_mark,
            guardian_mark=begun.guardian_mark,
            since=begun.since,
            until=begun.until,
            evidence=begun.evidence,
        )
    )


def guardianships(
    connection: Connection, *, ward_mark: bytes | None = None, guardian_mark: bytes | None = None
) -> list[Guardianship]:
    """Those that stand, of one ward or of one guardian, oldest first."""
    return [_guardianship(row) for row in connection.execute(_standing(ward_mark, guardian_mark))]


def hold_guardianships(connection: Connection, ward_mark: bytes) -> list[Guardianship]:
    """Those of one ward, held until the transaction ends: of two guardians who leave at once one is the last."""
    held = _standing(ward_mark, None).with_for_update()
    return [_guardianship(row) for row in connection.execute(held)]


def end_guardianship(connection: Connection, guardianship_id: int, at: datetime) -> None:
    """It is over."""
    connection.execute(update(guardians).where(guardians.c.id == guardianship_id).values(until=at))


def _standing(ward_mark: bytes | None, guardian_mark: bytes | None) -> Select[Any]:
    wanted = select(guardians).where(guardians.c.until.is_(None)).order_by(guardians.c.since, guardians.c.id)
    if ward_mark is not None:
        wanted = wanted.where(guardians.c.ward_mark == ward_mark)
    if guardian_mark is not None:
        wanted = wanted.where(guardians.c.guardian_mark == guardian_mark)
    return wanted


def _guardianship(row: Row[*tuple[Any, ...]]) -> Guardianship:
    marks = bytes(row.ward_mark), bytes(row.guardian_mark)
    return Guardianship(row.id, *marks, row.since, row.evidence, row.until)


# Sessions

_SESSION = """
SELECT s.envelope, s.created_at, s.expires_at, a.id, a.role, a.password_hash <> '', a.created_at, a.edition
FROM sessions s JOIN accounts a ON a.id = s.account_id
WHERE s.token_sha256 = %(token)s AND s.expires_at > %(now)s
"""


def insert_session(connection: Connection, begun: NewSession) -> None:
    """A session that begins."""
    connection.execute(
        insert(sessions).values(
            token_sha256=begun.token_sha256,
            account_id=begun.account_id,
            created_at=begun.created_at,
            expires_at=begun.expires_at,
            envelope=begun.envelope,
        )
    )


def find_session(connection: Connection, token_sha256: bytes, now: datetime) -> tuple[Any, ...] | None:
    """Its envelope, since when and until when; then of its account the id, the role, whether there is a password, since
    when, and the edition. In the driver's own words: each request of somebody signed in asks it."""
    found = rows(connection, _SESSION, {"token": token_sha256, "now": now})
    return found[0] if found else None


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
            envelope=challenge.envelope,
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
    return Challenge(row.challenge_sha256, Purpose(row.purpose), row.account_id, bytes(row.envelope), row.expires_at)


def insert_passkey(connection: Connection, passkey: Passkey) -> bool:
    """False when that key is registered already, with this account or another."""
    inserted = connection.scalar(
        upsert(passkeys)
        .values(
            credential_id=passkey.credential_id,
            account_id=passkey.account_id,
            public_key=passkey.public_key,
            sign_count=passkey.sign_count,
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
    held = select(passkeys).where(passkeys.c.account_id == account_id).order_by(passkeys.c.created_at)
    return [Passkey(**row._mapping) for row in connection.execute(held)]


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
