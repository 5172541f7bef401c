"""An OpenID provider elsewhere: the authorization code flow with PKCE and signed ID tokens; may be told to lie."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from time import time
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from openforyou.drills.elsewhere import Elsewhere, Reply, Request, as_json, moved

HOST = "id.example"
CLIENT_ID = "openforyou-here"
CLIENT_SECRET = "a secret of no worth"  # noqa: S105 - of a made-up client


class IdProvider:
    """At `https://id.example:PORT`. `person` is who is signed in there; `lies` replaces claims of the ID token."""

    def __init__(self, there: Elsewhere) -> None:
        self.issuer = f"https://{there.at(HOST)}"
        self.person: dict[str, Any] = {"sub": "4711", "preferred_username": "Ada"}
        self.lies: dict[str, Any] = {}
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.signing: Any = self.key
        self.algorithm = "ES256"
        self.document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        self._codes: dict[str, dict[str, str]] = {}
        there.pages[HOST, "/.well-known/openid-configuration"] = lambda _: as_json(self.document)
        there.pages[HOST, "/keys"] = lambda _: as_json({"keys": [self.key.as_dict(private=False)]})
        there.pages[HOST, "/authorize"] = self._authorize
        there.pages[HOST, "/token"] = self._token
        there.pages[HOST, "/me"] = self._me

    def _authorize(self, request: Request) -> Reply:
        """The person is signed in and agrees."""
        asked = request.query
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return moved(f"{asked['redirect_uri']}?{urlencode(answer)}")

    def _token(self, request: Request) -> Reply:
        asked = self._codes.pop(request.form.get("code", ""), None)
        given = request.form
        if asked is None or given.get("redirect_uri") != asked["redirect_uri"]:
            return as_json({"error": "invalid_grant"}, 400)
        if (given.get("client_id"), given.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return as_json({"error": "invalid_client"}, 401)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return as_json({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        now = int(time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            **self.person,
            **self.lies,
        }
        header = {"alg": self.algorithm, "kid": "one"}
        kept = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.encode(header, kept, self.signing, algorithms=[self.algorithm])
        return as_json({"access_token": "bearer-of-ada", "token_type": "Bearer", "expires_in": 300, "id_token": signed})

    def _me(self, request: Request) -> Reply:
        if request.headers.get("Authorization") != "Bearer bearer-of-ada":
            return as_json({"error": "invalid_token"}, 401)
        return as_json(
            {"data": {"user": {"open_id": self.person["sub"], "username": self.person["preferred_username"]}}}
        )
