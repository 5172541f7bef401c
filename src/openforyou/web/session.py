"""Who is asking: a `Visitor`, known by a session or by a signed cookie that holds a pseudonym and nothing else.

Two cookies, never both at work. `ofy_session` opens an account; its viewer is the account's. `ofy_viewer` names
an anonymous viewer. Whoever signs up keeps the pseudonym, and with it their history; from then on the anonymous
cookie opens nothing any more, so that one planted or left behind on a shared machine is worth nothing. Whoever
signs in takes the account's pseudonym; whoever signs out comes back as somebody new.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from time import monotonic
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie
from itsdangerous import BadSignature, Signer

from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, Conflict, NotSignedIn, Unavailable
from openforyou.core.ids import ViewerId, decode_id, encode_id, new_id
from openforyou.web.origin import Site
from openforyou.web.rates import ARRIVE, Rates
from openforyou.web.security import ADDED

SESSION_COOKIE, VIEWER_COOKIE = "ofy_session", "ofy_viewer"
HOST_PREFIX = "__Host-"
"""Under https: a browser then takes the cookie from this host alone, not from a subdomain, and with Secure."""
COOKIE_NAMES = tuple(prefix + name for prefix in ("", HOST_PREFIX) for name in (SESSION_COOKIE, VIEWER_COOKIE))
VIEWER_LIFE = timedelta(days=400)
"""The longest that browsers keep a cookie (RFC 6265bis, section 5.5)."""
UNCLAIMED_FOR_S = 30.0
UNCLAIMED_MAX = 100_000
LANGUAGES_LENGTH_MAX = 200
_LANGUAGE = re.compile(
    r"\s*([A-Za-z]{2,3})(?:-[A-Za-z]{4})?(?:-([A-Za-z]{2}))?\s*(?:;\s*q=(0(?:\.\d+)?|1(?:\.0+)?)\s*)?"
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. `region` is a country or else a language, as the browser's settings say; "" where they say nothing."""

    viewer_id: ViewerId
    account: Account | None
    region: str


class NoViewer(NotSignedIn):
    """The request says in nobody's name that it comes."""

    code = "no_viewer"

    def __init__(self) -> None:
        super().__init__(
            "There is no viewer cookie, or it is not ours.", hint="Ask for GET /v1/feed first and keep its cookie."
        )


class SignedInAlready(Conflict):
    """Somebody is signed in, who must not be."""

    code = "signed_in"

    def __init__(self) -> None:
        super().__init__("You are signed in already.", hint="Sign out first.")


def viewer_signer(key: bytes) -> Signer:
    """Signs the public form of a viewer's id: the value of the anonymous cookie."""
    return Signer(key, salt="openforyou.viewer", key_derivation="hmac", digest_method=hashlib.sha256)


