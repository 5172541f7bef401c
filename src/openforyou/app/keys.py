"""What a broker answers: every room's operations, put together."""

from __future__ import annotations

from contextlib import ExitStack, closing

from openforyou.app.settings import Settings
from openforyou.core.clock import Clock, SystemClock
from openforyou.ledger.source import FolderSource, HttpSource, Source
from openforyou.privacy.access.operations import KeeperVault, access_operations
from openforyou.privacy.access.published import Published
from openforyou.privacy.access.service import Access
from openforyou.privacy.access.store import Store
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import Operations, keeper_operations
from openforyou.privacy.regions.operations import region_operations


def operations(settings: Settings, keeper: LocalKeeper, stack: ExitStack, *, clock: Clock | None = None) -> Operations:
    """Of one broker, until it closes. What a room opens for its own goes onto `stack`."""
    access = _access(settings, keeper, stack, clock)
    return keeper_operations(keeper) | access_operations(access) | region_operations(keeper, access)


def enrol_first(settings: Settings, name: str, key: str, *, clock: Clock | None = None) -> str:
    """Make somebody one of the first two administrators of access; answers their id among the staff.

    It is in no broker's registry of operations: whoever does it may read the broker's folder. Raises `SameHand` where
    there are two, `BadAct` for what is no public key.
    """
    with ExitStack() as stack:
        keeper = stack.enter_context(LocalKeeper.open(settings.broker_folder, settings.region))
        return str(_access(settings, keeper, stack, clock).first(name, key)["staff"])


def _access(settings: Settings, keeper: LocalKeeper, stack: ExitStack, clock: Clock | None) -> Access:
    store = stack.enter_context(closing(Store(settings.broker_folder, keeper.region)))
    return Access(store, Published(_log(settings, stack)), KeeperVault(keeper), clock or SystemClock())


def _log(settings: Settings, stack: ExitStack) -> Source:
    """The public log, as the broker itself reads it."""
    if settings.broker_log.startswith(("http://", "https://")):
        return stack.enter_context(HttpSource(settings.broker_log))
    return FolderSource(settings.log_folder)
