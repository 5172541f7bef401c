"""The platform, wired: one object that holds every service, opened once a process."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from openforyou.accounts.service import Accounts
from openforyou.app.settings import Settings
from openforyou.app.tasks import Tasks
from openforyou.catalog.service import Catalog
from openforyou.core.clock import Clock, SystemClock
from openforyou.events.intake import Intake
from openforyou.events.service import Events
from openforyou.ingest.service import Ingest
from openforyou.ingest.types import Limits
from openforyou.learn.service import Models
from openforyou.recommend.service import Feed
from openforyou.storage.blobs import Blobs, FsspecBlobs
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres


class Platform:
    """A context manager. `database_url` overrides the settings' (for tests)."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, database_url: str = "") -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._open = ExitStack()
        try:
            url = database_url or settings.database_url
            if not url:
                url = self._open.enter_context(EmbeddedPostgres(settings.data / "postgres")).url
            self.database = Database.open(url)
            self._open.callback(self.database.close)
            self.database.migrate()
            self.blobs: Blobs = FsspecBlobs(settings.blobs_url)
            self.tasks = Tasks(self.database)
            self.accounts = Accounts(self.database, self.clock)
            self.catalog = Catalog(self.database, self.clock)
            intake = Intake(self.database)
            self._open.callback(intake.close)
            self.events = Events(self.database, intake, self.clock, settings.signing_key())
            limits = Limits(size_bytes_max=settings.upload_max_mb * 1_000_000)
            self.ingest = Ingest(self.catalog, self.database, self.blobs, self.clock, limits, settings.threads)
            work = settings.data / "training"
            self.models = Models(self.database, self.blobs, self.clock, work, settings.threads)
            self.feed = Feed(self.database, self.catalog, self.events, self.models, self.clock)
            self._open.callback(self.feed.close)
        except BaseException:
            self._open.close()
            raise

    def close(self) -> None:
        """Write what waits, then let go of everything, newest first."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
