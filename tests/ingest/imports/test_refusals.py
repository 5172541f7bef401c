"""What a page on the web forbids is not learned from, though it is proven and ticked."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.errors import LearningRefused
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Item, Right
from openforyou.drills.elsewhere import Elsewhere, html
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked
from openforyou.ingest.optouts.service import UNREAD, OptOuts
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames
from tests.ingest.imports.builders import rss
from tests.ingest.imports.conftest import Proven

HOST = "ada.example.org"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path, [HOST]) as opened:
        yield opened


@pytest.fixture
def imports(platform: Platform, imports: Imports, proofs: Proven, there: Elsewhere) -> Imports:
    networks = (ip_network("127.0.0.0/8"),)
    imports.fetcher = Fetcher(DnsNames(there.name_server), networks, trust=there.authority.trust())
    imports.optouts = OptOuts(platform.database, platform.clock, imports.fetcher)
    proofs.accounts.append(("web", there.at(HOST)))
    return imports


def brought_in(imports: Imports, platform: Platform, creator: Creator, there: Elsewhere, tmp_path: Path) -> Item:
    feed = tmp_path / "feed.xml"
    feed.write_bytes(rss().replace(b"https://ada.example.org", f"https://{there.at(HOST)}".encode()))
    imports.bring_in(creator.id, Source(feed), Asked(frozenset(ITEM_RIGHTS)))
    items = platform.catalog.items_of(creator.id, everything=True)
    return next(item for item in items if item.title == "An article")


def test_a_page_that_says_no_is_shown_and_not_learned_from(
    imports: Imports, platform: Platform, creator: Creator, there: Elsewhere, tmp_path: Path
) -> None:
    there.pages[HOST, "/article"] = html('<meta name="tdm-reservation" content="1"><p>Words')
    item = brought_in(imports, platform, creator, there, tmp_path)
    assert platform.catalog.item_rights(item.id) == {Right.SHOW, Right.RECOMMEND}
    (refusal,) = platform.catalog.opt_outs([item.id])[item.id]
    assert (refusal.kind, "/article" in refusal.source) == ("tdmrep", True)
    with pytest.raises(LearningRefused):
        imports.choose(item.id, creator.id, frozenset(ITEM_RIGHTS), "chosen")
    imports.settle(creator.id)
    assert Right.LEARN not in platform.catalog.item_rights(item.id)


def test_a_page_that_says_nothing_may_be_learned_from(
    imports: Imports, platform: Platform, creator: Creator, there: Elsewhere, tmp_path: Path
) -> None:
    there.pages[HOST, "/article"] = html("<p>Words")
    item = brought_in(imports, platform, creator, there, tmp_path)
    assert platform.catalog.item_rights(item.id) == frozenset(ITEM_RIGHTS)


def test_a_page_that_cannot_be_read_is_not_learned_from(
    imports: Imports, platform: Platform, creator: Creator, there: Elsewhere, tmp_path: Path
) -> None:
    imports.optouts = OptOuts(platform.database, platform.clock, Fetcher(DnsNames(there.name_server)))
    item = brought_in(imports, platform, creator, there, tmp_path)
    assert Right.LEARN not in platform.catalog.item_rights(item.id)
    assert [one.kind for one in platform.catalog.opt_outs([item.id])[item.id]] == [UNREAD]
