"""Where accounts live: how each platform writes a handle, where its profile pages are, and what can prove one there.

A profile's address is made here from the handle, and never taken from whoever claims it: else they would name a page of
their own. What a person pastes (an address, an @handle) becomes the handle in one form, or is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from openforyou.catalog.identities.types import Outside
from openforyou.core.errors import BadInput, OpenForYouError
from openforyou.outside.urls import checked_url, literal

HOST = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
WHO_LENGTH_MAX = 200
_HOST = re.compile(HOST)


@dataclass(frozen=True, slots=True)
class Place:
    """A platform. `methods` are tried in the order in which they are offered."""

    name: str
    title: str
    example: str
    methods: tuple[str, ...]
    read: Callable[[str], tuple[str, str]]
    """What a person wrote → handle and profile address; raises `BadInput`."""


def _named(pattern: str, address: str, *hosts: str) -> Callable[[str], tuple[str, str]]:
    """A platform with one host: a handle, or a profile's address there."""
    handle_of = re.compile(pattern, re.IGNORECASE)

    def read(text: str) -> tuple[str, str]:
        plain = text.strip()
        if "/" in plain:
            url = checked_url(plain if "://" in plain else f"https://{plain}")
            if url.host.removeprefix("www.") not in hosts:
                raise _unread(text)
            plain = re.sub(r"^/(?:add/|channel/)?", "", url.path).rstrip("/")
        plain = plain.removeprefix("@")
        if not handle_of.fullmatch(plain):
            raise _unread(text)
        handle = plain if plain.startswith("UC") and len(plain) == 24 else plain.lower()
        return handle, address.format(handle)

    return read


def _youtube(text: str) -> tuple[str, str]:
    handle, url = _named(r"[a-z0-9._-]{3,30}", "https://www.youtube.com/@{}", "youtube.com")(text)
    if handle.startswith("UC") and len(handle) == 24:
        url = f"https://www.youtube.com/channel/{handle}"
    return handle, url


def _federated(user: str, *prefixes: str) -> Callable[[str], tuple[str, str]]:
    """A platform of many servers: `ada@social.example`, or a profile's address there."""

    def read(text: str) -> tuple[str, str]:
        plain = text.strip()
        if "/" in plain:
            url = checked_url(plain if "://" in plain else f"https://{plain}")
            path = url.path.rstrip("/")
            name = next((path.removeprefix(one) for one in prefixes if path.startswith(one)), "")
            plain = f"{name}@{url.netloc.decode()}"
        name, _, server = plain.removeprefix("@").lower().rpartition("@")
        if not re.fullmatch(user, name) or not is_host(server):
            raise _unread(text)
        return f"{name}@{server}", f"https://{server}{prefixes[0]}{name}"

    return read


def _domain(text: str) -> tuple[str, str]:
    plain = text.strip().lower()
    host = checked_url(plain if "://" in plain else f"https://{plain}").netloc.decode()
    if not is_host(host):
        raise _unread(text)
    return host, f"https://{host}/"


def _atproto(text: str) -> tuple[str, str]:
    plain = text.strip().lower().removeprefix("https://bsky.app/profile/").removeprefix("@").rstrip("/")
    if not is_host(plain):
        raise _unread(text)
    return plain, f"https://bsky.app/profile/{plain}"


def is_host(text: str) -> bool:
    """Whether it is a name in the DNS, perhaps with a port; no address."""
    name, _, port = text.partition(":")
    return bool(len(name) <= 253 and _HOST.fullmatch(name) and literal(name) is None and (not port or port.isdecimal()))


PLACES = {
    one.name: one
    for one in (
        Place("web", "Web site", "ada.example", ("dns", "well-known", "rel-me"), _domain),
        Place("mastodon", "Mastodon", "ada@social.example", ("rel-me", "code"), _federated(r"[a-z0-9_.-]{1,60}", "/@")),
        Place(
            "peertube",
            "PeerTube",
            "ada@video.example",
            ("code", "rel-me"),
            _federated(r"[a-z0-9_.-]{1,50}", "/a/", "/accounts/"),
        ),
        Place("bluesky", "Bluesky", "ada.example", ("atproto",), _atproto),
        Place(
            "tiktok",
            "TikTok",
            "ada",
            ("sign-in", "code"),
            _named(r"[a-z0-9_.]{2,24}", "https://www.tiktok.com/@{}", "tiktok.com"),
        ),
        Place("youtube", "YouTube", "ada", ("sign-in", "code"), _youtube),
        Place(
            "instagram",
            "Instagram",
            "ada",
            ("code",),
            _named(r"[a-z0-9_.]{1,30}", "https://www.instagram.com/{}/", "instagram.com"),
        ),
        Place(
            "snapchat",
            "Snapchat",
            "ada",
            ("code",),
            _named(r"[a-z][a-z0-9_.-]{1,14}", "https://www.snapchat.com/add/{}", "snapchat.com"),
        ),
    )
}


def outside(platform: str, who: str) -> Outside:
    """The identity that is meant. Raises `BadInput`."""
    place = PLACES.get(platform)
    if place is None:  # known by a provider of the operator's alone
        if not who.isprintable() or len(who) > WHO_LENGTH_MAX:
            raise BadInput(f"{who[:80]!r} is no name of an account.", hint="Check its spelling.", field="who")
        return Outside(platform, who.strip().lower(), "")
    try:
        handle, url = place.read(who)
    except OpenForYouError as error:
        hint = f"Write as {place.example}, or paste the profile's address."
        raise BadInput(f"{who[:80]!r} is no account of {place.title}.", hint=hint, field="who") from error
    return Outside(platform, handle, url)


def _unread(text: str) -> BadInput:
    return BadInput(f"{text[:80]!r} cannot be read.")
