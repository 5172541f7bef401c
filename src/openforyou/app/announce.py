"""What a server says in the public log when it starts: the ranking weights by which it ranks."""

from __future__ import annotations

import logging
from dataclasses import asdict

from openforyou.app.platform import Platform
from openforyou.ledger.errors import LedgerError

_log = logging.getLogger(__name__)


def announce(platform: Platform) -> None:
    """Put the ranking weights on their way into the log where they are others than were published last.

    A log that cannot be read keeps nobody from serving: the next start says it.
    """
    try:
        platform.policies.announce_weights(asdict(platform.feed.weights))
    except LedgerError as error:
        _log.error("the ranking weights were not published: %s", error)
