"""Where a log is read from: a folder or a web address, behind one method that always ends.

The other side may be broken or hostile. So every fetch has a limit in bytes and, over the network, one deadline for all
of it; an answer that is late, too large, redirected or compressed in an unknown way is an error that names the address.
Paths are made here, from numbers (`tiles.py`), and never come from the other side.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import threading
import zlib
from concurrent.futures import CancelledError
from pathlib import Path
from types import TracebackType
from typing import Protocol

import httpx

from openforyou.core.errors import BadInput
from openforyou.ledger.errors import Missing, SourceFailed

CHECKPOINT = "checkpoint"
VKEY = "vkey"
CHECKPOINT_BYTES_MAX = 1 << 20
"""What a checkpoint with many cosignatures may take; a usual one has a few hundred bytes."""

TIMEOUT_S = 20.0
ATTEMPTS_MAX = 3
RETRY_AFTER_S = 0.1
CONNECTIONS_MAX = 8

_CONNECTION_ERRORS = (httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""What a restarted server or a closed idle connection gives; a repeated GET does no harm."""

_PATH = re.compile(r"(checkpoint|vkey|tile/(entries|[0-9]{1,2})/(x[0-9]{3}/){0,6}[0-9]{3}(\.p/[0-9]{1,3})?)", re.ASCII)


class Source(Protocol):
    """A log's files, read-only. Safe for several threads."""

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        """The file at `path`, relative to the log. Raises `Missing` where there is none, and `SourceFailed` where the
        source does not answer in time or the file is larger than `limit_bytes`."""
        ...


class FolderSource:
    """A log in a folder of this machine, one's own or a copy of somebody's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        _require_log_path(path)
        place = self._folder / path
        try:
            # Not waiting for a pipe, and reading none: in somebody else's folder it would never end.
            opened = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if not stat.S_ISREG(os.fstat(opened).st_mode):
                    raise SourceFailed(f"{place} is not a file")
                with open(opened, "rb", closefd=False) as file:
                    data = file.read(limit_bytes + 1)
            finally:
                os.close(opened)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing(path) from None
        except OSError as error:
            raise SourceFailed(f"{place} cannot be read: {error.strerror}") from error
        if len(data) > limit_bytes:
            raise SourceFailed(f"{place} is larger than {limit_bytes} bytes")
        return data


class HttpSource:
    """A log below `url`, over HTTP. A fetch ends within `timeout_s` seconds in all, retries included. Close it after
    use.

    httpx's time-outs are for each network call, so that a server that sends a byte a second would never trip them.
    The requests therefore run as tasks on an event loop in a thread of this source's own, where one deadline cancels
    whatever they wait for: the name, the connection, TLS, the headers or the body. Redirects are not followed: paths
    come from here and never from the server. Gzip is taken, as the format allows.
    """

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S) -> None:
        parsed = _parse(url)
        self._url = str(parsed).rstrip("/")
        self._timeout_s = timeout_s
        self._client = httpx.AsyncClient(
            timeout=timeout_s,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
            headers={"Accept-Encoding": "gzip, identity", "User-Agent": "openforyou-verify"},
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="log-source", daemon=True)
        self._thread.start()

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        _require_log_path(path)
        address = f"{self._url}/{path}"
        running = asyncio.run_coroutine_threadsafe(self._fetch(address, path, limit_bytes), self._loop)
        try:
            return running.result()
        except TimeoutError:
            raise SourceFailed(
                f"{address} did not answer in full within {self._timeout_s:g} s",
                hint="Try again later, or verify a copy of the log's folder.",
            ) from None
        except CancelledError:
            raise SourceFailed(f"{address} was not fetched: the source was closed") from None
        except httpx.HTTPError as error:
            raise SourceFailed(f"{address} cannot be fetched: {str(error) or type(error).__name__}") from error

    def close(self) -> None:
        """End what runs and close the connections. No fetch may follow."""
        if self._loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> HttpSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def _fetch(self, address: str, path: str, limit_bytes: int) -> bytes:
        async with asyncio.timeout(self._timeout_s):
            for attempt in range(1, ATTEMPTS_MAX + 1):
                try:
                    return await self._get(address, path, limit_bytes)
                except _CONNECTION_ERRORS:
                    if attempt == ATTEMPTS_MAX:
                        raise
                    await asyncio.sleep(RETRY_AFTER_S * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _get(self, address: str, path: str, limit_bytes: int) -> bytes:
        async with self._client.stream("GET", address) as response:
            if response.status_code in (404, 410):
                raise Missing(path, hint=f"It was asked for at {address}")
            if response.is_redirect:
                raise SourceFailed(
                    f"{address} redirects elsewhere, which is not followed",
                    hint="Give the address where the log itself is served.",
                )
            if response.status_code != 200:
                raise SourceFailed(f"{address} answers with status {response.status_code}")
            return await _body(response, address, limit_bytes)

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


async def _body(response: httpx.Response, address: str, limit_bytes: int) -> bytes:
    """The body, unpacked no further than the limit: a small answer may unpack to a very large one."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise SourceFailed(f"{address} is compressed with {encoding[:40]!r}, which was not asked for")
    unpack = None if encoding == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 16)
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += unpack.decompress(chunk, limit_bytes + 1 - len(body)) if unpack else chunk
            if len(body) > limit_bytes:
                raise SourceFailed(f"{address} is larger than {limit_bytes} bytes")
    except zlib.error as error:
        raise SourceFailed(f"{address} is not the gzip that it says: {error}") from error
    if unpack is not None and not unpack.eof:
        raise SourceFailed(f"{address} ends within its gzip")
    return bytes(body)


def _require_log_path(path: str) -> None:
    """Raises `ValueError` for anything that is not a path within a log: a caller's mistake, never bad input."""
    if not _PATH.fullmatch(path):
        raise ValueError(f"not a path of a log: {path[:80]!r}")


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadInput(f"{url[:200]!r} is not an address: {error}", field="url") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise BadInput(
            f"{url[:200]!r} is not the address of a log.",
            hint="Give http://HOST/PATH or https://HOST/PATH, the address above its `checkpoint`.",
            field="url",
        )
    return parsed
