"""Passkeys: both ceremonies with an authenticator in software, and each way to cheat at them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from openforyou.accounts.errors import (
    BadPasskey,
    EmailTaken,
    LastWayIn,
    PasskeyCopied,
    PasskeyNotFound,
    TooManyPasskeys,
)
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import PASSKEYS_MAX, Account, RelyingParty
from openforyou.core.clock import ManualClock
from openforyou.core.encoding import from_base64url
from openforyou.core.errors import BadInput
from openforyou.core.ids import ViewerId
from tests.accounts.authenticator import Authenticator

ORIGIN = "https://clips.example.org"
PARTY = RelyingParty(id="clips.example.org", origin=ORIGIN)
EMAIL = "ada@example.org"


def register(accounts: Accounts, key: Authenticator, email: str = EMAIL, **more: Any) -> Account:
    options = accounts.passkeys.registration_options(PARTY, account=None, email=email)
    return accounts.passkeys.register(PARTY, key.create(options, ORIGIN), account=None, **more)


def add(accounts: Accounts, account: Account, key: Authenticator) -> Account:
    options = accounts.passkeys.registration_options(PARTY, account=account)
    return accounts.passkeys.register(PARTY, key.create(options, ORIGIN), account=account)


def sign_in(accounts: Accounts, key: Authenticator, **more: Any) -> Account:
    return accounts.passkeys.sign_in(PARTY, key.get(accounts.passkeys.sign_in_options(PARTY), ORIGIN, **more))


def test_a_key_makes_an_account_and_opens_it_without_a_name(accounts: Accounts) -> None:
    key = Authenticator()
    ada = register(accounts, key, viewer_id=ViewerId(8), name="Phone")
    assert ada.email == EMAIL
    assert ada.viewer_id == ViewerId(8)
    assert not ada.has_password
    assert sign_in(accounts, key) == ada
    assert sign_in(accounts, key) == ada
    assert [held.name for held in accounts.passkeys.named(ada.id)] == ["Phone"]


def test_the_options_ask_for_a_key_that_verifies_its_user_and_names_itself(accounts: Accounts) -> None:
    options = accounts.passkeys.registration_options(PARTY, account=None, email=EMAIL)
    assert options["rp"]["id"] == PARTY.id
    assert options["user"]["name"] == EMAIL
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    asked = accounts.passkeys.sign_in_options(PARTY)
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    assert len(from_base64url(asked["challenge"])) == 32


def test_a_key_is_added_to_an_account_that_has_a_password(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, "correct horse")
    phone, stick = Authenticator(), Authenticator(counts=False)
    add(accounts, ada, phone)
    options = accounts.passkeys.registration_options(PARTY, account=ada)
    assert [from_base64url(held["id"]) for held in options["excludeCredentials"]] == [phone.credential_id]
    add(accounts, ada, stick)
    assert sign_in(accounts, stick).id == ada.id
    assert sign_in(accounts, stick).id == ada.id
    assert sign_in(accounts, phone).id == ada.id


def test_an_account_has_so_many_keys_and_no_more(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, "correct horse")
    for _ in range(PASSKEYS_MAX):
        add(accounts, ada, Authenticator())
    with pytest.raises(TooManyPasskeys):
        accounts.passkeys.registration_options(PARTY, account=ada)


def test_a_taken_address_shows_only_at_the_end(accounts: Accounts) -> None:
    accounts.sign_up(EMAIL, "correct horse")
    options = accounts.passkeys.registration_options(PARTY, account=None, email=EMAIL)
    with pytest.raises(EmailTaken):
        accounts.passkeys.register(PARTY, Authenticator().create(options, ORIGIN), account=None)


def test_a_challenge_is_good_once_and_not_for_long(accounts: Accounts, clock: ManualClock) -> None:
    key = Authenticator(counts=False)
    register(accounts, key)
    answer = key.get(accounts.passkeys.sign_in_options(PARTY), ORIGIN)
    accounts.passkeys.sign_in(PARTY, answer)
    with pytest.raises(BadPasskey):
        accounts.passkeys.sign_in(PARTY, answer)
    late = key.get(accounts.passkeys.sign_in_options(PARTY), ORIGIN)
    clock.advance(timedelta(minutes=5))
    with pytest.raises(BadPasskey):
        accounts.passkeys.sign_in(PARTY, late)


def test_a_challenge_is_good_for_its_purpose_and_its_account(accounts: Accounts) -> None:
    ada = accounts.sign_up(EMAIL, "correct horse")
    eve = accounts.sign_up("eve@example.org", "correct horse")
    hers = accounts.passkeys.registration_options(PARTY, account=ada)
    with pytest.raises(BadPasskey):
        accounts.passkeys.register(PARTY, Authenticator().create(hers, ORIGIN), account=eve)
    hers = accounts.passkeys.registration_options(PARTY, account=ada)
    with pytest.raises(BadPasskey):
        accounts.passkeys.register(PARTY, Authenticator().create(hers, ORIGIN), account=None)
    key = Authenticator()
    add(accounts, ada, key)
    asked = accounts.passkeys.registration_options(PARTY, account=ada)
    with pytest.raises(BadPasskey):
        accounts.passkeys.sign_in(PARTY, key.get({"rpId": PARTY.id, "challenge": asked["challenge"]}, ORIGIN))
    assert accounts.passkeys.list(eve.id) == []


def test_an_answer_to_another_site_is_refused(accounts: Accounts) -> None:
    key = Authenticator()
    register(accounts, key)
    for origin in ("https://clips.example.org.evil.example", "http://clips.example.org", ""):
        with pytest.raises(BadPasskey):
            accounts.passkeys.sign_in(PARTY, key.get(accounts.passkeys.sign_in_options(PARTY), origin))


def test_a_foreign_relying_party_a_foreign_key_and_an_absent_user_are_refused(accounts: Accounts) -> None:
    key = Authenticator()
    register(accounts, key)
    asked = accounts.passkeys.sign_in_options(PARTY)
    with pytest.raises(BadPasskey):
        accounts.passkeys.sign_in(PARTY, key.get({**asked, "rpId": "evil.example"}, ORIGIN))
    with pytest.raises(BadPasskey):
        sign_in(accounts, Authenticator())
    forged = Authenticator(credential_id=key.credential_id, count=99, handle=key.handle)
    with pytest.raises(BadPasskey):
        sign_in(accounts, forged)
    key.verifies = False
    with pytest.raises(BadPasskey):
        sign_in(accounts, key)
    with pytest.raises(BadPasskey):
        register(accounts, Authenticator(verifies=False), "eve@example.org")


def test_an_answer_that_names_another_account_is_refused(accounts: Accounts) -> None:
    key = Authenticator()
    register(accounts, key)
    with pytest.raises(BadPasskey):
        sign_in(accounts, key, handle=b"\x00" * 8)


def test_a_copied_key_shows_by_its_counter(accounts: Accounts) -> None:
    key = Authenticator()
    ada = register(accounts, key)
    copy = Authenticator(count=key.count, key=key.key, credential_id=key.credential_id, handle=key.handle)
    assert sign_in(accounts, copy) == ada
    with pytest.raises(PasskeyCopied):
        sign_in(accounts, key)


def test_one_key_opens_one_account(accounts: Accounts) -> None:
    key = Authenticator()
    register(accounts, key)
    with pytest.raises(BadPasskey):
        register(accounts, key, "eve@example.org")
    assert accounts.sign_up("eve@example.org", "correct horse"), "the failed sign-up left nothing behind"


def test_a_key_is_removed_by_its_owner_unless_it_is_the_only_way_in(accounts: Accounts) -> None:
    key, spare = Authenticator(), Authenticator()
    ada = register(accounts, key)
    eve = accounts.sign_up("eve@example.org", "correct horse")
    with pytest.raises(LastWayIn):
        accounts.passkeys.remove(ada.id, key.credential_id)
    with pytest.raises(PasskeyNotFound):
        accounts.passkeys.remove(eve.id, key.credential_id)
    add(accounts, ada, spare)
    accounts.passkeys.remove(ada.id, key.credential_id)
    with pytest.raises(BadPasskey):
        sign_in(accounts, key)
    accounts.set_password(ada, "correct horse")
    accounts.passkeys.remove(ada.id, spare.credential_id)
    assert accounts.sign_in(EMAIL, "correct horse").id == ada.id


def test_a_malformed_answer_is_refused(accounts: Accounts) -> None:
    responses: list[Any] = [None, [], {"clientDataJSON": 5}, {"clientDataJSON": "e30"}, {"clientDataJSON": "%%%"}]
    for answer in ({}, *({"response": response} for response in responses)):
        with pytest.raises(BadPasskey):
            accounts.passkeys.sign_in(PARTY, answer)
        with pytest.raises(BadPasskey):
            accounts.passkeys.register(PARTY, answer, account=None)


def test_a_damaged_answer_is_refused(accounts: Accounts) -> None:
    key = Authenticator()
    register(accounts, key)
    for part in ("authenticatorData", "signature", "userHandle"):
        for damage in ("", "AAAA", "%%%", 7, None):
            if part == "userHandle" and damage in ("", None):
                continue  # an authenticator may leave it out
            answer = key.get(accounts.passkeys.sign_in_options(PARTY), ORIGIN)
            answer["response"][part] = damage
            with pytest.raises(BadPasskey):
                accounts.passkeys.sign_in(PARTY, answer)


def test_what_is_no_address_gets_no_options(accounts: Accounts) -> None:
    with pytest.raises(BadInput):
        accounts.passkeys.registration_options(PARTY, account=None, email="nobody")
