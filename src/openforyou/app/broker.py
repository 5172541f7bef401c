"""The broker's place in the platform: who starts one, who asks it, and what moves into it from before there was one.

    serve, demo      start one as a child, see that it runs, and ask it through its socket alone: no key in their memory
    their children   ask through the same socket
    other commands   ask whoever listens; where nobody does, they open the folder themselves while they run

With OPENFORYOU_BROKER set, all of them ask there and nowhere else.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self

from openforyou.app.children import Child
from openforyou.app.keys import opened_access, operations
from openforyou.app.settings import Settings
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput
from openforyou.events.log import store as log_store
from openforyou.privacy.broker.address import SOCKET, Address, Tls
from openforyou.privacy.broker.client import BATCH, BrokerClient
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import Peer
from openforyou.privacy.vault.errors import BrokerUnavailable
from openforyou.privacy.vault.types import Field, Subject
from openforyou.storage.database import Database

STARTS_WITHIN_S = 30.0
LOOK_EVERY_S = 0.25
PING_EVERY_S = 2.0
PING_S = 1.0
_log = logging.getLogger(__name__)


def address(settings: Settings) -> Address:
    """Where the settings' broker listens. Raises `BadInput`."""
    if settings.broker:
        return Address.read(settings.broker)
    return Address(path=settings.broker_folder.resolve() / SOCKET)


def client(settings: Settings) -> BrokerClient:
    """Asks the settings' broker, and nobody else. Raises `BadInput` naming the variable."""
    files = (settings.broker_cert, settings.broker_key, settings.broker_ca)
    if any(files) and not all(files):
        raise BadInput(
            "The broker is asked with a certificate, its key and an authority, and one of them is not set.",
            hint="Set OPENFORYOU_BROKER_CERT, OPENFORYOU_BROKER_KEY and OPENFORYOU_BROKER_CA, or none.",
            field="OPENFORYOU_BROKER_CERT",
        )
    return BrokerClient(address(settings), Tls(*files) if all(files) else None)


class Folder:
    """The broker's folder, opened by a command that runs for itself: its keeper, and every operation of a broker."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._open = ExitStack()
        with ExitStack() as stack:
            self.keeper = stack.enter_context(LocalKeeper.open(settings.broker_folder, settings.region))
            self._access = opened_access(settings, self.keeper, stack, clock)
            self._operations = operations(self.keeper, self._access)
            self._open = stack.pop_all()

    def call(self, operation: str, arguments: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """As `BrokerClient.call`; here nobody has to be waited for."""
        return dict(self._operations[operation](arguments, Peer()))

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        """Noted like the broker's."""
        return self._access.open_for_owner(subject, sealed) if sealed else {}

    def close(self) -> None:
        """Let go of it."""
        self._open.close()


class Reaching:
    """A `Keeper` for a command that runs for itself: whoever listens, else the folder. Decided when first asked.

    `clock`: by which the folder's own access by staff goes.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._reached: BrokerClient | Folder | None = None

    def seal(self, subject: Subject, values: Mapping[Field, bytes]) -> dict[Field, bytes]:
        return self._one().seal(subject, values)

    def open_own(self, subject: Subject, sealed: Mapping[Field, bytes]) -> dict[Field, bytes]:
        return self._reach().open_own(subject, sealed)

    def mark(self, field: Field, values: Sequence[bytes]) -> list[bytes]:
        return self._one().mark(field, values)

    def event_secrets(self, viewers: Collection[int]) -> dict[int, bytes]:
        return self._one().event_secrets(viewers)

    def destroy(self, subjects: Sequence[Subject]) -> int:
        return self._one().destroy(subjects)

    def adopt(self, secrets: Mapping[int, bytes]) -> None:
        """As `LocalKeeper.adopt`."""
        self._one().adopt(secrets)

    def call(self, operation: str, arguments: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        """As `BrokerClient.call`."""
        return self._reach().call(operation, arguments, **how)

    def close(self) -> None:
        """Let go of it. May be called twice."""
        with self._lock:
            if self._reached is not None:
                self._reached.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _one(self) -> BrokerClient | LocalKeeper:
        reached = self._reach()
        return reached.keeper if isinstance(reached, Folder) else reached

    def _reach(self) -> BrokerClient | Folder:
        with self._lock:
            if self._reached is None:
                self._reached = self._find()
            return self._reached

    def _find(self) -> BrokerClient | Folder:
        asked = client(self._settings)
        if self._settings.broker:
            return asked
        try:
            asked.about(timeout_s=PING_S)
        except BrokerUnavailable:
            asked.close()
            return Folder(self._settings, self._clock)
        return asked


Keeping = BrokerClient | Reaching
"""What a platform may hold: a `Keeper` that adopts and is closed."""


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """A broker runs while this lasts: one that listens already, or a child that is started again whenever it ends.

    Answers when it answers. Raises `BrokerUnavailable` where none does in time, and starts none where the settings name
    one elsewhere.
    """
    asked = client(settings)
    if settings.broker:
        with asked:
            asked.about()
        yield
        return
    watch = _Watch(settings, asked)
    watch.start()
    try:
        watch.wait_until_answering()
        yield
    finally:
        watch.close()


class _Watch(threading.Thread):
    """Sees that a broker answers at the folder's socket. Its child ends with it."""

    def __init__(self, settings: Settings, asked: BrokerClient) -> None:
        super().__init__(name="broker-watch", daemon=True)
        self._settings = settings
        self._asked = asked
        self._closing = threading.Event()
        self._child: Child | None = None

    def run(self) -> None:
        while not self._closing.is_set():
            if self._child is not None and not self._child.is_running:
                _log.warning("the broker ended, and is started again")
                self._child.close()
                self._child = None
            if self._child is None and not self._answers():
                self._child = Child(["broker", "--data", str(self._settings.data), "--child"])
                self._closing.wait(LOOK_EVERY_S)
            self._closing.wait(LOOK_EVERY_S if self._child is not None else PING_EVERY_S)

    def wait_until_answering(self) -> None:
        until = monotonic() + STARTS_WITHIN_S
        while not self._answers():
            if monotonic() > until:
                raise BrokerUnavailable(
                    f"The broker at {self._asked.address} does not start.",
                    hint="Run `openforyou broker` with the same --data: it says why.",
                )
            sleep(0.02)

    def close(self) -> None:
        self._closing.set()
        self.join()
        if self._child is not None:
            self._child.close()
        self._asked.close()

    def _answers(self) -> bool:
        try:
            self._asked.about(timeout_s=PING_S)
        except BrokerUnavailable:
            return False
        return True


def adopt_secrets(database: Database, adopt: Callable[[Mapping[int, bytes]], None]) -> int:
    """Event secrets that lie in the database, from before there was a broker, move into its keeping; answers how many.

    Each is durable there before it is deleted here, so a crash repeats it and loses none. Raises `BrokerUnavailable`:
    events are then not taken in, for a viewer would get a second secret.
    """
    count = 0
    while True:
        with database.connect() as connection:
            held = log_store.plain_secrets(connection, BATCH)
        if not held:
            break
        adopt(held)
        with database.begin() as connection:
            log_store.delete_plain_secrets(connection, held)
        count += len(held)
    if count:
        with database.begin() as connection, suppress(Exception):
            log_store.shed_plain_secrets(connection)
        _log.warning("%d event secrets moved from the database into the broker's keeping", count)
    return count
