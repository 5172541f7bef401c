"""What the accounts ask of whoever keeps the keys: what is sealed of a person, and marks by which they are found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Connection

from openforyou.accounts.types import Account, Entry
from openforyou.core.encoding import canonical_json
from openforyou.core.ids import AccountId, ViewerId, decode_id, encode_id
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.errors import Unopened
from openforyou.privacy.vault.types import Field, Keeper, Kind, Subject

WHO = (Field.EMAIL, Field.MINOR, Field.VIEWER)
"""What makes an account somebody's: sealed when they sign up, opened when they sign in."""
MARKS_AT_ONCE = 1_000


class Owner(Protocol):
    """Whoever's account it is or was to be."""

    @property
    def id(self) -> AccountId: ...
    @property
    def viewer_id(self) -> ViewerId: ...
    @property
    def email(self) -> str: ...
    @property
    def is_minor(self) -> bool: ...


class Seals:
    """One keeper, asked in the words of the accounts. Every call may raise `BrokerUnavailable`."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    # Marks

    def email_mark(self, email: str) -> bytes:
        """(32,) bytes: what stands for an e-mail, in the form of `checked_email`."""
        return self.email_marks([email])[0]

    def email_marks(self, emails: Sequence[str]) -> list[bytes]:
        """The same for several."""
        return self._keeper.mark(Field.EMAIL, [one.encode() for one in emails])

    def viewer_marks(self, viewers: Sequence[ViewerId]) -> list[bytes]:
        """(32,) bytes for each pseudonym."""
        marks: list[bytes] = []
        for start in range(0, len(viewers), MARKS_AT_ONCE):
            named = [encode_id(one).encode() for one in viewers[start : start + MARKS_AT_ONCE]]
            marks += self._keeper.mark(Field.VIEWER, named)
        return marks

    def guardian_marks(self, *accounts: AccountId) -> list[bytes]:
        """(32,) bytes for each account, as it stands in guardianships: on both sides the same."""
        return self._keeper.mark(Field.GUARDIANS, [encode_id(one).encode() for one in accounts])

    # Who somebody is

    def of_account(self, account: Owner, devices: Mapping[str, str]) -> dict[Field, bytes]:
        """All that is sealed of a new account; `devices` are the names of its passkeys by their public ids."""
        values = {
            Field.EMAIL: account.email.encode(),
            Field.MINOR: minor_value(is_minor=account.is_minor),
            Field.VIEWER: encode_id(account.viewer_id).encode(),
        }
        if devices:
            values[Field.DEVICES] = canonical_json(dict(devices))
        return self._keeper.seal(_subject(account.id), values)

    def account(self, entry: Entry, sealed: Mapping[Field, bytes]) -> Account:
        """Whose account it is, for them alone, who have just proven to be there. Raises `Unopened`."""
        if missing := [field.value for field in WHO if field not in sealed]:
            raise Unopened(
                f"The account's {' and '.join(missing)} are gone: somebody took them out of the database.",
                hint="An operator can put them back from a backup of the database.",
            )
        told = self._keeper.open_own(_subject(entry.id), {field: sealed[field] for field in WHO})
        return Account(
            id=entry.id,
            viewer_id=ViewerId(decode_id(told[Field.VIEWER].decode())),
            email=told[Field.EMAIL].decode(),
            role=entry.role,
            has_password=bool(entry.password_hash),
            created_at=entry.created_at,
            is_minor=told[Field.MINOR] == minor_value(is_minor=True),
            edition=entry.edition,
        )

    def minor(self, account_id: AccountId, *, is_minor: bool) -> dict[Field, bytes]:
        """That an account is a minor's, or no longer."""
        return self._keeper.seal(_subject(account_id), {Field.MINOR: minor_value(is_minor=is_minor)})

    def viewer(self, account_id: AccountId, viewer_id: ViewerId) -> tuple[dict[Field, bytes], bytes]:
        """Under which pseudonym an account watches, sealed, and its mark."""
        (mark,) = self.viewer_marks([viewer_id])
        return self._keeper.seal(_subject(account_id), {Field.VIEWER: encode_id(viewer_id).encode()}), mark

    def forget(self, account_id: AccountId) -> None:
        """Destroy the key of an account that did not come to be."""
        self._keeper.destroy([_subject(account_id)])

    # What else is kept of them, each as one JSON object

    def noted(self, connection: Connection, account_id: AccountId, field: Field) -> dict[str, Any]:
        """What is noted under `field`; nothing where nothing is. Raises `Unopened`."""
        sealed = vault_store.get(connection, _subject(account_id), [field])
        if field not in sealed:
            return {}
        told: dict[str, Any] = json.loads(self._keeper.open_own(_subject(account_id), sealed)[field])
        return told

    def note(self, connection: Connection, account_id: AccountId, field: Field, told: Mapping[str, Any]) -> None:
        """Seal it anew. The caller holds the account's row, so that nobody else does at the same time."""
        sealed = self._keeper.seal(_subject(account_id), {field: canonical_json(dict(told))})
        vault_store.put(connection, _subject(account_id), sealed)


def put(connection: Connection, account_id: AccountId, sealed: Mapping[Field, bytes]) -> None:
    """Keep what the keeper sealed, in place of what was there."""
    vault_store.put(connection, _subject(account_id), sealed)


def kept(connection: Connection, account_id: AccountId) -> dict[Field, bytes]:
    """What makes an account somebody's, still sealed."""
    return vault_store.get(connection, _subject(account_id), WHO)


def minor_value(*, is_minor: bool) -> bytes:
    """What stands under the seal."""
    return b"1" if is_minor else b"0"


def _subject(account_id: AccountId) -> Subject:
    return Subject(Kind.ACCOUNT, account_id)
