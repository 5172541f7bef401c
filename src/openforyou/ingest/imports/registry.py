"""Every format that is known, and which of them an archive is. To add one, write a file and put it into `IMPORTERS`."""

from __future__ import annotations

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.bluesky import Bluesky
from openforyou.ingest.imports.errors import UnknownArchive
from openforyou.ingest.imports.feed import Feed
from openforyou.ingest.imports.importer import Importer
from openforyou.ingest.imports.instagram import Instagram
from openforyou.ingest.imports.mastodon import Mastodon
from openforyou.ingest.imports.peertube import PeerTube
from openforyou.ingest.imports.snapchat import Snapchat
from openforyou.ingest.imports.tiktok import TikTok
from openforyou.ingest.imports.youtube import YouTube

IMPORTERS: tuple[Importer, ...] = (
    Instagram(),
    TikTok(),
    Snapchat(),
    YouTube(),
    PeerTube(),
    Mastodon(),
    Bluesky(),
    Feed(),
)
"""In the order in which they are asked: an archive of PeerTube holds an outbox as Mastodon's does."""

TITLES = {importer.name: importer.title for importer in IMPORTERS}
"""Of each platform, for people."""


def importer_of(archive: Archive) -> Importer:
    """Raises `UnknownArchive`."""
    for importer in IMPORTERS:
        if importer.recognises(archive):
            return importer
    known = [importer.title for importer in IMPORTERS]
    raise UnknownArchive(archive.name, f"{', '.join(known[:-1])} and {known[-1]}")
