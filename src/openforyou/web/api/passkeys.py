"""Passkeys over HTTP. Each ceremony is two requests: ask for options, then send what the browser made of them.

The browser's side is `PublicKeyCredential.parseCreationOptionsFromJSON` (or `parseRequestOptionsFromJSON`),
`navigator.credentials.create` (or `get`), and `credential.toJSON()`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from openforyou.accounts.errors import PasskeyNotFound
from openforyou.accounts.types import PASSKEY_NAME_LENGTH_MAX, Account
from openforyou.core.encoding import from_base64url
from openforyou.web.api.accounts import AccountOut, Email, newcomer, shown
from openforyou.web.rates import CHANGE, SIGN_IN, SIGN_UP
from openforyou.web.reach import ThePlatform, TheRates, TheSite
from openforyou.web.session import Member, door_of

router = APIRouter(prefix="/passkeys", tags=["passkeys"])


class NewAccount(BaseModel):
    """Who signs up with a passkey."""

    email: Email


class Options(BaseModel):
    """What the browser is asked to do: `PublicKeyCredentialCreationOptionsJSON` or `…RequestOptionsJSON`."""

    public_key: dict[str, Any] = Field(serialization_alias="publicKey")


class Answer(BaseModel):
    """What the browser answered: its credential's `toJSON()`."""

    credential: dict[str, Any]


class NamedAnswer(Answer):
    """A new key, and what its owner calls it."""

    name: Annotated[str, Field(max_length=4 * PASSKEY_NAME_LENGTH_MAX)] = ""


class NewAnswer(NamedAnswer):
    """A new account's first key."""

    minor: bool = Field(
        False, description="true: I am under 16. The account is private and unprofiled until a guardian decides."
    )


@router.post("/sign-up/options", summary="Begin to sign up with a passkey")
def sign_up_options(
    given: NewAccount, request: Request, platform: ThePlatform, rates: TheRates, site: TheSite
) -> Options:
    """For a new account. Does not tell whether the e-mail is taken."""
    newcomer(request)
    rates.check(SIGN_UP, rates.network(request))
    party = site.relying_party(request)
    return Options(public_key=platform.accounts.passkeys.registration_options(party, account=None, email=given.email))


@router.post("/sign-up", status_code=201, summary="Sign up with a passkey")
def sign_up(given: NewAnswer, request: Request, platform: ThePlatform, rates: TheRates, site: TheSite) -> AccountOut:
    """Makes the account and signs in. Who watched before signing up keeps their history."""
    visitor = newcomer(request)
    rates.check(SIGN_IN, rates.network(request))
    account = platform.accounts.passkeys.register(
        site.relying_party(request),
        given.credential,
        account=None,
        viewer_id=None if visitor is None else visitor.viewer_id,
        name=given.name,
        is_minor=given.minor,
    )
    return _enter(request, account, platform)


@router.post("/options", summary="Begin to add a passkey")
def add_options(request: Request, account: Member, platform: ThePlatform, rates: TheRates, site: TheSite) -> Options:
    """For the account that is signed in."""
    rates.check(CHANGE, account.viewer_id)
    party = site.relying_party(request)
    return Options(public_key=platform.accounts.passkeys.registration_options(party, account=account))


@router.post("", status_code=201, summary="Add a passkey")
def add(given: NamedAnswer, request: Request, account: Member, platform: ThePlatform, site: TheSite) -> AccountOut:
    """To the account that is signed in."""
    party = site.relying_party(request)
    platform.accounts.passkeys.register(party, given.credential, account=account, name=given.name)
    return shown(account, platform)


@router.delete("/{passkey_id}", summary="Remove a passkey")
def remove(passkey_id: str, account: Member, platform: ThePlatform) -> AccountOut:
    """It opens nothing any more. The only way into an account cannot be removed."""
    try:
        credential_id = from_base64url(passkey_id)
    except ValueError:
        raise PasskeyNotFound from None
    platform.accounts.passkeys.remove(account.id, credential_id)
    return shown(account, platform)


@router.post("/sign-in/options", summary="Begin to sign in with a passkey")
def sign_in_options(request: Request, platform: ThePlatform, rates: TheRates, site: TheSite) -> Options:
    """Names nobody: the browser offers whichever keys it has for this site."""
    rates.check(SIGN_IN, rates.network(request))
    return Options(public_key=platform.accounts.passkeys.sign_in_options(site.relying_party(request)))


@router.post("/sign-in", status_code=201, summary="Sign in with a passkey")
def sign_in(given: Answer, request: Request, platform: ThePlatform, rates: TheRates, site: TheSite) -> AccountOut:
    """Sets the session's cookie."""
    rates.check(SIGN_IN, rates.network(request))
    account = platform.accounts.passkeys.sign_in(site.relying_party(request), given.credential)
    return _enter(request, account, platform)


def _enter(request: Request, account: Account, platform: ThePlatform) -> AccountOut:
    account = platform.minors.at_the_door(account)
    door_of(request).sign_in(request, account)
    return shown(account, platform)
