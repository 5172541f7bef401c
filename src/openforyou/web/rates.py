"""How often one may ask: a moving window a key, in this process's memory.

Somebody signed in or watching is limited as that account or viewer. Where there is nobody yet (signing in,
signing up, a first visit) the network counts: the address cut to /24 or /48, hashed under a key that this process
makes at start and never writes down. So no address is kept, and what is kept cannot be turned back into one.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from dataclasses import dataclass
from time import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from openforyou.core.errors import TooMany

PREFIX_V4, PREFIX_V6 = 24, 48


@dataclass(frozen=True, slots=True)
class Rate:
    """How often `what` may be done by one key."""

    what: str
    limit: str
    """As the library `limits` writes it."""


SIGN_IN = Rate("sign-ins", "20 per 5 minutes")
"""By network: a shared flat signs in, a guesser does not get far."""
SIGN_IN_TO = Rate("sign-ins to this account", "20 per 15 minutes")
"""By e-mail, from wherever; a passkey still opens the account."""
SIGN_UP = Rate("new accounts", "30 per hour")
ARRIVE = Rate("first visits", "120 per minute")
"""By network: whoever keeps no cookie is a new viewer each time."""
FEED = Rate("feeds", "240 per minute")
EVENTS = Rate("event batches", "300 per minute")
CHANGE = Rate("changes", "120 per minute")
ASK = Rate("questions what was learned", "120 per hour")
TAKE = Rate("looks at all that is kept of you", "30 per hour")
"""Each reads every table."""
LOOK = Rate("looks at accounts elsewhere", "60 per hour")
"""Each asks somebody else's server."""
STAFF = Rate("acts of staff", "600 per 5 minutes")
"""By network: each page of a whole office asks what waits. The signature is the broker's to judge."""
UPLOAD = Rate("new uploads", "60 per hour")
STUDIO_FILE = Rate("files for the studio", "600 per hour")


class Rates:
    """The windows of one process. `factor` widens them all, for tests and benchmarks that are many in one."""

    def __init__(self, factor: int = 1) -> None:
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._factor = factor
        self._limits: dict[Rate, RateLimitItem] = {}
        self._key = secrets.token_bytes(32)

    def check(self, rate: Rate, key: str | int) -> None:
        """Count one. Raises `TooMany` past the limit, saying when there is room again."""
        limit = self._limits.get(rate)
        if limit is None:
            limit = parse(rate.limit)
            limit.amount *= self._factor
            self._limits[rate] = limit
        if not self._windows.hit(limit, rate.what, str(key)):
            reset_at = self._windows.get_window_stats(limit, rate.what, str(key)).reset_time
            raise TooMany(f"Too many {rate.what}.", retry_after_s=max(1, int(reset_at - time()) + 1))

    def network(self, request: Request) -> str:
        """A name for where a request comes from, good for nothing but counting in this process."""
        return self.hidden(network_of(request.client.host if request.client else ""))

    def hidden(self, text: str) -> str:
        """`text` as a key that tells nothing."""
        return hashlib.blake2b(text.encode(), digest_size=16, key=self._key).hexdigest()


def network_of(address: str) -> str:
    """The network of an address: /24, or /48 for IPv6, where a household has a whole one. "" for anything else."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
        known = known.ipv4_mapped
    prefix = PREFIX_V4 if known.version == 4 else PREFIX_V6
    return str(ipaddress.ip_network((known, prefix), strict=False))
