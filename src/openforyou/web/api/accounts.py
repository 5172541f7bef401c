"""Accounts over HTTP: sign up, sign in, sign out, and what one's own account is."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.accounts.rules import checked_email
from openforyou.accounts.types import EMAIL_LENGTH_MAX, PASSWORD_LENGTH_MIN, Account, Role
from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator
from openforyou.core.encoding import to_base64url
from openforyou.core.ids import encode_id
from openforyou.web.rates import CHANGE, SIGN_IN, SIGN_IN_TO, SIGN_UP
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Member, SignedInAlready, Visitor, door_of

router = APIRouter(tags=["accounts"])
TEXT_LENGTH_MAX = 4_000
"""Past every rule's own limit, so that the rule's message is the one that is read."""
UNNAMED = "Passkey"
"""What a key is called while its own name cannot be opened."""
Email = Annotated[str, Field(max_length=TEXT_LENGTH_MAX, examples=["ada@example.org"])]
Password = Annotated[str, Field(max_length=TEXT_LENGTH_MAX)]


class Credentials(BaseModel):
    """What one types to sign up or in."""

    email: Email = Field(description=f"At most {EMAIL_LENGTH_MAX} characters.")
    password: Password = Field(description=f"At least {PASSWORD_LENGTH_MIN} characters, of any kind.")


class NewAccount(Credentials):
    """What one types to sign up."""

    minor: bool = Field(
        False, description="true: I am under 16. The account is private and unprofiled until a guardian decides."
    )


class PasswordChange(BaseModel):
    """A new password."""

    password: Password
    current_password: Password = Field("", description="The present one, where there is one.")


class CreatorOut(BaseModel):
    """The creator that an account publishes as."""

    id: str
    handle: str
    name: str


class PasskeyOut(BaseModel):
    """A passkey of one's own."""

    id: str
    name: str
    created_at: AwareDatetime


class AccountOut(BaseModel):
    """One's own account."""

    email: str
    role: Role
    has_password: bool
    is_minor: bool = Field(description="A guardian decides what is shown, recommended and learned from.")
    creator: CreatorOut | None = Field(description="null until a handle is chosen.")
    passkeys: list[PasskeyOut]
    sessions: int = Field(description="In how many places you are signed in.")
    created_at: AwareDatetime


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


@router.post("/accounts", status_code=201, summary="Sign up")
def sign_up(given: NewAccount, request: Request, platform: ThePlatform, rates: TheRates) -> AccountOut:
    """Makes an account and signs in. Who watched before signing up keeps their history."""
    visitor = newcomer(request)
    rates.check(SIGN_UP, rates.network(request))
    viewer_id = None if visitor is None else visitor.viewer_id
    account = platform.accounts.sign_up(given.email, given.password, viewer_id=viewer_id, is_minor=given.minor)
    account = platform.minors.at_the_door(account)
    door_of(request).sign_in(request, account)
    return shown(account, platform)


@router.post("/sessions", status_code=201, summary="Sign in")
def sign_in(given: Credentials, request: Request, platform: ThePlatform, rates: TheRates) -> AccountOut:
    """Sets the session's cookie. Answers the same for a wrong e-mail and a wrong password."""
    rates.check(SIGN_IN, rates.network(request))
    rates.check(SIGN_IN_TO, rates.hidden(checked_email(given.email)))
    account = platform.accounts.sign_in(given.email, given.password)
    account = platform.minors.at_the_door(account)
    door_of(request).sign_in(request, account)
    return shown(account, platform)


@router.delete("/sessions/current", status_code=204, summary="Sign out")
def sign_out(request: Request) -> None:
    """Ends this session; without one, nothing happens."""
    door_of(request).sign_out(request)


@router.delete("/sessions", summary="Sign out everywhere")
def sign_out_everywhere(request: Request, account: Member, platform: ThePlatform) -> Ended:
    """Ends every session of the account, this one too."""
    ended = platform.accounts.sessions.end_all(account.id)
    door_of(request).sign_out(request)
    return Ended(ended=ended)


@router.get("/account", summary="Your account")
def get_account(account: Member, platform: ThePlatform) -> AccountOut:
    """What is kept of you under your name."""
    return shown(account, platform)


@router.put("/account/password", summary="Set or change the password")
def put_password(
    given: PasswordChange, request: Request, account: Member, platform: ThePlatform, rates: TheRates
) -> Ended:
    """Ends the account's other sessions."""
    rates.check(CHANGE, account.viewer_id)
    rates.check(SIGN_IN_TO, rates.hidden(account.email))
    platform.accounts.set_password(account, given.password, current=given.current_password)
    ended = platform.accounts.sessions.end_all(account.id, but=door_of(request).token(request))
    return Ended(ended=ended)


def newcomer(request: Request) -> Visitor | None:
    """Who signs up: an anonymous viewer, or nobody known yet. Raises `SignedInAlready`."""
    visitor = door_of(request).find(request)
    if visitor is not None and visitor.account is not None:
        raise SignedInAlready
    return visitor


def shown(account: Account, platform: Platform) -> AccountOut:
    """An account as its owner sees it."""
    creator = platform.catalog.creator_of_account(account.id)
    return AccountOut(
        email=account.email,
        role=account.role,
        has_password=account.has_password,
        is_minor=account.is_minor,
        creator=None if creator is None else creator_out(creator),
        passkeys=[
            PasskeyOut(id=to_base64url(key.credential_id), name=key.name or UNNAMED, created_at=key.created_at)
            for key in platform.accounts.passkeys.named(account.id)
        ],
        sessions=platform.accounts.sessions.count(account.id),
        created_at=account.created_at,
    )


def creator_out(creator: Creator) -> CreatorOut:
    """A creator as named in an account."""
    return CreatorOut(id=encode_id(creator.id), handle=creator.handle, name=creator.name)
