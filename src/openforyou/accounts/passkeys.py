"""Passkeys (WebAuthn, level 3): register one, with an account or for a new one, and sign in without typing a name.

A ceremony has two halves. The first gives out a challenge, which the table keeps by its hash and which is used
up by whoever answers first. The second checks the browser's answer against it, against the relying party, and
against the key. The key must verify its user (a finger, a face, a PIN): it is the only proof there is.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from openforyou.accounts import seals, store
from openforyou.accounts.enrolment import enrolling, insert_new, new_account
from openforyou.accounts.envelope import Sealing, closed, opened
from openforyou.accounts.errors import (
    BadPasskey,
    LastWayIn,
    PasskeyCopied,
    PasskeyNotFound,
    TooManyPasskeys,
)
from openforyou.accounts.rules import CHALLENGE_LIFE, checked_email, checked_passkey_name
from openforyou.accounts.seals import Seals
from openforyou.accounts.types import (
    PASSKEYS_MAX,
    Account,
    Challenge,
    Credential,
    Passkey,
    Purpose,
    RelyingParty,
)
from openforyou.core.clock import Clock
from openforyou.core.encoding import to_base64url
from openforyou.core.errors import Unavailable
from openforyou.core.ids import AccountId, ViewerId, new_id
from openforyou.privacy.vault.types import Field
from openforyou.storage.database import Database

CHALLENGE_BYTES = 32
_log = logging.getLogger(__name__)


class Passkeys:
    """Both ceremonies, and an account's list of keys, on one database."""

    def __init__(self, database: Database, clock: Clock, sealing: Seals) -> None:
        self._database = database
        self._clock = clock
        self._seals = sealing

    # Registering

    def registration_options(self, party: RelyingParty, *, account: Account | None, email: str = "") -> dict[str, Any]:
        """What the browser is to make: a key for `account`, or for one that `email` will sign up.

        Raises `BadInput`, `TooManyPasskeys`. Does not tell whether an e-mail is taken: that comes at the end.
        """
        account_id = AccountId(new_id()) if account is None else account.id
        name = checked_email(email) if account is None else account.email
        held = [] if account is None else self.list(account.id)
        if len(held) >= PASSKEYS_MAX:
            raise TooManyPasskeys(PASSKEYS_MAX)
        options = generate_registration_options(
            rp_id=party.id,
            rp_name=party.name,
            user_name=name,
            user_id=_handle(account_id),
            challenge=self._challenge(Purpose.REGISTER, account_id, name if account is None else ""),
            timeout=_timeout_ms(),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in held],
        )
        return options_to_json_dict(options)

    def register(
        self,
        party: RelyingParty,
        credential: Credential,
        *,
        account: Account | None,
        viewer_id: ViewerId | None = None,
        name: str = "",
        is_minor: bool = False,
    ) -> Account:
        """Whose key it is now. Without `account`, a new one that watches on as `viewer_id`, a minor's or not.

        Raises `BadPasskey`, `EmailTaken`, `TooManyPasskeys`.
        """
        plain_name = checked_passkey_name(name)
        asked, challenge = self._answered(Purpose.REGISTER, credential)
        assert asked.account_id is not None, "a key is registered to an account"
        told = opened(challenge, Sealing.SIGN_UP, _handle(asked.account_id), asked.envelope)
        if (told is None) != (account is not None) or (account is not None and asked.account_id != account.id):
            raise BadPasskey("it answers somebody else's question.")
        proved = _verified_registration(party, credential, challenge)
        now = self._clock.now()
        key = Passkey(
            proved.credential_id, asked.account_id, proved.credential_public_key, proved.sign_count, now, plain_name
        )
        if account is not None:
            with self._database.begin() as connection:
                self._add(connection, key)
                held = _named(store.passkeys_of(connection, account.id))
                names = self._seals.noted(connection, account.id, Field.DEVICES)
                kept = {public: name for public, name in names.items() if public in held}
                self._seals.note(connection, account.id, Field.DEVICES, kept | _named([key]))
            return account
        assert told is not None, "as was asked above"
        made = new_account(asked.account_id, told["email"], viewer_id, now, is_minor=is_minor)
        with (
            enrolling(self._database, self._seals, made, _named([key])) as newcomer,
            self._database.begin() as connection,
        ):
            stored = insert_new(connection, newcomer)
            self._add(connection, key)
        return stored

    def _add(self, connection: Connection, key: Passkey) -> None:
        store.lock_account(connection, key.account_id)
        if len(store.passkeys_of(connection, key.account_id)) >= PASSKEYS_MAX:
            raise TooManyPasskeys(PASSKEYS_MAX)
        if not store.insert_passkey(connection, key):
            raise BadPasskey("it is registered already.")

    # Signing in

    def sign_in_options(self, party: RelyingParty) -> dict[str, Any]:
        """What the browser is to sign, with whichever of its keys the person picks."""
        options = generate_authentication_options(
            rp_id=party.id,
            challenge=self._challenge(Purpose.SIGN_IN, None, ""),
            timeout=_timeout_ms(),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def sign_in(self, party: RelyingParty, credential: Credential) -> Account:
        """Whose key signed. Raises `BadPasskey`, `PasskeyCopied`."""
        _, challenge = self._answered(Purpose.SIGN_IN, credential)
        with self._database.connect() as connection:
            passkey = store.find_passkey(connection, _credential_id(credential))
        if passkey is None:
            raise BadPasskey("it belongs to no account here.")
        handle = credential["response"].get("userHandle")
        if handle and _bytes(handle) != _handle(passkey.account_id):
            raise BadPasskey("it names another account.")
        count = _verified_sign_in(party, credential, challenge, passkey).new_sign_count
        self._advance(passkey, count)
        with self._database.connect() as connection:
            found = store.find_account(connection, account_id=passkey.account_id)
            assert found is not None, "passkeys are deleted with their account"
            kept = seals.kept(connection, found.id)
        return self._seals.account(found, kept)

    def _advance(self, passkey: Passkey, count: int) -> None:
        """Take the counter on. 0 is what authenticators say that keep none, as synchronised ones do."""
        if count == passkey.sign_count == 0:
            return
        if count > passkey.sign_count:
            with self._database.begin() as connection:
                if store.set_sign_count(connection, passkey.credential_id, count, instead_of=passkey.sign_count):
                    return
        _log.warning("a passkey's counter went back: it may have been copied")
        raise PasskeyCopied

    # The list

    def list(self, account_id: AccountId) -> Sequence[Passkey]:
        """An account's keys, oldest first, without the names that their owner gave them."""
        with self._database.connect() as connection:
            return store.passkeys_of(connection, account_id)

    def named(self, account_id: AccountId) -> Sequence[Passkey]:
        """The same for their owner, who is signed in, by name; while the keeper is away, without."""
        with self._database.connect() as connection:
            held = store.passkeys_of(connection, account_id)
            try:
                names = self._seals.noted(connection, account_id, Field.DEVICES) if held else {}
            except Unavailable:
                names = {}
        return [replace(key, name=str(names.get(to_base64url(key.credential_id), ""))) for key in held]

    def remove(self, account_id: AccountId, credential_id: bytes) -> None:
        """Forget one. Raises `PasskeyNotFound`, also for somebody else's, and `LastWayIn`.

        Asks no keeper: a key that was stolen goes at once. Its name goes with the next key that is added.
        """
        with self._database.begin() as connection:
            password_hash = store.lock_account(connection, account_id)
            held = store.passkeys_of(connection, account_id)
            if credential_id not in {passkey.credential_id for passkey in held}:
                raise PasskeyNotFound
            if len(held) == 1 and not password_hash:
                raise LastWayIn
            store.delete_passkey(connection, account_id, credential_id)

    # Challenges

    def _challenge(self, purpose: Purpose, account_id: AccountId | None, email: str) -> bytes:
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        envelope = b""
        if email and account_id is not None:
            envelope = closed(challenge, Sealing.SIGN_UP, _handle(account_id), {"email": email})
        now = self._clock.now()
        hashed = hashlib.sha256(challenge).digest()
        with self._database.begin() as connection:
            store.delete_expired(connection, now)
            store.insert_challenge(connection, Challenge(hashed, purpose, account_id, envelope, now + CHALLENGE_LIFE))
        return challenge

    def _answered(self, purpose: Purpose, credential: Credential) -> tuple[Challenge, bytes]:
        """Use up the challenge that an answer is to. Raises `BadPasskey`."""
        try:
            challenge = parse_client_data_json(_bytes(credential["response"]["clientDataJSON"])).challenge
        except Exception as error:  # the library meets untrusted bytes here; whatever it trips on, the answer is no
            raise BadPasskey("the browser's answer cannot be read.") from error
        with self._database.begin() as connection:
            asked = store.take_challenge(connection, hashlib.sha256(challenge).digest(), purpose, self._clock.now())
        if asked is None:
            raise BadPasskey("it took too long, or was used before.")
        return asked, challenge


def _verified_registration(party: RelyingParty, credential: Credential, challenge: bytes) -> VerifiedRegistration:
    try:
        return verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise BadPasskey(_reason(error)) from error


def _verified_sign_in(
    party: RelyingParty, credential: Credential, challenge: bytes, passkey: Passkey
) -> VerifiedAuthentication:
    try:
        return verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # compared by `_advance`, which tells a copy from a bad signature
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise BadPasskey(_reason(error)) from error


def _reason(error: Exception) -> str:
    """The library's own sentences name what differs and hold no secret; anything else is no sentence for people."""
    from_library = type(error).__module__.startswith("webauthn.")
    return f"{str(error)[:200].rstrip('.')}." if from_library and str(error) else "the browser's answer cannot be read."


def _credential_id(credential: Credential) -> bytes:
    return _bytes(credential.get("rawId") or credential.get("id") or "")


def _bytes(text: object) -> bytes:
    try:
        return base64url_to_bytes(str(text))
    except ValueError:
        raise BadPasskey("the browser's answer cannot be read.") from None


def _named(keys: Sequence[Passkey]) -> dict[str, str]:
    """As names are noted: by the public form of a key's id."""
    return {to_base64url(key.credential_id): key.name for key in keys}


def _handle(account_id: AccountId) -> bytes:
    """The user handle: the account's id and nothing about the person."""
    return account_id.to_bytes(8, "big")


def _timeout_ms() -> int:
    return int(CHALLENGE_LIFE.total_seconds() * 1000)
