"""A process that trains and stands still once a checkpoint lies there, so that it can be killed in the middle."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from openforyou.core.clock import SystemClock
from openforyou.learn.service import Models
from openforyou.learn.types import Options
from openforyou.storage.blobs import FsspecBlobs
from openforyou.storage.database import Database
from tests.learn.manifested import manifests


def main(database_url: str, blobs: str, work_dir: str) -> None:
    def hold(done: int, total: int, message: str = "") -> None:
        if any(Path(work_dir).rglob("state.pt")):
            sys.stdout.write("held\n")
            sys.stdout.flush()
            time.sleep(600)

    database, store = Database.open(database_url), FsspecBlobs(blobs)
    made = manifests(database, store, Path(work_dir).parent)
    models = Models(database, store, SystemClock(), Path(work_dir), made)
    models.train_from_events(Options(epochs=4), hold)


if __name__ == "__main__":
    main(*sys.argv[1:])
