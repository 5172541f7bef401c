"""Reading somebody's profile page: links that say *me*, and what the account says of itself.

Anybody may write into a page: a comment, a caption, a guest book. So nothing is looked for in its text. A link counts
only with `rel=me` on `<a>` or `<link>`, and a code only where a page states the account's own description: the meta
descriptions, and what microformats (`p-note`) or microdata (`description`) mark as such.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

from openforyou.outside.types import Answer

DESCRIPTIONS = frozenset({"description", "og:description", "twitter:description"})
NOTE_CLASS, NOTE_PROP = "p-note", "description"
INERT = frozenset({"textarea", "template", "noscript", "iframe", "xmp", "title", "svg", "math", "select"})
"""What stands within is text, or is not part of the page as it is shown."""
VOID = frozenset(("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))
TEXT_MAX = 20_000


@dataclass(slots=True)
class Page:
    """`me` are the addresses of links that say *me*, `says` what the account says of itself."""

    me: list[str] = field(default_factory=list)
    says: list[str] = field(default_factory=list)


def read_page(answer: Answer) -> Page:
    """The page that an answer is. Never fails: what is no HTML has no links."""
    charset = httpx.Response(200, headers=answer.headers).charset_encoding or "utf-8"
    try:
        text = answer.body.decode(charset, "replace")
    except LookupError:
        text = answer.body.decode("utf-8", "replace")
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._inert = ""
        self._inert_depth = 0
        self._note: list[str] | None = None
        self._note_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._inert:
            self._inert_depth += tag == self._inert
            return
        if tag in INERT:
            self._inert, self._inert_depth = tag, 1
            return
        told = {name: value or "" for name, value in reversed(attrs)}  # of two, a browser takes the first
        if tag in ("a", "link") and "me" in told.get("rel", "").lower().split() and told.get("href"):
            self.page.me.append(told["href"].strip())
        if tag == "meta" and (told.get("name") or told.get("property", "")).lower() in DESCRIPTIONS:
            self.page.says.append(told.get("content", "")[:TEXT_MAX])
        if self._note is not None:
            self._note_depth += tag not in VOID
        elif tag not in VOID and (NOTE_CLASS in told.get("class", "").split() or told.get("itemprop") == NOTE_PROP):
            self._note, self._note_depth = [], 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inert:
            self._inert_depth -= tag == self._inert
            if not self._inert_depth:
                self._inert = ""
            return
        if self._note is None or tag in VOID:
            return
        self._note_depth -= 1
        if self._note_depth <= 0:
            self.page.says.append("".join(self._note)[:TEXT_MAX])
            self._note = None

    def handle_data(self, data: str) -> None:
        if self._note is not None and not self._inert:
            self._note.append(data)
