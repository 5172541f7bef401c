"""Signing in with a provider: the authorization code flow with PKCE, `state` and `nonce`, by Authlib.

RFC 6749 section 4.1, RFC 7636, RFC 9207, OpenID Connect Core section 3.1. Every request goes through the fetcher, so a
provider's metadata cannot lead us to a private address. No token is kept: it is used once, to learn who signed in.
Not in `methods/`, because it is made anew for each provider of the operator's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from secrets import compare_digest
from typing import Any

import httpx
from authlib.common.security import generate_token
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.providers import Provider
from openforyou.catalog.identities.types import Asked, Outside, Seen, Step
from openforyou.core.errors import BadInput
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.fetcher import Fetcher

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
"""Signatures alone: no `none`, and no HMAC, whose key would be the client secret."""
LEEWAY_S = 60
AGAIN = "Sign in again."


class SignIn:
    """With one provider."""

    name = "sign-in"
    rechecks = False

    def __init__(self, provider: Provider, return_to: str) -> None:
        self.provider = provider
        self.title = f"signing in with {provider.title or provider.platform}"
        self._return_to = return_to

    def begin(self, outside: Outside, fetcher: Fetcher) -> dict[str, str]:  # noqa: ARG002 - the provider knows who
        if not self._return_to:
            raise BadInput(
                "This platform has no public address yet to come back to.",
                hint="Choose another way, or ask the operator to set OPENFORYOU_ORIGIN.",
                field="method",
            )
        state, nonce, verifier = generate_token(48), generate_token(48), generate_token(64)
        addresses = _addresses(self.provider, fetcher)
        more = {"nonce": nonce} if self.provider.issuer else {}
        if self.provider.client_id_name != "client_id":
            more[self.provider.client_id_name] = self.provider.client_id
        client = self._client(fetcher)
        url, _ = client.create_authorization_url(addresses.authorize, state=state, code_verifier=verifier, **more)
        return {"state": state, "nonce": nonce, "verifier": verifier, "url": url}

    def steps(self, asked: Asked) -> tuple[Step, ...]:
        words = f"Sign in with {self.provider.title or self.provider.platform}; you come back here by yourself."
        return (Step(words, link=asked.secrets["url"]),)

    def look(self, asked: Asked, fetcher: Fetcher) -> Seen:
        returned, secrets = asked.returned, asked.secrets
        if returned is None:
            raise NotProven("You have not signed in there yet.", hint="Follow the link, and sign in.")
        if not compare_digest(returned.state.encode(), secrets["state"].encode()):
            raise NotProven("This is the answer to another sign-in.", hint=AGAIN)
        addresses = _addresses(self.provider, fetcher)
        if returned.issuer and self.provider.issuer and returned.issuer != self.provider.issuer:
            raise NotProven(f"The answer came from {returned.issuer[:80]}.", hint=AGAIN)
        token = self._token(addresses.token, returned.code, secrets["verifier"], fetcher)
        if self.provider.issuer:
            told, source = _claims(token, self.provider, secrets["nonce"], addresses.keys, fetcher), addresses.token
        else:
            told, source = _userinfo(self.provider, token, fetcher), self.provider.userinfo_url
        return self._seen(told, source, asked.outside)

    def _seen(self, told: dict[str, Any], source: str, outside: Outside) -> Seen:
        subject, handle = _at(told, self.provider.id_at), _at(told, self.provider.handle_at).removeprefix("@").lower()
        if not subject or not (subject + handle).isprintable():
            raise NotProven(f"{self.provider.platform} does not say who signed in.", hint=AGAIN)
        if handle == _at(told, "email").lower() != "" and told.get("email_verified") is not True:
            handle = ""  # an address that nobody checked is nobody's
        if outside.who and outside.who not in (handle, subject):
            signed_in_as = f"{handle or subject} at {self.provider.platform}"
            raise NotProven(f"You signed in as {signed_in_as}, not as {outside.who}.", hint=AGAIN)
        digest = sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        profile = (
            self.provider.profile.format(handle=handle, id=subject)
            if handle or "{handle" not in self.provider.profile
            else ""
        )
        return Seen(source, f"signed in as {handle or subject}", digest, subject, handle or subject, profile)

    def _token(self, url: str, code: str, verifier: str, fetcher: Fetcher) -> dict[str, Any]:
        more = {}
        if self.provider.client_id_name != "client_id":
            more[self.provider.client_id_name] = self.provider.client_id
        try:
            token = self._client(fetcher).fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                redirect_uri=self._return_to,
                code_verifier=verifier,
                **more,
            )
        except (OAuth2Error, httpx.HTTPError, ValueError, KeyError) as error:
            words = f"{self.provider.platform} does not confirm the sign-in: {str(error)[:200]}"
            raise NotProven(words, hint=AGAIN) from error
        return dict(token)

    def _client(self, fetcher: Fetcher) -> Any:
        """Authlib's, over our fetcher."""
        return OAuth2Client(
            session=_Session(fetcher),
            client_id=self.provider.client_id,
            client_secret=self.provider.client_secret or None,
            token_endpoint_auth_method="client_secret_post" if self.provider.client_secret else "none",
            scope=self.provider.scope,
            redirect_uri=self._return_to,
            code_challenge_method="S256",
        )


