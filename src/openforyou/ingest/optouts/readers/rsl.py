"""RSL 1.0, Really Simple Licensing: an XML document that permits and prohibits uses, named by `License:` in robots.txt,
by a `Link` header, or by the page. https://rslstandard.org/rsl
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from openforyou.ingest.optouts.metas import read_head
from openforyou.ingest.optouts.readers import PAGE
from openforyou.ingest.optouts.rules import most_specific, words
from openforyou.ingest.optouts.types import Found, Says
from openforyou.outside.types import Answer

FILE = "/robots.txt"
MEDIA_TYPE = "application/rsl+xml"
LEARNING = frozenset({"all", "ai-all", "ai-train", "train-ai"})
DOCUMENTS_MAX = 3
_LICENSE = re.compile(r"^\s*license\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[^,;]+)*)")


class Rsl:
    """`<permits type="usage">` and `<prohibits type="usage">`."""

    name = "rsl"
    places = (FILE, PAGE)

    def read(self, place: str, answer: Answer, url: str) -> Sequence[Found]:  # noqa: ARG002 - the document says it
        return ()

    def leads_to(self, place: str, answer: Answer) -> Sequence[str]:
        if place == FILE:
            found = _LICENSE.findall(answer.body.decode("utf-8", "replace")) if answer.ok else []
        else:
            links = _LINK.findall(", ".join(answer.headers.get_list("link")))
            found = [to for to, more in links if MEDIA_TYPE in more.lower() and "license" in more.lower()]
            found += [to for to, kind in read_head(answer).licences if kind == MEDIA_TYPE]
        return list(dict.fromkeys(found))[:DOCUMENTS_MAX]

    def document(self, answer: Answer, url: str) -> Sequence[Found]:
        if not answer.ok:
            return [Found(self.name, Says.CONSTRAINED, f"the licence at {answer.url[:200]} answers {answer.status}")]
        try:
            root = fromstring(answer.body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
            what = words(f"the licence at {answer.url[:200]} cannot be read: {error!r}")
            return [Found(self.name, Says.CONSTRAINED, what)]
        rules = [rule for content in _named(root, "content") for rule in _rules(content, answer.url, url)]
        found = most_specific(rules, httpx.URL(url).raw_path.decode("ascii"))
        return [] if found is None else [Found(self.name, found[0], words(found[1]))]


def _rules(content: Element, base: str, url: str) -> Iterator[tuple[str, Says, str]]:
    """(pattern, says, words) of one content of our host. Its licences are choices, so the kindest holds."""
    place = content.get("url", "/").strip()
    if "://" in place:
        host, slash, path = place.split("://", 1)[1].partition("/")
        pattern = slash + path or "/"
    else:
        host, pattern = httpx.URL(base).netloc.decode(), place if place.startswith("/") else "/"
    if host.lower() != httpx.URL(url).netloc.decode().lower():
        return
    said = [one for licence in _named(content, "license") if (one := _licence(licence))]
    if said:
        order = [Says.ALLOWED, Says.CONSTRAINED, Says.FORBIDDEN]
        says, told = min(said, key=lambda one: order.index(one[0]))
        yield pattern, says, f"{pattern}: {told}"


def _licence(licence: Element) -> tuple[Says, str] | None:
    permits, prohibits = _uses(licence, "permits"), _uses(licence, "prohibits")
    payments = {payment.get("type", "").lower() for payment in _named(licence, "payment")} - {"", "free"}
    named = [", ".join(sorted(uses)) or "nothing named" for uses in (permits, prohibits)]
    told = f"permits {named[0]}; prohibits {named[1]}"
    if prohibits & LEARNING or (permits and not permits & LEARNING):
        return Says.FORBIDDEN, told
    limited = any(one.get("type", "").lower() != "usage" for one in _named(licence, "permits"))
    if payments or (permits and limited):
        return Says.CONSTRAINED, told + (f"; payment {', '.join(sorted(payments))}" if payments else "; to some alone")
    return (Says.ALLOWED, told) if permits else None


def _uses(licence: Element, name: str) -> set[str]:
    return {
        use.strip().lower()
        for one in _named(licence, name)
        if one.get("type", "").lower() == "usage"
        for use in re.split(r"[\s,]+", one.text or "")
        if use.strip()
    }


def _named(element: Element, name: str) -> Iterator[Element]:
    """Those within of that name, whatever their namespace."""
    return (one for one in element.iter() if one.tag.rpartition("}")[2].lower() == name)


READER = Rsl()
