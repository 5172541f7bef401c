"""What a broker answers: every room's operations, put together."""

from __future__ import annotations

from contextlib import ExitStack

from openforyou.app.settings import Settings
from openforyou.privacy.broker.keeper import LocalKeeper
from openforyou.privacy.broker.operations import Operations, keeper_operations


def operations(settings: Settings, keeper: LocalKeeper, stack: ExitStack) -> Operations:  # noqa: ARG001 - for other rooms
    """Of one broker, until it closes. What a room opens for its own goes onto `stack`."""
    return keeper_operations(keeper)
