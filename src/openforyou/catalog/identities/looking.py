"""What several methods share when they look: a profile as it is at its own address, and the code within words."""

from __future__ import annotations

import re
from hashlib import sha256

import httpx

from openforyou.catalog.identities.errors import NotProven
from openforyou.catalog.identities.types import Asked, Seen
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.types import Answer

HTML = "text/html,application/xhtml+xml"
SHOWN_MAX = 160


def own_page(outside: Fetcher, url: str, *, accept: str = HTML) -> Answer:
    """What stands at `url` itself, under TLS. Raises `NotProven` where it is elsewhere or not there, `OutsideRefused`.

    A redirect to another place is no proof: the one who is redirected to could be anybody.
    """
    answer = outside.get(url, accept=accept)
    digest = sha256(answer.body).hexdigest()
    if not answer.authentic or httpx.URL(answer.url).scheme != "https":
        raise NotProven(f"{url} was not read under https all the way.", url=answer.url, sha256=digest)
    if _place(answer.url) != _place(url):
        raise NotProven(
            f"{url} leads on to {answer.url[:SHOWN_MAX]}.",
            hint="Claim the account under the address where its profile stands.",
            url=answer.url,
            sha256=digest,
        )
    if not answer.ok:
        raise NotProven(
            f"{url} answers with status {answer.status}.",
            hint="Make sure that everybody can open it, signed in or not.",
            url=answer.url,
            sha256=digest,
        )
    return answer


def seen(answer: Answer, what: str, *, subject: str = "") -> Seen:
    """As evidence."""
    return Seen(answer.url, what, sha256(answer.body).hexdigest(), subject)


def holds(text: str, asked: Asked) -> str:
    """The code or the creator's page here, where `text` names one of them as a whole word; else empty."""
    for wanted in (asked.code, asked.page):
        if wanted and re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-]|[./][\w@-])", text):
            return wanted
    return ""


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one, but for case of the host and a slash at the end."""
    try:
        return bool(other) and _place(one) == _place(other)
    except (httpx.InvalidURL, ValueError):
        return False


def shown(texts: list[str], none: str) -> str:
    """What was found instead, for the one who looks for their mistake."""
    told = plain(" · ".join(" ".join(one.split()) for one in texts if one.strip()))
    return f"“{told[:SHOWN_MAX]}{'…' if len(told) > SHOWN_MAX else ''}”" if told else none


def plain(text: str) -> str:
    """Words of somebody else's, as they can be shown and stored."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _place(url: str) -> tuple[str, str, int | None, str, bytes]:
    read = httpx.URL(url)
    path = read.path.rstrip("/")
    # Profiles are found whatever the case, and then redirect to their own spelling.
    return read.scheme, read.host, read.port, path.lower(), read.query
