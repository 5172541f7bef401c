"""`kill -9` in the middle of an import: run again it goes on, takes nothing in twice, and gives what was asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import ITEM_RIGHTS, Creator, ItemStatus
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked, Outcome
from openforyou.ingest.imports.working import Pace
from tests.ingest.imports.builders import zipped
from tests.ingest.imports.conftest import FilmOf, Proven
from tests.ingest.imports.test_service import ADA, filmed

VICTIM = """
import sys, time
from datetime import datetime
from pathlib import Path
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import ITEM_RIGHTS
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId
from openforyou.ingest.imports import working, taking
from openforyou.ingest.imports.service import Imports, Source
from openforyou.ingest.imports.types import Asked
from openforyou.ingest.imports.working import Pace
from openforyou.ingest.service import Ingest
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database

root, url, archive, creator, moment, now = sys.argv[1:]
count = 0

def stand_still_at(place):
    if place == moment:
        print("here", flush=True)
        time.sleep(600)

class Slow(Ingest):
    def take_in(self, path, creator_id, **said):
        global count
        count += 1
        if count == 2: stand_still_at("begun")
        item = super().take_in(path, creator_id, **said)
        if count == 2: stand_still_at("queued")
        return item
    def finish(self, item_id, progress=None):
        if count == 2: stand_still_at("taken")
        return super().finish(item_id)

class Proven:
    def proven(self, creator_id): return [("instagram", "ada.films")]

class Settling(Imports):
    def settle(self, creator_id):
        stand_still_at("before the rights")
        return super().settle(creator_id)

database, clock = Database.open(url), ManualClock(datetime.fromisoformat(now))
catalog, blobs = Catalog(database, clock), FsspecBlobs(root)
imports = Settling(catalog, Slow(catalog, database, blobs, clock), database, blobs, clock)
imports.proofs = Proven()
imports.bring_in(CreatorId(int(creator)), Source(Path(archive)), Asked(frozenset(ITEM_RIGHTS), True), Pace(finish=True))
"""


@pytest.mark.parametrize("moment", ["begun", "queued", "taken", "before the rights"])
def test_killed(
    moment: str,
    platform: Platform,
    imports: Imports,
    proofs: Proven,
    creator: Creator,
    database_url: str,
    archive_path: Path,
    film_of: FilmOf,
) -> None:
    proofs.accounts.append(ADA)
    path = zipped(archive_path, filmed(film_of))
    told = [platform.settings.blobs_url, database_url, str(path), str(creator.id), moment]
    command = [sys.executable, "-c", VICTIM, *told, platform.clock.now().isoformat()]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    reached = victim.stdout.readline()
    if reached:
        os.kill(victim.pid, signal.SIGKILL)
    _, errors = victim.communicate(timeout=60)
    assert reached == "here\n", errors
    assert platform.catalog.newest(10) == [], "no right is given before all is taken in"

    asked = Asked(frozenset(ITEM_RIGHTS), show_private=True)
    report = imports.bring_in(creator.id, Source(path), asked, Pace(finish=True))
    assert report.count(Outcome.TAKEN) == 3
    items = platform.catalog.items_of(creator.id, everything=True)
    assert [item.status for item in items] == [ItemStatus.PUBLISHED] * 3
    assert all(platform.catalog.item_rights(item.id) == frozenset(ITEM_RIGHTS) for item in items)
