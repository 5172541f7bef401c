"""Reading the signals of an address, and keeping them as evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import httpx

from openforyou.catalog.credentials import store as credentials_store
from openforyou.catalog.credentials.types import OptOut
from openforyou.core.clock import Clock
from openforyou.core.ids import ItemId
from openforyou.ingest.optouts import store
from openforyou.ingest.optouts.readers import PAGE, Reader, readers
from openforyou.ingest.optouts.rules import forbids_learning
from openforyou.ingest.optouts.types import Found, Says, Signal, Signals
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.types import Answer
from openforyou.outside.urls import checked_url
from openforyou.storage.database import Database

PAGE_BYTES_MAX = 4 << 20
FILE_BYTES_MAX = 512 << 10
"""RFC 9309 asks for 500 KiB of a robots.txt at the least."""
UNREAD, READ = "unread", "read"
"""The signal of a page that cannot be read, and how far a signal of the web is proven: it was read."""
STRICT = ("/robots.txt",)
"""Files whose silence counts as *no* (RFC 9309, section 2.3.1.4)."""


class OptOuts:
    """On one database."""

    def __init__(self, database: Database, clock: Clock, fetcher: Fetcher) -> None:
        self._database = database
        self._clock = clock
        self._fetcher = fetcher

    def read(self, url: str) -> Signals:
        """What the page at `url` and its host say now. Raises `OutsideRefused` where the page cannot be read."""
        return read_signals(self._fetcher, url, self._clock.now())

    def keep(self, read: Signals, item_id: ItemId | None = None) -> None:
        """As evidence, of an item where there is one."""
        with self._database.begin() as connection:
            store.insert_signals(connection, read, item_id)

    def heed(self, url: str, item_id: ItemId) -> Signal | None:
        """Read what `url` says before an item from there may be learned from, keep it, and let a *no* hold.

        Answers the *no*, if there is one. A page that cannot be read is one: a refusal needs no proof, a permission
        does.
        """
        try:
            read = self.read(url)
        except OutsideRefused as error:
            read = Signals(url, (Signal(UNREAD, Says.CONSTRAINED, error.message, url, self._clock.now()),))
        refusal = forbids_learning(read)
        with self._database.begin() as connection:
            store.insert_signals(connection, read, item_id)
            if refusal is not None:
                said = OptOut(refusal.kind, refusal.url, refusal.says.value, refusal.evidence, READ, refusal.at)
                credentials_store.refuse_learning(connection, item_id, [said])
        return refusal

    def of_item(self, item_id: ItemId) -> list[Signal]:
        """What was kept of an item."""
        with self._database.connect() as connection:
            return store.signals_of(connection, item_id)


def read_signals(fetcher: Fetcher, url: str, at: datetime) -> Signals:
    """What the page at `url` and its host say. Where it redirects, the host where it ends speaks."""
    page = fetcher.get(url, bytes_max=PAGE_BYTES_MAX)
    found = [Signal(one.kind, one.says, one.evidence, where, at) for one, where in _found(fetcher, page)]
    return Signals(str(checked_url(url)), tuple(found))


def _found(fetcher: Fetcher, page: Answer) -> Iterator[tuple[Found, str]]:
    """Each statement, with where it stood."""
    known = readers()
    places = {PAGE: page}
    for place in sorted({place for reader in known.values() for place in reader.places} - {PAGE}):
        address = str(httpx.URL(page.url).copy_with(raw_path=place.encode()))
        try:
            places[place] = fetcher.get(address, bytes_max=FILE_BYTES_MAX)
        except OutsideRefused as error:
            if place in STRICT:
                yield Found("robots", Says.FORBIDDEN, error.message), address
    for reader in known.values():
        for place in reader.places:
            if place in places:
                yield from ((one, places[place].url) for one in reader.read(place, places[place], page.url))
                yield from _led(fetcher, reader, place, places[place], page.url)


def _led(fetcher: Fetcher, reader: Reader, place: str, answer: Answer, url: str) -> Iterator[tuple[Found, str]]:
    """What the documents say that an answer leads to. One that cannot be had sets conditions nobody can read."""
    for to in reader.leads_to(place, answer):
        try:
            document = fetcher.get(str(checked_url(to, base=httpx.URL(answer.url))), bytes_max=FILE_BYTES_MAX)
        except OutsideRefused as error:
            yield Found(reader.name, Says.CONSTRAINED, error.message), to[:2_000]
        else:
            yield from ((one, document.url) for one in reader.document(document, url))
