"""Feeds: RSS, Atom and Media RSS, from an address or a file. A video is fetched from where the feed says; what has
words and no video becomes an article."""

from __future__ import annotations

import io
import xml.sax
from collections.abc import Iterator
from typing import Any

import feedparser
from defusedxml import sax as safe_sax
from defusedxml.common import DefusedXmlException

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import (
    counts,
    first,
    headline,
    host_of,
    is_picture,
    is_video,
    moment,
    objects,
    text,
    web_address,
    words_of,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

FEED_BYTES_MAX = 20_000_000
ARTICLE_LETTERS_MIN = 80
"""Fewer words than this are a note, no article."""
ROOTS = (b"<rss", b"<feed", b"<rdf:rdf")


class Feed:
    """Entries of a feed, newest first as it gives them."""

    name = "web"
    title = "RSS, Atom or Media RSS"
    hint = "The address of your feed, or the file."

    def recognises(self, archive: Archive) -> bool:
        return bool(_documents(archive))

    def owner(self, archive: Archive) -> Owner:
        for name in _documents(archive):
            about = _parsed(archive, name).feed
            links = [about.get("link"), *(link.get("href") for link in objects(about.get("links")))]
            hosts = [host for link in links if (host := host_of(web_address(link)))]
            if hosts:
                return Owner(self.name, hosts[0])
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        for name in _documents(archive):
            parsed = _parsed(archive, name)
            rights = text(parsed.feed.get("rights"))
            for entry in parsed.entries:
                yield _entry(entry, rights)


def _documents(archive: Archive) -> list[str]:
    if len(archive.names) > 20:
        return []
    return [name for name in archive.names if any(root in archive.head(name, 4_096).lower() for root in ROOTS)]


def _parsed(archive: Archive, name: str) -> Any:
    """Raises `BadArchive` for entities, which a feed has no use for and a bomb is made of, and for what is no feed."""
    content = archive.document(name)
    if len(content) > FEED_BYTES_MAX:
        raise BadArchive(name, f"has over {FEED_BYTES_MAX / 1e6:.0f} MB", "Hand in a feed of fewer entries.")
    parser = safe_sax.make_parser()
    parser.forbid_entities = parser.forbid_external = True
    parser.setContentHandler(xml.sax.ContentHandler())
    try:
        parser.parse(io.BytesIO(content))
    except DefusedXmlException as error:
        raise BadArchive(name, "defines entities", "Hand in a feed whose DOCTYPE declares none.") from error
    except (xml.sax.SAXException, ValueError, LookupError):
        pass  # Not well-formed, as many a feed is: feedparser reads such leniently.
    parsed = feedparser.parse(io.BytesIO(content), resolve_relative_uris=True, sanitize_html=True)
    if not parsed.version:
        raise BadArchive(name, "is no feed that can be read")
    return parsed


def _entry(entry: Any, rights: str) -> Entry | Skipped:
    title = words_of(entry.get("title"))
    link = web_address(entry.get("link"))
    number = text(entry.get("id")) or link
    html = _html(entry)
    words = words_of(html)
    what = headline(title, words, link) or "An entry"
    film, pictures = _media(entry)
    if not number and not film:
        return Skipped(what, "It has neither an id nor a link.")
    licence = text(first(first(entry, "media_license"), "href", "content")) or text(entry.get("license"))
    found = Entry(
        kind=EntryKind.VIDEO if film else EntryKind.ARTICLE,
        external_id=(number or film)[:1_000],
        title=headline(title, words),
        caption=words,
        created_at=moment(_iso(entry)),
        privacy=Privacy.PUBLIC,
        link=film,
        picture=pictures[0] if pictures else "",
        html="" if film else html,
        source_url=link,
        licence=licence or text(entry.get("rights")) or rights,
        language=text(entry.get("language")),
        history=counts(
            views=first(first(entry, "media_statistics"), "views"),
            favourites=first(first(entry, "media_statistics"), "favorites"),
        ),
    )
    if found.kind is EntryKind.ARTICLE and len(words) < ARTICLE_LETTERS_MIN:
        return Skipped(what, "It has neither a video nor words enough for an article.", found.external_id, found)
    return found


def _html(entry: Any) -> str:
    """The longest of what it says of itself."""
    texts = [part.get("value") for part in objects(entry.get("content"))]
    texts += [entry.get("summary"), entry.get("media_description"), entry.get("description")]
    return max((one for one in texts if isinstance(one, str)), key=len, default="")


def _media(entry: Any) -> tuple[str, list[str]]:
    """The address of its video, and those of pictures."""
    films, pictures = [], []
    for each in (*objects(entry.get("media_content")), *objects(entry.get("enclosures"))):
        address = web_address(each.get("url") or each.get("href"))
        kind = f"{text(each.get('type'))} {text(each.get('medium'))}".casefold()
        path = address.partition("?")[0]
        if address and ("video" in kind or (not kind.strip() and is_video(path))):
            films.append(address)
        elif address and ("image" in kind or is_picture(path)):
            pictures.append(address)
    pictures += [one for each in objects(entry.get("media_thumbnail")) if (one := web_address(each.get("url")))]
    return (films[0] if films else ""), pictures


def _iso(entry: Any) -> str:
    """When it was published, in UTC."""
    told = (dict.get(entry, key) for key in ("published_parsed", "updated_parsed", "created_parsed"))
    parts = next((one for one in told if one), None)
    return "" if parts is None else "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00".format(*parts[:6])
