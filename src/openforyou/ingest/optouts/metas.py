"""Reading the head of a page: what its metas say, and which licences it links to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from openforyou.outside.types import Answer

METAS_MAX = 500


@dataclass(slots=True)
class Head:
    """`metas` are (name, content), `licences` (address, type)."""

    metas: list[tuple[str, str]] = field(default_factory=list)
    licences: list[tuple[str, str]] = field(default_factory=list)

    def named(self, name: str) -> list[str]:
        """The contents of the metas of that name."""
        return [content for given, content in self.metas if given == name]


def read_head(answer: Answer) -> Head:
    """Of a page; empty where it is no HTML. Never fails."""
    reader = _Reader()
    if "html" in answer.media_type or not answer.media_type:
        reader.feed(answer.body.decode("utf-8", "replace"))
        reader.close()
    return reader.head


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.head = Head()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in reversed(attrs)}
        if tag == "meta" and len(self.head.metas) < METAS_MAX:
            self.head.metas.append((told.get("name", "").strip().lower(), told.get("content", "").strip()))
        is_licence = "license" in told.get("rel", "").lower().split()
        if tag in ("link", "a") and is_licence and told.get("href") and len(self.head.licences) < METAS_MAX:
            self.head.licences.append((told["href"].strip(), told.get("type", "").strip().lower()))
