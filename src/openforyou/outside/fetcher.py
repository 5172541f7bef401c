"""Asking other servers: a `Fetcher`, which every room uses that wants something from outside.

What stands at an address that a person gave us is written by somebody who may mean us harm. So a fetch leads to public
addresses only (`connecting.py`), follows few redirects and checks each anew, ends within a time however slowly the
other side sends, and takes in so many bytes and no more, counted after unpacking. It sends no cookie and keeps none,
reads no proxy from the environment, and says who asks.
"""

from __future__ import annotations

import os
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode

import certifi
import httpcore
import httpx

from openforyou.outside.addresses import Network
from openforyou.outside.connecting import Connecting, Deadline
from openforyou.outside.errors import OutsideRefused, OutsideSilent
from openforyou.outside.names import DnsNames, Names
from openforyou.outside.types import Answer, Patience
from openforyou.outside.urls import checked_url, port_of

ROBOT = "OpenForYou"
"""How robots.txt addresses us."""
BODY_BYTES_MAX = 1 << 20
_PIECE = 1 << 16
Headers = Mapping[str, str]


class Fetcher:
    """Asks other servers. Safe for several threads; holds no connection between two fetches.

    `networks`: private ones that may be asked too. `origin`: our public address, named in the user agent. `trust`: the
    authorities to believe; left out, those of certifi and of `SSL_CERT_FILE`.
    """

    def __init__(
        self,
        names: Names | None = None,
        networks: Sequence[Network] = (),
        *,
        origin: str = "",
        patience: Patience | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.names: Names = names or DnsNames()
        self.patience = patience or Patience()
        self.user_agent = f"{ROBOT}/{version('openforyou')}" + (f" (+{origin})" if origin else "")
        self._networks = tuple(networks)
        self._trust = trust or _authorities()

    def texts(self, name: str) -> Sequence[str]:
        """The TXT records of `name`. Raises `OutsideRefused`."""
        return self.names.texts(name, self.patience.names_s)

    def get(self, url: str, *, bytes_max: int = BODY_BYTES_MAX, accept: str = "") -> Answer:
        """What stands at `url`, whatever its status. Raises `OutsideRefused`, `OutsideSilent`."""
        kept = bytearray()
        answer = self._follow(url, accept, Deadline(self.patience.get_s), bytes_max, lambda _: kept.extend)
        return replace(answer, body=bytes(kept))

    def download(self, url: str, path: Path, *, bytes_max: int) -> Answer:
        """The body at `url` as the file `path`, which must not exist; there is none after an error.

        Raises `OutsideRefused`, also for any status but 200, and `OutsideSilent`.
        """
        try:
            with path.open("xb") as file:

                def only_found(status: int) -> Callable[[bytes], object]:
                    if status != httpx.codes.OK:
                        raise OutsideRefused(f"{url[:200]} answers with status {status}.", hint="Check the address.")
                    return file.write

                return self._follow(url, "", Deadline(self.patience.download_s), bytes_max, only_found)
        except FileExistsError:
            raise
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def post(
        self, url: str, form: Mapping[str, str] | bytes, *, headers: Headers | None = None, bytes_max: int = 1 << 20
    ) -> Answer:
        """Send a form. No redirect is followed: what is sent is meant for this address alone."""
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        kept = bytearray()
        deadline = Deadline(self.patience.get_s)
        with self._open("POST", checked_url(url), sent, deadline, body) as (response, authentic):
            size = _take(response, url, bytes_max, kept.extend)
        answer = Answer(url, response.status, _headers(response), b"", size, authentic)
        return replace(answer, body=bytes(kept))

    def _follow(
        self,
        url: str,
        accept: str,
        deadline: Deadline,
        bytes_max: int,
        keep: Callable[[int], Callable[[bytes], object]],
    ) -> Answer:
        """Get, redirect after redirect. `keep` is told the final status and gives what takes the body."""
        hops: list[str] = []
        authentic = True
        at = checked_url(url)
        while True:
            with self._open("GET", at, {"Accept": accept or "*/*"}, deadline, None) as (response, sure):
                authentic = authentic and sure
                headers = _headers(response)
                if response.status not in (301, 302, 303, 307, 308) or "location" not in headers:
                    size = _take(response, str(at), bytes_max, keep(response.status))
                    return Answer(str(at), response.status, headers, b"", size, authentic, tuple(hops))
            hops.append(str(at))
            if len(hops) > self.patience.redirects_max:
                raise OutsideRefused(f"{url[:200]} redirects more than {self.patience.redirects_max} times.")
            at = checked_url(headers["location"], base=at)

    @contextmanager
    def _open(
        self, method: str, url: httpx.URL, headers: Headers, deadline: Deadline, body: bytes | None
    ) -> Iterator[tuple[httpcore.Response, bool]]:
        """One request, and whether its answer is authentic. What httpcore raises becomes an error of ours."""
        sent = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self.user_agent,
            "Accept-Encoding": "gzip, identity",
            "Connection": "close",
            **headers,
            **({} if body is None else {"Content-Length": str(len(body))}),
        }
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port_of(url), target=url.raw_path)
        connecting = Connecting(self.names, self._networks, self.patience, deadline)
        pool = httpcore.ConnectionPool(ssl_context=self._trust, network_backend=connecting, max_connections=1)
        try:
            with pool, pool.stream(method, target, headers=list(sent.items()), content=body) as response:
                yield response, url.scheme == "https" or connecting.named
        except (httpcore.TimeoutException, httpcore.NetworkError) as error:
            raise _silent(url, error) from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise OutsideRefused(f"{_shown(url)} answers with something that is no HTTP: {error}") from error


