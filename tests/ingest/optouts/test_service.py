"""Signals are read over the network, from where the page ends, and kept as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Draft
from openforyou.core.clock import ManualClock
from openforyou.core.ids import ItemId, new_id
from openforyou.drills.elsewhere import Elsewhere, Reply, as_json, html, moved
from openforyou.ingest.optouts.rules import forbids_learning
from openforyou.ingest.optouts.service import OptOuts
from openforyou.ingest.optouts.types import Says
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames
from openforyou.storage.database import Database


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path, ["news.example", "short.example"]) as opened:
        opened.pages["news.example", "/cat"] = html("<p>A cat")
        yield opened


@pytest.fixture
def optouts(database: Database, clock: ManualClock, there: Elsewhere) -> OptOuts:
    networks = (ip_network("127.0.0.0/8"),)
    return OptOuts(database, clock, Fetcher(DnsNames(there.name_server), networks, trust=there.authority.trust()))


def test_where_nothing_is_said_nothing_is_found(optouts: OptOuts, there: Elsewhere) -> None:
    read = optouts.read(f"https://{there.at('news.example')}/cat")
    assert read.found == ()
    assert forbids_learning(read) is None


def test_all_that_is_said_is_read_and_kept(
    optouts: OptOuts, there: Elsewhere, database: Database, clock: ManualClock
) -> None:
    there.pages["news.example", "/.well-known/tdmrep.json"] = as_json([{"location": "/", "tdm-reservation": 1}])
    there.pages["news.example", "/robots.txt"] = Reply(b"User-agent: *\nContent-Usage: train-ai=n\nLicense: /l.xml\n")
    rsl = '<rsl><content url="/"><license><prohibits type="usage">ai-train</prohibits></license></content></rsl>'
    there.pages["news.example", "/l.xml"] = Reply(rsl.encode())
    there.pages["short.example", "/x"] = moved(f"https://{there.at('news.example')}/cat")
    url = f"https://{there.at('short.example')}/x"
    read = optouts.read(url)
    assert read.asked == url
    assert {one.kind for one in read.found} == {"tdmrep", "aipref", "rsl"}
    assert {one.says for one in read.found} == {Says.FORBIDDEN}
    assert all("news.example" in one.url and one.at == clock.now() for one in read.found)
    catalog = Catalog(database, clock)
    creator, item_id = catalog.add_creator("ada", "Ada"), ItemId(new_id())
    catalog.queue(item_id, creator.id, Draft("A cat", "", frozenset(), "cat.mp4", "0"), "x", "a feed")
    optouts.keep(read, item_id)
    optouts.keep(read)
    assert sorted(optouts.of_item(item_id), key=repr) == sorted(read.found, key=repr)


def test_a_page_that_cannot_be_read_says_so(optouts: OptOuts, there: Elsewhere) -> None:
    with pytest.raises(OutsideRefused):
        optouts.read("https://nobody.example/")
    with pytest.raises(OutsideRefused):
        optouts.read("http://10.0.0.1/")


def test_what_may_say_no_and_cannot_be_had_says_no(optouts: OptOuts, there: Elsewhere) -> None:
    there.pages["news.example", "/robots.txt"] = Reply(b"x" * 600_000)
    read = optouts.read(f"https://{there.at('news.example')}/cat")
    assert [(one.kind, one.says) for one in read.found] == [("robots", Says.FORBIDDEN)]
    there.pages["news.example", "/robots.txt"] = Reply(b"License: http://169.254.169.254/l.xml")
    read = optouts.read(f"https://{there.at('news.example')}/cat")
    assert [(one.kind, one.says) for one in read.found] == [("rsl", Says.CONSTRAINED)]
