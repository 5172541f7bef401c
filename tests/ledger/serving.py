"""Witnesses on loopback for the tests of cosigning: an honest one over HTTP, and servers that do what a test says."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from openforyou.ledger.submission import SIZE_TYPE, Submission


class Answer(NamedTuple):
    """What a scripted witness answers."""

    status: int
    body: bytes
    kind: str = "text/plain"
    encoding: str = ""


Script = Callable[[Submission], Answer]
"""May raise what breaks the connection off."""


def conflict(size: int) -> Answer:
    """The answer of a witness that knows another size."""
    return Answer(409, b"%d\n" % size, SIZE_TYPE)


@contextmanager
def scripted(script: Script) -> Iterator[str]:
    """A server whose `add-checkpoint` does what `script` says; its address. Keeps connections, as a witness should."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/prefix/add-checkpoint"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                answer = script(Submission.parse(body))
            except ConnectionError:
                self.close_connection = True
                return
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.encoding:
                self.send_header("Content-Encoding", answer.encoding)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # a reader that left
    running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/prefix"
    finally:
        server.shutdown()
        running.join()
        server.server_close()


@contextmanager
def raw(behave: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server of bare bytes: `behave` has the connection, and an event that is set when the test is over."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        with connection:
            try:
                behave(connection, over)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=handle, args=(connection,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        accepting.join()
        for thread in threads:
            thread.join()
