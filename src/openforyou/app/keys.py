"""What a broker answers: every room's operations, put together."""

from __future__ import annotations

from contextlib import ExitStack, closing

from openforyou.app.settings import Settings
from openforyou.core.clock import Clock, SystemClock
from openforyou.ledger.source import FolderSource, HttpSource, Source
from openforyou.privacy.access.integrity import VKEY
from openforyou.privacy.access.operations import KeeperVault, access_operations
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.service import Access
from openforyou.privacy.access.store import Store
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import Operations, keeper_operations
from openforyou.privacy.regions.operations import region_operations


def operations(keeper: LocalKeeper, access: Access) -> Operations:
    """Of one broker. What opens for people themselves is answered by access alone, which notes it first; so are marks,
    which it counts."""
    bare = keeper_operations(keeper)
    del bare["open_own"]
    rooms = (bare, access_operations(access, bare.pop("mark")), region_operations(keeper, access))
    together = {name: answers for room in rooms for name, answers in room.items()}
    assert len(together) == sum(map(len, rooms)), "two rooms answer to the same name"
    return together


def enrol_first(settings: Settings, name: str, key: str, *, clock: Clock | None = None) -> str:
    """Make somebody one of the first two administrators of access; answers their id among the staff.

    It is in no broker's registry of operations: whoever does it may read the broker's folder. Raises `SameHand` where
    there are two, `BadAct` for what is no public key.
    """
    with ExitStack() as stack:
        keeper = stack.enter_context(LocalKeeper.open(settings.broker_folder, settings.region))
        return str(opened_access(settings, keeper, stack, clock).first(name, key)["staff"])


def opened_access(settings: Settings, keeper: LocalKeeper, stack: ExitStack, clock: Clock | None = None) -> Access:
    """Access by staff on a broker's folder, until `stack` closes. The log's key holds that was met first."""
    store = stack.enter_context(closing(Store(settings.broker_folder, keeper.region)))
    published = Published(_log(settings, stack), store.fact(VKEY).decode())
    return Access(store, published, KeeperVault(keeper), clock or SystemClock())


def _log(settings: Settings, stack: ExitStack) -> Source:
    """The public log, as the broker itself reads it."""
    if settings.broker_log.startswith(("http://", "https://")):
        return stack.enter_context(HttpSource(settings.broker_log))
    return FolderSource(settings.log_folder)
