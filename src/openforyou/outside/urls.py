"""Which web addresses may be asked, before anybody is asked where they lead."""

from __future__ import annotations

import re
from ipaddress import ip_address

import httpx

from openforyou.outside.addresses import Address
from openforyou.outside.errors import OutsideRefused

LENGTH_MAX = 2_000
PORTS = frozenset({80, 443})
"""Others are where mail, databases and caches listen, which take a request for their own commands."""
_NUMBERS = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)\.?")


def checked_url(text: str, *, base: httpx.URL | None = None) -> httpx.URL:
    """`text` as an address of the web, relative to `base` where there is one, without its fragment.

    Raises `OutsideRefused` for another scheme, credentials, a host that is none, or a spelling of an address that one
    program reads as this and another as that.
    """
    shown = text[:200]
    if len(text) > LENGTH_MAX or any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in text) or "\\" in text:
        raise _refused(shown, "it has characters that no address has, or too many")
    try:
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise _refused(shown, str(error)) from error
    if url.scheme not in ("http", "https"):
        raise _refused(shown, "only http and https are asked", "Give an address that starts with https://.")
    if url.userinfo:
        raise _refused(shown, "it holds a user name or password", "Give the address without them.")
    if not url.host:
        raise _refused(shown, "it names no host")
    if not 0 < port_of(url) < 65_536:
        raise _refused(shown, "its port is none")
    if literal(url.host) is None and _NUMBERS.fullmatch(url.host.rstrip(".").rpartition(".")[2]):
        raise _refused(shown, "its host is a number", "Write a name, or an address as 192.0.2.1 or [2001:db8::1].")
    return url.copy_with(fragment=None)


def literal(host: str) -> Address | None:
    """The address that a host is written as; None where it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def port_of(url: httpx.URL) -> int:
    """The port, by the scheme where none is written."""
    return url.port or (443 if url.scheme == "https" else 80)


def _refused(shown: str, why: str, hint: str = "Check the address.") -> OutsideRefused:
    return OutsideRefused(f"{shown!r} is not asked: {why}.", hint=hint, field="url")
