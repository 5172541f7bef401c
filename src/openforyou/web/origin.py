"""Under which address people see us: decides cookies, whose requests count as our own, and where passkeys hold.

With `OPENFORYOU_ORIGIN` set, that address and no other. Without it (on one's own machine), what the browser says.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from openforyou.accounts.types import RelyingParty
from openforyou.core.errors import BadInput
from openforyou.web.problems import WrongHost

_HOST = re.compile(r"(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Site:
    """`origin` is scheme and host, as https://example.org, or empty."""

    origin: str = ""

    @classmethod
    def read(cls, origin: str) -> Site:
        """From the settings. Raises `BadInput` naming the variable."""
        parts = urlsplit(origin.strip().rstrip("/").lower())
        is_bare = not (parts.path or parts.query or parts.fragment or parts.username)
        if origin and not (parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc) and is_bare):
            raise BadInput(
                f"OPENFORYOU_ORIGIN is {origin[:80]!r}.",
                hint="It is scheme and host alone, as https://example.org.",
                field="OPENFORYOU_ORIGIN",
            )
        return cls(f"{parts.scheme}://{parts.netloc}" if origin else "")

    def of(self, request: Request) -> str:
        """Our origin, as the one who asks sees it."""
        return self.origin or f"{request.url.scheme}://{_host(request)}"

    def is_secure(self, request: Request) -> bool:
        """Whether people reach us by https alone."""
        return self.of(request).startswith("https://")

    def check_host(self, request: Request) -> None:
        """Refuse to be asked under a foreign name, as in DNS rebinding. Raises `WrongHost`."""
        host = _host(request)
        wanted = urlsplit(self.origin).netloc
        if not _HOST.fullmatch(host) or (self.origin and host != wanted and _name(host) not in LOOPBACK):
            raise WrongHost("This server does not go by that name.", hint="Check the address.", field="Host")

    def is_own(self, request: Request, origin: str) -> bool:
        """Whether a browser's `Origin` is ours. Without a set origin the host decides: a proxy may end the TLS."""
        return origin == self.origin if self.origin else urlsplit(origin).netloc == _host(request)

    def relying_party(self, request: Request) -> RelyingParty:
        """For whom a passkey is made. Raises `BadInput` at a bare address: WebAuthn wants a name."""
        origin = self.of(request)
        parts = urlsplit(origin)
        name = parts.hostname or ""
        if is_address(name):
            port = f":{parts.port}" if parts.port else ""
            named = f"{parts.scheme}://localhost{port}"
            hint = f"On this machine, open {named}; elsewhere, give the server a name."
            raise BadInput("Passkeys need a name, not a bare address.", hint=hint)
        return RelyingParty(id=name, origin=origin)


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _host(request: Request) -> str:
    return request.headers.get("host", "").lower()


def _name(host: str) -> str:
    return host.rpartition(":")[0] if re.search(r":[0-9]+$", host) else host
