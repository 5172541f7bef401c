"""A process that learns while running and stands still at a named place, so that it can be killed there.

Places: `learned` (an update stands in memory alone), `written` (its weights lie in the blob store, its record does
not), `published`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from openforyou.core.clock import SystemClock
from openforyou.events import store as events_store
from openforyou.learn import store, weights
from openforyou.learn.online import Learner
from openforyou.learn.service import Models
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database
from tests.learn.manifested import manifests


def hold(place: str) -> None:
    sys.stdout.write(f"{place}\n")
    sys.stdout.flush()
    time.sleep(600)


def main(database_url: str, blobs: str, work_dir: str, place: str) -> None:
    events_store.SETTLED_S = 0
    held_write, held_insert = weights.write, store.insert_model

    def write(*arguments: Any) -> str:
        if place == "learned":
            hold(place)
        return held_write(*arguments)

    def insert(*arguments: Any) -> None:
        if place == "written":
            hold(place)
        held_insert(*arguments)

    weights.write, store.insert_model = write, insert
    database = Database.open(database_url)
    kept = FsspecBlobs(blobs)
    models = Models(database, kept, SystemClock(), Path(work_dir), manifests(database, kept, Path(work_dir).parent))
    learner = Learner(database, models, SystemClock())
    for _ in range(3):
        learner.step()
    hold(place)


if __name__ == "__main__":
    main(*sys.argv[1:])
