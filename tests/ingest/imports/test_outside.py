"""Feeds by their address, on a real server: what is fetched, and what is no feed, never ends, or leads inside."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep

import pytest
from PIL import Image

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator, ItemKind
from openforyou.core.errors import BadInput
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked, Outcome
from openforyou.ingest.imports.working import Pace
from openforyou.outside.addresses import networks_of
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.types import Patience
from tests.ingest.imports.builders import rss, tiktok, zipped
from tests.ingest.imports.conftest import FilmOf

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + number, b"&%c;" % (97 + number) * 10) for number in range(9))
    + b'<!ENTITY x SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&j;&x;</title></channel></rss>'
)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (300, 200), (20, 90, 160)).save(out, "JPEG")
    return out.getvalue()


PICTURE = _picture()


class Pages(ThreadingHTTPServer):
    """What each address answers with."""

    daemon_threads = True
    film = b""
    asked = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answers(BaseHTTPRequestHandler):
    server: Pages

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.server.asked += 1
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/feed.xml")
            self.end_headers()
        elif self.path in ("/hangs", "/endless"):
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"<rss>" if self.path == "/hangs" else b" " * 1_000_000)
                    sleep(0.05 if self.path == "/hangs" else 0)
            except OSError:
                return
        else:
            found = {
                "/feed": rss(f"{self.server.origin}/film.mp4", f"{self.server.origin}/picture.jpg"),
                "/film.mp4": self.server.film,
                "/picture.jpg": PICTURE,
                "/bomb": BOMB,
                "/words": b"These are words.",
            }.get(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(found or b"")


@pytest.fixture
def pages(film_of: FilmOf) -> Iterator[Pages]:
    server = Pages(("127.0.0.1", 0), Answers)
    server.film = film_of(0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetching(imports: Imports) -> Imports:
    """One that may ask this machine, and is impatient."""
    patience = replace(Patience(), get_s=1.0, download_s=10.0)
    imports.fetcher = Fetcher(networks=networks_of("127.0.0.0/8", "test"), patience=patience)
    return imports


def test_a_feed_is_fetched_with_its_film(platform: Platform, fetching: Imports, creator: Creator, pages: Pages) -> None:
    report = fetching.bring_in(creator.id, Source(f"{pages.origin}/feed"), Asked(), Pace(finish=True))
    assert report.owner.handle == pages.origin.removeprefix("http://"), (
        "whose it is says its address, not what it claims"
    )
    items = {item.title: item for item in platform.catalog.items_of(creator.id, everything=True)}
    assert items["A film"].kind is ItemKind.VIDEO
    assert items["A film"].duration_ms > 0
    assert items["An article"].kind is ItemKind.ARTICLE
    assert (items["An article"].width, items["An article"].height) == (300, 200), "its own picture"
    assert report.count(Outcome.TAKEN) == 2


@pytest.mark.parametrize(
    ("path", "why"),
    [("/inside", "10.0.0.1"), ("/hangs", "."), ("/endless", "."), ("/absent", "404"), ("/words", "no export")],
)
def test_a_feed_that_leads_inside_hangs_or_never_ends_is_refused(
    platform: Platform, fetching: Imports, creator: Creator, pages: Pages, path: str, why: str
) -> None:
    with pytest.raises(BadInput, match=why) as refused:
        fetching.bring_in(creator.id, Source(f"{pages.origin}{path}"), Asked())
    assert refused.value.hint
    assert platform.catalog.items_of(creator.id, everything=True) == []


def test_a_feed_that_defines_entities_is_refused(fetching: Imports, creator: Creator, pages: Pages) -> None:
    with pytest.raises(BadArchive, match="entities"):
        fetching.bring_in(creator.id, Source(f"{pages.origin}/bomb"), Asked())


def test_links_that_have_expired_are_not_asked_for_by_the_thousand(
    fetching: Imports, creator: Creator, pages: Pages, archive_path: Path
) -> None:
    posts = json.dumps(tiktok(count=200)).replace("https://video.example.org", pages.origin)
    path = zipped(archive_path, {"user_data_tiktok.json": posts.encode()})
    report = fetching.bring_in(creator.id, Source(path), Asked())
    assert pages.asked == 20
    assert report.count(Outcome.REFUSED) == 20
    assert "ask for the export again" in report.lines[-1].reason


def test_an_address_inside_is_not_asked(platform: Platform, creator: Creator) -> None:
    with pytest.raises(OutsideRefused):
        platform.imports.bring_in(creator.id, Source("http://127.0.0.1:9/feed"), Asked())
