"""`kill -9` anywhere on the way: the next process finishes, nothing is half published, nothing is left lying about."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from openforyou.app.platform import Platform
from openforyou.catalog.types import Creator, ItemStatus, Right
from openforyou.core.ids import encode_id
from openforyou.ingest.service import Ingest
from tests.ingest.films import Film

VICTIM = """
import sys, time
from datetime import datetime
from pathlib import Path
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Right
from openforyou.core.clock import ManualClock
from openforyou.core.ids import CreatorId
from openforyou.ingest.service import Ingest
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database

root, url, film, creator, moment, now = sys.argv[1:]

def stand_still_at(place):
    if place == moment:
        print("here", flush=True)
        time.sleep(600)

class Blobs:
    def __init__(self, inner): self.inner = inner
    def __getattr__(self, name): return getattr(self.inner, name)
    def put(self, key, source):
        self.inner.put(key, source)
        stand_still_at("stored " + key.split("/")[0 if key.startswith("uploads") else 2])
    def delete(self, key):
        if key.startswith("uploads"): stand_still_at("before the source is deleted")
        self.inner.delete(key)

def progress(done, total, message=""):
    if done * 2 > total: stand_still_at("half way")

database, clock = Database.open(url), ManualClock(datetime.fromisoformat(now))
ingest = Ingest(Catalog(database, clock), database, Blobs(FsspecBlobs(root)), clock)
ingest.take_in(Path(film), CreatorId(int(creator)), rights={Right.SHOW}, evidence="ticked")
ingest.process_next(progress=progress)
"""
MOMENTS = ("stored uploads", "half way", "stored preview.mp4", "before the source is deleted")


def killed_at(moment: str, platform: Platform, url: str, film: Path, creator: Creator) -> None:
    """Run an ingest in a process of its own, and kill it when it stands at `moment`."""
    root = platform.settings.blobs_url
    told = [root, url, str(film), str(creator.id), moment, platform.clock.now().isoformat()]
    command = [sys.executable, "-c", VICTIM, *told]
    victim = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert victim.stdout is not None
    reached = victim.stdout.readline()
    if reached:
        os.kill(victim.pid, signal.SIGKILL)
    _, errors = victim.communicate(timeout=60)
    assert reached == "here\n", errors


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed(
    moment: str,
    platform: Platform,
    database_url: str,
    creator: Creator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    film = Film(size=(96, 160), seconds=0.6).make(tmp_path / "clip.mp4")
    killed_at(moment, platform, database_url, film, creator)

    published_before = moment == "before the source is deleted"
    seen = platform.catalog.items_of(creator.id)
    assert len(seen) == (1 if published_before else 0)
    assert [item.status for item in seen] == [ItemStatus.PUBLISHED] * len(seen)

    ingest = Ingest(platform.catalog, platform.database, platform.blobs, platform.clock)
    if moment == "stored uploads":  # Nobody was told of an item yet: the owner hands the file in again.
        ingest.take_in(film, creator.id, rights={Right.SHOW}, evidence="ticked")
    done = ingest.process_next()
    assert (done is None) == published_before
    for key in list(platform.blobs.keys("uploads/")):  # As if the source had come an hour ago.
        if moment == "stored uploads":
            name, _, stamp = key.rpartition("-")
            path = platform.blobs.local_path(key)
            assert path is not None
            path.rename(path.with_name(f"{Path(name).name}-{int(stamp) - 10_000_000}"))
    ingest.sweep()

    (item,) = platform.catalog.items_of(creator.id, everything=True)
    assert item.status is ItemStatus.PUBLISHED
    assert platform.catalog.item_rights(item.id) == {Right.SHOW}
    files = {f"items/{encode_id(item.id)}/{name}" for name in ("large.mp4", "poster.jpg", "preview.mp4")}
    root = platform.settings.data / "blobs"
    assert {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} == files
    left = [path.name for path in temporary.rglob("*") if path.name != "list.lock" and path.parent != temporary]
    assert published_before or left == []
