"""A creator here, and other servers on the loopback address."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from openforyou.catalog.identities.service import Identities
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Creator
from openforyou.core.clock import ManualClock
from openforyou.drills.elsewhere import Elsewhere
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames
from openforyou.outside.types import Patience
from openforyou.storage.database import Database

ORIGIN = "https://here.example"
HOSTS = ["ada.example", "eve.example", "social.example", "plc.example", "pds.example", "id.example", "video.example"]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    with Elsewhere(tmp_path, HOSTS) as opened:
        yield opened


@pytest.fixture
def fetcher(there: Elsewhere) -> Fetcher:
    patience = Patience(connect_s=2, names_s=2, get_s=5)
    networks = (ip_network("127.0.0.0/8"),)
    return Fetcher(DnsNames(there.name_server), networks, patience=patience, trust=there.authority.trust())


@pytest.fixture
def identities(database: Database, clock: ManualClock, fetcher: Fetcher, there: Elsewhere) -> Identities:
    return Identities(database, clock, fetcher, origin=ORIGIN, plc=f"https://{there.at('plc.example')}")


@pytest.fixture
def catalog(database: Database, clock: ManualClock) -> Catalog:
    return Catalog(database, clock)


@pytest.fixture
def ada(catalog: Catalog) -> Creator:
    return catalog.add_creator("ada", "Ada")


@pytest.fixture
def eve(catalog: Catalog) -> Creator:
    return catalog.add_creator("eve", "Eve")