class Door:
    """Reads and writes the two cookies. One a process."""

    def __init__(self, accounts: Accounts, site: Site, rates: Rates, clock: Clock, key: bytes) -> None:
        self._accounts = accounts
        self._site = site
        self._rates = rates
        self._clock = clock
        self._signer = viewer_signer(key)
        self._unclaimed: dict[int, float] = {}

    def find(self, request: Request) -> Visitor | None:
        """Who asks, where it can be known."""
        region = region_of(request.headers.get("accept-language", ""))
        token = self._cookie(request, SESSION_COOKIE)
        if token:
            session = self._accounts.sessions.find(token)
            if session is not None:
                if session.renewed:
                    self._set(request, SESSION_COOKIE, token, session.expires_at - self._clock.now())
                return Visitor(session.account.viewer_id, session.account, region)
            self._drop(request, SESSION_COOKIE)
        viewer_id = self._viewer(self._cookie(request, VIEWER_COOKIE))
        return None if viewer_id is None or self._is_claimed(viewer_id) else Visitor(viewer_id, None, region)

    def welcome(self, request: Request) -> Visitor:
        """Who asks; somebody new where nobody is known, with a cookie to come back with. Raises `TooMany`."""
        visitor = self.find(request)
        if visitor is None:
            self._rates.check(ARRIVE, self._rates.network(request))
            region = region_of(request.headers.get("accept-language", ""))
            visitor = Visitor(ViewerId(new_id()), None, region)
            self._note_unclaimed(visitor.viewer_id)
        if visitor.account is None:
            signed = self._signer.sign(encode_id(visitor.viewer_id)).decode()
            self._set(request, VIEWER_COOKIE, signed, VIEWER_LIFE)
        return visitor

    def sign_in(self, request: Request, account: Account) -> None:
        """Begin a session with a token nobody has seen; the browser's former one ends, the pseudonym's cookie goes."""
        begun = self._accounts.sessions.begin(account, instead_of=self._cookie(request, SESSION_COOKIE))
        self._unclaimed.pop(account.viewer_id, None)
        self._set(request, SESSION_COOKIE, begun.token, begun.expires_at - self._clock.now())
        self._drop(request, VIEWER_COOKIE)

    def sign_out(self, request: Request) -> None:
        """End the session; the next request comes from somebody new."""
        self._accounts.sessions.end(self._cookie(request, SESSION_COOKIE))
        self._drop(request, SESSION_COOKIE)
        self._drop(request, VIEWER_COOKIE)

    def token(self, request: Request) -> str:
        """The session's token as the browser sent it; "" without one."""
        return self._cookie(request, SESSION_COOKIE)

    def _viewer(self, signed: str) -> ViewerId | None:
        try:
            return ViewerId(decode_id(self._signer.unsign(signed).decode()))
        except (BadSignature, BadInput, UnicodeDecodeError):
            return None

    def _is_claimed(self, viewer_id: ViewerId) -> bool:
        """Asked at most every half minute for one viewer: a sign-up elsewhere counts here that much later.

        While the keeper is away nobody signs up: whoever was nobody's when it was last asked goes on. Of others it
        cannot be known: raises `BrokerUnavailable`.
        """
        now = monotonic()
        last = self._unclaimed.get(viewer_id)
        if last is not None and last > now:
            return False
        try:
            if self._accounts.is_claimed(viewer_id):
                self._unclaimed.pop(viewer_id, None)
                return True
        except Unavailable:
            if last is None:
                raise
            return False
        self._note_unclaimed(viewer_id)
        return False

    def _note_unclaimed(self, viewer_id: ViewerId) -> None:
        if len(self._unclaimed) >= UNCLAIMED_MAX:
            self._unclaimed.clear()
        self._unclaimed[viewer_id] = monotonic() + UNCLAIMED_FOR_S

    def _name(self, request: Request, name: str) -> str:
        return HOST_PREFIX + name if self._site.is_secure(request) else name

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(self._name(request, name), "")

    def _set(self, request: Request, name: str, value: str, life: timedelta) -> None:
        name = self._name(request, name)
        cookie: SimpleCookie = SimpleCookie()
        cookie[name] = value
        cookie[name].update({"path": "/", "max-age": str(int(life.total_seconds())), "samesite": "Lax"})
        cookie[name]["httponly"] = True
        if self._site.is_secure(request):
            cookie[name]["secure"] = True
        added = request.scope[ADDED]
        added[:] = [header for header in added if not header[1].startswith(f"{name}=")]
        added.append(("Set-Cookie", cookie[name].OutputString()))

    def _drop(self, request: Request, name: str) -> None:
        if self._cookie(request, name):
            self._set(request, name, "", timedelta(0))


def region_of(languages: str) -> str:
    """The country that `Accept-Language` prefers, as "CH"; without one its language, as "de"; or ""."""
    best, best_weight = "", 0.0
    for entry in languages[:LANGUAGES_LENGTH_MAX].split(","):
        read = _LANGUAGE.fullmatch(entry)
        weight = float(read[3] or 1) if read else 0.0
        if read and weight > best_weight:
            best, best_weight = (read[2] or "").upper() or read[1].lower(), weight
    return best


# Dependencies


def door_of(request: Request) -> Door:
    """The door of this process."""
    door: Door = request.app.state.door
    return door


def welcomed(request: Request) -> Visitor:
    """Whoever comes, somebody new included."""
    return door_of(request).welcome(request)


VIEWER = APIKeyCookie(
    name=VIEWER_COOKIE,
    scheme_name="viewer",
    description=f"Set by GET /v1/feed. Under https its name begins with {HOST_PREFIX}. A session serves as well.",
    auto_error=False,
)
SESSION = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="session",
    description=f"Set by signing in. Under https its name begins with {HOST_PREFIX}.",
    auto_error=False,
)
"""For the description of the API alone: `Door` reads the cookies."""


def known(request: Request) -> Visitor:
    """Somebody who came before. Raises `NoViewer`."""
    visitor = door_of(request).find(request)
    if visitor is None:
        raise NoViewer
    return visitor


def _known(request: Request, _cookie: Annotated[str | None, Security(VIEWER)]) -> Visitor:
    return known(request)


def _member(request: Request, _cookie: Annotated[str | None, Security(SESSION)]) -> Account:
    visitor = door_of(request).find(request)
    if visitor is None or visitor.account is None:
        raise NotSignedIn("You are not signed in.", hint="Sign in first, at /signin.")
    return visitor.account


Welcomed = Annotated[Visitor, Depends(welcomed)]
Known = Annotated[Visitor, Depends(_known)]
Member = Annotated[Account, Depends(_member)]
"""Somebody who is signed in. Raises `NotSignedIn`."""
