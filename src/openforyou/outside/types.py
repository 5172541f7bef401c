"""What is asked of other servers, what comes back, and how long it may take."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whatever its status. `url` is where the last redirect led."""

    url: str
    status: int
    headers: httpx.Headers
    body: bytes
    """Unpacked; empty after a download."""
    size_bytes: int = 0
    """Of the body, unpacked, also after a download."""
    authentic: bool = False
    """Each hop was under TLS with a certificate that holds, or in a network that the operator named: so nobody between
    us and that host wrote this answer."""
    hops: tuple[str, ...] = ()
    """The addresses that redirected, in order."""

    @property
    def ok(self) -> bool:
        """Status 200."""
        return self.status == httpx.codes.OK

    @property
    def media_type(self) -> str:
        """As `text/html`, without parameters; empty where the server does not say."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds. A get or a download ends within its time altogether, redirects included, however slowly
    the other side sends."""

    connect_s: float = 5.0
    names_s: float = 5.0
    get_s: float = 15.0
    download_s: float = 900.0
    redirects_max: int = 5
