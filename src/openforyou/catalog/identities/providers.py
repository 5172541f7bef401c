"""Who lets people sign in for us: OAuth 2.0 and OpenID Connect providers, as the operator's file names them.

    [{"preset": "google", "client_id": "…", "client_secret": "…"},
     {"preset": "tiktok", "client_id": "…", "client_secret": "…"},
     {"platform": "club", "title": "Our club", "issuer": "https://id.club.example", "client_id": "…"}]

With an `issuer` it is OpenID Connect: its addresses and keys are discovered, and the signed ID token says who signed
in. Without one, `authorize_url`, `token_url` and `userinfo_url` are needed, and `id_at` and `handle_at` say where the
answer holds the account's id and handle.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from openforyou.core.errors import BadInput

FILE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `platform` is what an account there is called here."""

    platform: str
    client_id: str
    client_secret: str = ""
    title: str = ""
    issuer: str = ""
    scope: str = "openid profile"
    authorize_url: str = ""
    token_url: str = ""
    userinfo_url: str = ""
    id_at: str = "sub"
    handle_at: str = "preferred_username"
    profile: str = ""
    """Address of a profile, with `{handle}` or `{id}`."""
    client_id_name: str = "client_id"
    """TikTok calls it `client_key`."""


PRESETS: dict[str, dict[str, str]] = {
    "google": {
        "platform": "google",
        "title": "Google",
        "issuer": "https://accounts.google.com",
        "scope": "openid profile email",
        "handle_at": "email",
    },
    "youtube": {
        "platform": "youtube",
        "title": "YouTube",
        "scope": "https://www.googleapis.com/auth/youtube.readonly",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "token_url": "https://oauth2.googleapis.com/token",
        "userinfo_url": "https://www.googleapis.com/youtube/v3/channels?part=id,snippet&mine=true",
        "id_at": "items.0.id",
        "handle_at": "items.0.snippet.customUrl",
        "profile": "https://www.youtube.com/channel/{id}",
    },
    "tiktok": {
        "platform": "tiktok",
        "title": "TikTok",
        "scope": "user.info.basic,user.info.profile",
        "authorize_url": "https://www.tiktok.com/v2/auth/authorize/",
        "token_url": "https://open.tiktokapis.com/v2/oauth/token/",
        "userinfo_url": "https://open.tiktokapis.com/v2/user/info/?fields=open_id,username,profile_deep_link",
        "id_at": "data.user.open_id",
        "handle_at": "data.user.username",
        "profile": "https://www.tiktok.com/@{handle}",
        "client_id_name": "client_key",
    },
}


def read_providers(path: str) -> dict[str, Provider]:
    """By platform, from the operator's file; none where `path` is empty. Raises `BadInput` naming what is wrong."""
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            told = json.loads(file.read(FILE_BYTES_MAX))
    except (OSError, ValueError, RecursionError) as error:
        raise _bad(path, f"cannot be read: {error}") from error
    if not isinstance(told, list):
        raise _bad(path, "is no list of providers")
    found = [_provider(path, one) for one in told]
    if len({one.platform for one in found}) != len(found):
        raise _bad(path, "names a platform twice")
    return {one.platform: one for one in found}


def _provider(path: str, told: Any) -> Provider:
    known = {one.name for one in fields(Provider)}
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise _bad(path, "holds something that is no provider: an object of texts")
    preset = told.get("preset", "")
    if preset and preset not in PRESETS:
        raise _bad(path, f"names the preset {preset[:40]!r}; known are {', '.join(PRESETS)}")
    given = {**PRESETS.get(preset, {}), **{key: value for key, value in told.items() if key != "preset"}}
    if strange := sorted(given.keys() - known):
        raise _bad(path, f"has {strange[0][:40]!r}, which is not known")
    if missing := [name for name in ("platform", "client_id") if not given.get(name)]:
        raise _bad(path, f"lacks {missing[0]}")
    provider = Provider(**given)
    addresses = (provider.authorize_url, provider.token_url, provider.userinfo_url)
    if not provider.issuer and not all(addresses):
        raise _bad(path, f"needs issuer, or authorize_url, token_url and userinfo_url, for {provider.platform[:40]}")
    return provider


def _bad(path: str, what: str) -> BadInput:
    return BadInput(f"{path} {what}.", hint="See docs/identities.md.", field="OPENFORYOU_IDENTITY_PROVIDERS")
