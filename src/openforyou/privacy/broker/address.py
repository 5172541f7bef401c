"""Where a broker listens: a socket in a folder of this machine, or a port elsewhere behind mutual TLS."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from openforyou.core.errors import BadInput

SOCKET = "broker.sock"
SOCKET_PATH_BYTES_MAX = 107
"""What `sun_path` holds on Linux, without the final zero (unix(7))."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of one side: its certificate with the chain, the key, and the authority that the other side's leads to."""

    cert: str
    key: str
    ca: str


@dataclass(frozen=True, slots=True)
class Address:
    """A socket's `path`, or `host` and `port`."""

    path: Path | None = None
    host: str = ""
    port: int = 0

    @classmethod
    def read(cls, text: str, field: str = "OPENFORYOU_BROKER") -> Address:
        """From `unix:/path` or `tls://host:port`. Raises `BadInput` naming `field`."""
        if text.startswith("unix:") and text.removeprefix("unix:").startswith("/"):
            return cls(path=Path(text.removeprefix("unix:")))
        try:
            parsed = urlsplit(text)
            if parsed.scheme == "tls" and parsed.hostname and parsed.port and text == f"tls://{parsed.netloc}":
                return cls(host=parsed.hostname, port=parsed.port)
        except ValueError:
            pass
        raise BadInput(
            f"{field}: {text[:200]!r} is not the address of a broker.",
            hint="Give unix:/path/of/broker.sock or tls://host:port.",
            field=field,
        )

    def __str__(self) -> str:
        return f"unix:{self.path}" if self.path is not None else f"tls://{self.host}:{self.port}"


@contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A name of `path` that fits into a socket's address, while this lasts: through the open folder where it is long.

    Raises `BadInput` where the system has no such name.
    """
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = f"/proc/self/fd/{folder}/{path.name}"
        if not os.path.isdir(f"/proc/self/fd/{folder}") or len(os.fsencode(short)) > SOCKET_PATH_BYTES_MAX:
            raise BadInput(
                f"{path} is too long for the address of a socket ({SOCKET_PATH_BYTES_MAX} bytes).",
                hint="Use a shorter --data, or set OPENFORYOU_BROKER to unix:/a/short/path.",
            )
        yield short
    finally:
        os.close(folder)


def bound(path: Path, mode: int) -> socket.socket:
    """A listening socket at `path`; what lay there must be nobody's any more. Raises `OSError`, `BadInput`."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(path) as name:
            path.unlink(missing_ok=True)
            before = os.umask(0o777 & ~mode)
            try:
                listener.bind(name)
            finally:
                os.umask(before)
        listener.listen(64)
    except BaseException:
        listener.close()
        raise
    return listener


def bound_port(host: str, port: int) -> socket.socket:
    """A listening port. Raises `OSError`."""
    return socket.create_server((host, port), backlog=64)


def server_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 for a broker, which takes only those whose certificate leads to its authority. Raises `BadInput`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    return _loaded(context, tls)


def client_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 for whoever asks a broker, which must be the one of that name by its authority. Raises `BadInput`."""
    return _loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls)


def _loaded(context: ssl.SSLContext, tls: Tls) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        context.load_cert_chain(tls.cert, tls.key)
        context.load_verify_locations(tls.ca)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"The certificates of the broker cannot be used: {error}.",
            hint="Give three PEM files: the certificate, its key without a password, and the authority's certificate.",
        ) from error
    return context