@dataclass(frozen=True, slots=True)
class _Addresses:
    authorize: str
    token: str
    keys: str = ""


class _Session:
    """What Authlib sends by."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def post(self, url: str, data: dict[str, str], headers: dict[str, str], auth: Any) -> httpx.Response:
        """The answer, read whole."""
        body = httpx.Request("POST", url, data=data).read().decode()
        url, headers, body = auth.prepare("POST", url, dict(headers), body)
        answer = self._fetcher.post(url, body.encode(), headers=headers)
        if not answer.authentic:
            raise OutsideRefused(f"{url[:200]} was not asked under https.")
        request = httpx.Request("POST", url)
        return httpx.Response(answer.status, content=answer.body, request=request)


def _addresses(provider: Provider, fetcher: Fetcher) -> _Addresses:
    """From the provider, or by discovery (OpenID Connect Discovery, section 4)."""
    if not provider.issuer:
        return _Addresses(provider.authorize_url, provider.token_url)
    url = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    told = _json(fetcher, url)
    if told.get("issuer") != provider.issuer:
        raise NotProven(f"{url} is of another issuer, {str(told.get('issuer'))[:80]!r}.", hint="Tell the operator.")
    found = [str(told.get(name, "")) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(one.startswith("https://") for one in found):
        raise NotProven(f"{url} does not name its addresses under https.", hint="Tell the operator.")
    return _Addresses(*found)


def _claims(token: dict[str, Any], provider: Provider, nonce: str, keys: str, fetcher: Fetcher) -> dict[str, Any]:
    """Of the ID token, checked: signature, issuer, audience, time, nonce, and the access token that it came with."""
    try:
        signed = jwt.decode(str(token.get("id_token", "")), KeySet.import_key_set(_json(fetcher, keys)), ALGORITHMS)  # type: ignore[arg-type]
        options = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
        about = {"nonce": nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(signed.claims, signed.header, options, about)
        claims.validate(leeway=LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        what = str(error) or type(error).__name__
        raise NotProven(f"The ID token of {provider.platform} does not hold: {what[:200]}", hint=AGAIN) from error
    return dict(claims)


def _userinfo(provider: Provider, token: dict[str, Any], fetcher: Fetcher) -> dict[str, Any]:
    bearer = {"Authorization": f"Bearer {token.get('access_token', '')}"}
    return _json(fetcher, provider.userinfo_url, bearer)


def _json(fetcher: Fetcher, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = fetcher.get_alone(url, headers={"Accept": "application/json", **(headers or {})})
    try:
        told = json.loads(answer.body) if answer.ok and answer.authentic else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise NotProven(f"{url} answers nothing that can be used (status {answer.status}).", hint="Try again later.")
    return told


def _at(told: Any, path: str) -> str:
    """The text at `a.b.0.c`; empty where there is none."""
    for step in path.split("."):
        if isinstance(told, list) and step.isdecimal() and int(step) < len(told):
            told = told[int(step)]
        elif isinstance(told, dict):
            told = told.get(step)
        else:
            return ""
    return str(told) if isinstance(told, str | int) and not isinstance(told, bool) else ""
