"""A server elsewhere, which the site may ask: where creators of these tests have accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path

from openforyou.app.platform import Platform
from openforyou.catalog.identities.service import Identities
from openforyou.drills.elsewhere import Elsewhere, html
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames

HOST = "social.example"


@contextmanager
def elsewhere(platform: Platform, origin: str, folder: Path) -> Iterator[Elsewhere]:
    """A Mastodon server that `platform`, at `origin`, asks for proofs while this is open."""
    before = platform.identities
    with Elsewhere(folder, [HOST]) as opened:
        networks = (ip_network("127.0.0.0/8"),)
        fetcher = Fetcher(DnsNames(opened.name_server), networks, trust=opened.authority.trust())
        platform.identities = Identities(platform.database, platform.clock, fetcher, origin=origin)
        yield opened
        platform.identities = before


def write_bio(there: Elsewhere, name: str, text: str) -> None:
    """What the description of a profile there says."""
    there.pages[HOST, f"/@{name}"] = html(f'<meta name="description" content="{text}">')
