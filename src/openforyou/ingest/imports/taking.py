"""One entry on its way into the catalogue: its file out of the archive or from its address, then an item without any
right. Rights come later, once it is known whose it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from openforyou.catalog.errors import AlreadyTaken
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Draft, ItemKind, Publication, Urgency
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId, encode_id, new_id
from openforyou.ingest.encoders import describe
from openforyou.ingest.errors import NotAFile
from openforyou.ingest.imports import rules
from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.articles import excerpt, poster_of, reading_ms, safe_html, sample_of
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import headline, web_address, words_of
from openforyou.ingest.imports.types import Entry, EntryKind
from openforyou.ingest.service import Ingest
from openforyou.outside.fetcher import Fetcher
from openforyou.storage.blobs import Blobs

FETCHED_BYTES_MAX, PICTURE_BYTES_MAX = 2_000_000_000, 20_000_000
EVIDENCE = "none yet: an import gives no right by itself"


class Taken(NamedTuple):
    """The item that an entry became, and whether it was one already."""

    item_id: ItemId
    was_here: bool


@dataclass(frozen=True, slots=True)
class Taking:
    """What taking in needs. `platform` names files that have no name."""

    catalog: Catalog
    ingest: Ingest
    blobs: Blobs
    fetcher: Fetcher | None
    creator_id: CreatorId
    platform: str

    def take(self, entry: Entry, archive: Archive, folder: Path) -> Taken:
        """Raises `BadInput` with the reason where it cannot be used."""
        try:
            if entry.kind is EntryKind.ARTICLE:
                return Taken(self._article(entry, archive, folder), False)
            return Taken(self._video(entry, archive, folder), False)
        except AlreadyTaken as error:
            return Taken(ItemId(error.item_id), True)

    def _video(self, entry: Entry, archive: Archive, folder: Path) -> ItemId:
        path = self._file(entry, archive, folder)
        try:
            return self.ingest.take_in(
                path,
                self.creator_id,
                name=rules.file_name(entry, self.platform),
                title=rules.title(entry),
                caption=rules.cut(entry.caption) if entry.caption != entry.title else "",
                rights=(),
                evidence=EVIDENCE,
                cross_post=True,
                language=rules.language(entry.language),
                posted_at=entry.created_at,
                source_url=web_address(entry.source_url),
                urgency=Urgency.BULK,
            )
        finally:
            path.unlink(missing_ok=True)

    def _file(self, entry: Entry, archive: Archive, folder: Path) -> Path:
        if entry.media:
            return archive.extract(entry.media[0], folder)
        if self.fetcher is None:
            raise NotAFile(rules.file_name(entry, self.platform))
        path = folder / "fetched"
        path.unlink(missing_ok=True)
        self.fetcher.download(entry.link, path, bytes_max=FETCHED_BYTES_MAX)
        return path

    def _article(self, entry: Entry, archive: Archive, folder: Path) -> ItemId:
        html = safe_html(entry.html)
        title = rules.title(entry)
        if not words_of(html):
            raise BadArchive(title, "has no words that can be shown")
        item_id = ItemId(new_id())
        key = f"items/{encode_id(item_id)}/poster.jpg"
        poster = poster_of(self._picture(entry, archive, folder), entry.external_id, folder)
        told = f"{title}\n{entry.source_url}\n{html}".encode("utf-8", "replace")
        draft = Draft(
            title=title,
            caption=excerpt(html),
            rights=frozenset(),
            source_name=headline(title, length_max=80),
            source_sha256=hashlib.sha256(told).hexdigest(),
            kind=ItemKind.ARTICLE,
            cross_post=True,
            language=rules.language(entry.language),
            posted_at=entry.created_at,
            source_url=web_address(entry.source_url),
        )
        publication = Publication(
            duration_ms=reading_ms(html),
            width=poster.width,
            height=poster.height,
            has_sound=False,
            poster_key=key,
            preview_key="",
            renditions=(),
            features=describe(sample_of(poster, title, words_of(html))),
        )
        try:
            self.blobs.put(key, poster.path)
            self.catalog.publish_article(item_id, self.creator_id, draft, publication, html)
        except BaseException:
            self.blobs.delete(key)
            raise
        return item_id

    def _picture(self, entry: Entry, archive: Archive, folder: Path) -> Path | None:
        """None where there is none that can be had: an article stands without one."""
        try:
            if entry.picture in archive:
                return archive.extract(entry.picture, folder)
            if self.fetcher is not None and web_address(entry.picture):
                path = folder / "picture"
                path.unlink(missing_ok=True)
                self.fetcher.download(entry.picture, path, bytes_max=PICTURE_BYTES_MAX)
                return path
        except BadInput:
            return None
        return None
