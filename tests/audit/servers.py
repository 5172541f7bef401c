"""Servers that do not do what they should."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[str, dict[str, str]], Any]
"""(path, query) → bytes, a JSON value, or None for 404."""


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server whose answers a test makes up; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            told = answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(404 if told is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def dripping(first: bytes, every_s: float = 0.05) -> Iterator[str]:
    """A server that takes a request, sends `first`, and then a byte now and then for ever. Without `first`, nothing."""
    done = threading.Event()

    def hold(connection: socket.socket) -> None:
        with connection:
            connection.recv(4096)
            if not first:
                done.wait(30)
                return
            try:
                connection.sendall(first)
                while not done.wait(every_s):
                    connection.sendall(b"a")
            except OSError:
                return

    def accept(listener: socket.socket) -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=hold, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
