"""The platform, wired: one object that holds every service, opened once a process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from openforyou.accounts import store as accounts_store
from openforyou.accounts.moving.service import seal_what_lay_open
from openforyou.accounts.service import Accounts
from openforyou.accounts.types import Account
from openforyou.app import credentials
from openforyou.app.access import AccessRelay
from openforyou.app.broker import Keeping, Reaching, adopt_secrets
from openforyou.app.desk import Desk
from openforyou.app.leaving import Leaving
from openforyou.app.minors import Minors
from openforyou.app.settings import Settings
from openforyou.app.tasks import Tasks
from openforyou.app.telling import Telling
from openforyou.app.witnesses import asking
from openforyou.catalog.identities.providers import read_providers
from openforyou.catalog.identities.service import Identities
from openforyou.catalog.queue.service import Queue
from openforyou.catalog.rights.proving import Proving
from openforyou.catalog.service import Catalog
from openforyou.catalog.sounds.service import Sounds
from openforyou.core.clock import Clock, SystemClock
from openforyou.core.closing import SharedStack
from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import ViewerId
from openforyou.events.intake import Intake
from openforyou.events.log.errors import LogBusy
from openforyou.events.log.receipts import Receipts
from openforyou.events.log.sequencer import Cosign, Sequencer
from openforyou.events.service import Events
from openforyou.ingest.copies import store as copies_store
from openforyou.ingest.copies.service import Copies
from openforyou.ingest.imports.proofs import Checked
from openforyou.ingest.imports.runs import Runs
from openforyou.ingest.imports.service import Imports
from openforyou.ingest.library import Library
from openforyou.ingest.optouts.service import OptOuts
from openforyou.ingest.service import Ingest
from openforyou.ingest.types import Limits
from openforyou.learn.manifest.asking import Asking
from openforyou.learn.manifest.service import Manifests
from openforyou.learn.service import Models, Running
from openforyou.ledger.source import FolderSource
from openforyou.moderation.claims.service import Claims
from openforyou.moderation.service import Policies
from openforyou.outside.addresses import networks_of
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames
from openforyou.privacy.person.erasing import Erasing
from openforyou.privacy.person.export import Export
from openforyou.privacy.person.types import Person
from openforyou.privacy.retention.service import Retention
from openforyou.privacy.statistics.service import Statistics
from openforyou.privacy.statistics.types import Budget, Terms, Window
from openforyou.recommend.service import Feed
from openforyou.storage.blobs import Blobs, FsspecBlobs
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres

_log = logging.getLogger(__name__)


@contextmanager
def database(settings: Settings, url: str = "") -> Iterator[Database]:
    """The settings' database, or the one at `url`, brought to the newest schema."""
    with ExitStack() as stack:
        url = url or settings.database_url
        if not url:
            url = stack.enter_context(EmbeddedPostgres(settings.data / "postgres")).url
        opened = Database.open(url)
        stack.callback(opened.close)
        opened.migrate()
        yield opened


def sequencer(settings: Settings, database: Database, cosign: Cosign | None) -> Sequencer:
    """The writer of the settings' log, with what `asking` gave. It takes the log with its first step, not before."""
    return Sequencer(database, settings.log_folder, settings.log_key, cosign)


def fetcher(settings: Settings) -> Fetcher:
    """What asks other servers, as the settings allow. Raises `BadInput` naming the variable."""
    networks = networks_of(settings.outside_allow, "OPENFORYOU_OUTSIDE_ALLOW")
    return Fetcher(DnsNames(settings.outside_dns), networks, origin=settings.origin)


def identities(settings: Settings, database: Database, clock: Clock, outside: Fetcher) -> Identities:
    """Proofs of accounts elsewhere, as the settings allow. Raises `BadInput` naming what is wrong."""
    providers = read_providers(settings.identity_providers)
    return Identities(database, clock, outside, origin=settings.origin, providers=providers, plc=settings.plc_directory)


def statistics(settings: Settings, database: Database, clock: Clock, publish: Callable[[], None]) -> Statistics:
    """Statistics about people, within the settings' budget."""

    def sign_ups(connection: Connection, window: Window) -> dict[str, int]:
        return accounts_store.signed_up(connection, window.since, window.until)

    terms = Terms(Budget(settings.statistics_epsilon, settings.statistics_delta), settings.keep_history_days)
    source = FolderSource(settings.log_folder)
    return Statistics(database, clock, source, terms, publish, {"sign_ups": sign_ups})