def _take(response: httpcore.Response, url: str, bytes_max: int, keep: Callable[[bytes], object]) -> int:
    """Hand the body to `keep`, unpacked, and give its length. Never unpacks past the limit."""
    too_large = OutsideRefused(f"{url[:200]} is larger than {bytes_max} bytes.", hint="That is the most taken here.")
    headers = _headers(response)
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bytes_max:
        raise too_large
    taken = 0
    came = _bounded(response.iter_stream(), bytes_max, too_large)
    for piece in _unpacked(came, headers.get("content-encoding", ""), url):
        taken += len(piece)
        if taken > bytes_max:
            raise too_large
        keep(piece)
    return taken


def _unpacked(packed: Iterable[bytes], encoding: str, url: str) -> Iterator[bytes]:
    """The body in pieces of a bounded size, whatever it unpacks to."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from packed
        return
    if encoding not in ("gzip", "x-gzip"):
        raise OutsideRefused(f"{url[:200]} is packed as {encoding[:40]!r}, which was not asked for.")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    begun = False
    try:
        for piece in packed:
            begun, rest, full = True, piece, True
            while (rest or full) and not unpack.eof:
                out = unpack.decompress(rest, _PIECE)
                rest, full = unpack.unconsumed_tail, len(out) == _PIECE
                yield out
            if unpack.eof:  # whatever follows is not read
                return
    except zlib.error as error:
        raise OutsideRefused(f"{url[:200]} is not the gzip that it says: {error}") from error
    if begun:
        raise OutsideRefused(f"{url[:200]} ends within its gzip.")


def _bounded(packed: Iterable[bytes], bytes_max: int, too_large: OutsideRefused) -> Iterator[bytes]:
    """What comes over the line, which may be long and unpack to nothing."""
    came = 0
    for piece in packed:
        came += len(piece)
        if came > bytes_max + _PIECE:
            raise too_large
        yield piece


def _headers(response: httpcore.Response) -> httpx.Headers:
    return httpx.Headers(response.headers)


def _silent(url: httpx.URL, error: Exception) -> OutsideRefused:
    """Bad TLS is a refusal: it does not pass by itself, and it may be an attack."""
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or "CERTIFICATE" in str(error).upper():
        return OutsideRefused(f"{_shown(url)} does not prove who it is: {error}", hint="Its owner must mend its TLS.")
    what = str(error) or type(error).__name__
    return OutsideSilent(f"{_shown(url)} did not answer: {what}", hint="Try again later.")


def _shown(url: httpx.URL) -> str:
    return str(url)[:200]


def _authorities() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if own := os.environ.get("SSL_CERT_FILE"):
        with suppress(OSError):
            context.load_verify_locations(cafile=own)
    return context
