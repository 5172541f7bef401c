"""Manifests as a platform in that folder makes them, for a process that has no more of a platform."""

from __future__ import annotations

from pathlib import Path

from openforyou.app.settings import Settings
from openforyou.events.log.sequencer import Sequencer
from openforyou.learn.manifest.service import Manifests
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database


def manifests(database: Database, blobs: Blobs, data: Path) -> Manifests:
    settings = Settings(data=data)
    log = Sequencer(database, settings.log_folder, settings.log_key)

    def publish() -> None:
        log.step()
        log.close()

    return Manifests(database, blobs, settings.log_folder, settings.log_key, publish)