class Platform:
    """A context manager. `database_url` overrides the settings' (for tests). `keeper`: who keeps the keys, closed with
    the platform; None: whoever listens, or the folder itself."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, database_url: str = "", keeper: Keeping | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self._open = SharedStack()
        self.keeper: Keeping = keeper or Reaching(settings, clock)
        self._open.callback(self.keeper.close)
        try:
            self.database = self._open.enter_context(database(settings, database_url))
            self.blobs: Blobs = FsspecBlobs(settings.blobs_url)
            self.tasks = Tasks(self.database)
            self.outside = fetcher(settings)
            seal_what_lay_open(self.database, self.keeper)
            self.accounts = Accounts(self.database, self.clock, self.keeper)
            self.catalog = Catalog(self.database, self.clock, on_withdrawal=copies_store.remove)
            self.proving = Proving(self.database, FolderSource(settings.log_folder))
            self.minors = Minors(self.database, self.clock, self.accounts, self.catalog.rights)
            self.queue = Queue(self.database)
            self.claims = Claims(self.database, self.clock)
            self.identities = identities(settings, self.database, self.clock, self.outside)
            self.policies = Policies(self.database, self.clock, FolderSource(settings.log_folder))
            adopt_secrets(self.database, self.keeper.adopt)
            intake = Intake(self.database, self.clock, self.keeper, beside=self.policies.keep_effects)
            self._open.callback(intake.close)
            self.events = Events(self.database, intake, self.clock, settings.signing_key())
            self.log = sequencer(settings, self.database, self._open.enter_context(asking(settings)))
            self._open.callback(self.log.close)
            self.receipts = Receipts(self.database, settings.log_folder)
            self.optouts = OptOuts(self.database, self.clock, self.outside)
            limits = Limits(size_bytes_max=settings.upload_max_mb * 1_000_000)
            self.copies = Copies(self.database, self.blobs, self.clock)
            ingest = Ingest(self.catalog, self.database, self.blobs, self.clock, limits, settings.threads)
            self.ingest = ingest.watching_for(self.copies)
            self.ingest.credentials = credentials.keeping(settings, self.clock)
            self.imports = Imports(self.catalog, self.ingest, self.database, self.blobs, self.clock)
            self.imports.fetcher = self.outside
            self.imports.optouts = self.optouts
            self.imports.proofs = Checked(self.identities)
            self.archives = Runs(self.imports)
            self.sounds = Sounds(self.database, self.clock)
            self.desk = Desk(settings.data / "studio")
            self._open.callback(self.desk.close)
            self.library = Library(self.sounds, self.blobs, self.clock)
            work = settings.data / "training"
            manifests = Manifests(self.database, self.blobs, settings.log_folder, settings.log_key, self._publish)
            running = Running(settings.threads, settings.forget_hours)
            self.models = Models(self.database, self.blobs, self.clock, work, manifests, running)
            self.asking = Asking(self.database, manifests)
            self.feed = Feed(self.database, self.catalog, self.events, self.models, self.clock, self.policies)
            self._open.callback(self.feed.close)
            self.erasing = Erasing(self.database, self.clock, Leaving(self), self.keeper)
            self.access = AccessRelay(self.database, self.keeper, self._publish)
            self.telling = Telling(self)
            self.export = Export(self.database, self.clock, self.telling.documents, self.telling.names)
            self.retention = Retention(self.database, self.clock, settings.keep_history_days)
            self.statistics = statistics(settings, self.database, self.clock, self._publish)
        except BaseException:
            self._open.close()
            raise

    def person(self, viewer_id: ViewerId, account: Account | None) -> Person:
        """Somebody as the tables name them."""
        if account is None:
            return Person(viewer_id)
        creator = self.catalog.creator_of_account(account.id)
        (mark,) = self.accounts.seals.guardian_marks(account.id)
        return Person(viewer_id, account.id, None if creator is None else creator.id, mark)

    def publish(self) -> None:
        """Write what waits for the log, unless a sequencer runs, which does so twice a second; and let go of it."""
        with suppress(LogBusy):
            self.log.step()
            self.log.close()

    def _publish(self) -> None:
        try:
            self.publish()
        except OpenForYouError as error:
            _log.warning("the log cannot be written now: %s", error)

    def close(self) -> None:
        """Write what waits, then let go of everything, newest first. Who calls second waits until it is done."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
