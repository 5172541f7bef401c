"""A listening socket and its address: what each command that serves does first."""

from __future__ import annotations

import socket

from openforyou.core.errors import Unavailable


def listening(host: str, port: int) -> socket.socket:
    """A listening socket, before anything else is started. Raises `Unavailable` when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)  # whoever comes before the server is ready waits instead of being refused
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {error.strerror}.", hint="Choose another with --port, or --port 0."
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """What to type into a browser. A name where there is one: passkeys do not work on bare addresses."""
    host, port = listener.getsockname()[:2]
    shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
