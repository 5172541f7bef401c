"""An article stands in the same feed as clips, and leaves it when its rights end."""

from __future__ import annotations

from pathlib import Path

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Creator, ItemKind
from openforyou.core.ids import ViewerId
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked
from tests.ingest.films import Film
from tests.ingest.imports.builders import rss
from tests.ingest.imports.conftest import Proven


def kinds(platform: Platform, viewer: int) -> set[ItemKind]:
    platform.feed.refresh()
    served = platform.feed.for_you(ViewerId(viewer), region="", size=6)
    return {entry.item.kind for entry in served.entries}


def test_an_article_is_recommended_beside_clips_until_its_proof_lapses(
    platform: Platform, imports: Imports, creator: Creator, proofs: Proven, tmp_path: Path
) -> None:
    film = Film(size=(96, 160), seconds=0.6).make_in(tmp_path)
    platform.ingest.take_in(film, creator.id, rights=set(ITEM_RIGHTS), evidence="ticked")
    platform.ingest.process_next()
    proofs.accounts.append(("web", "ada.example.org"))
    imports.fetcher = None
    feed = tmp_path / "feed.xml"
    feed.write_bytes(rss())
    imports.bring_in(creator.id, Source(feed), Asked(frozenset(ITEM_RIGHTS)))
    assert kinds(platform, 1) == {ItemKind.VIDEO, ItemKind.ARTICLE}
    proofs.accounts.clear()
    imports.settle(creator.id)
    assert kinds(platform, 2) == {ItemKind.VIDEO}
