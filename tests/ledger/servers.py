"""Web servers of a log on the loopback address: a proper one, and ones that misbehave."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """The folder at an address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


Behaviour = Callable[[socket.socket, threading.Event], None]
"""What to do with a connection whose request was read; the event says that the test is over."""


class Misbehaving:
    """A server that answers each connection with `behaviour`."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._threads = [threading.Thread(target=self._accept)]
        self.requests = 0

    def __enter__(self) -> Misbehaving:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in list(self._threads):
            thread.join()
        self._listening.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                connection, _ = self._listening.accept()
                self.requests += 1
                thread = threading.Thread(target=self._answer, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            connection.recv(65536)
            self._behaviour(connection, self._over)


def answering(data: bytes) -> Behaviour:
    """These bytes, and the end."""
    return lambda connection, over: connection.sendall(data)


def dripping(data: bytes) -> Behaviour:
    """These bytes, and then one more every twentieth of a second, for a minute."""

    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)
        for _ in range(1200):
            if over.wait(0.05):
                return
            connection.sendall(b"x")

    return drip


def silent(connection: socket.socket, over: threading.Event) -> None:
    """Nothing, for a minute."""
    over.wait(60)


def ok(body: bytes, *headers: str) -> bytes:
    """A whole answer."""
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def zipped(body: bytes) -> bytes:
    """A whole answer under gzip."""
    return ok(gzip.compress(body), "Content-Encoding: gzip")
