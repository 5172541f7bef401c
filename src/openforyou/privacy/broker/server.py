"""The broker's ear: takes connections, knows who is there, and has each question answered within its limits.

A connection has a thread, of which there are `CONNECTIONS_MAX`; who comes then is told so. A frame that began must be
whole within `FRAME_S`; a connection that says nothing for `IDLE_S` is closed. What goes wrong within an operation is
logged without its arguments, and answered without them.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
import ssl
import struct
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from openforyou.core.errors import BadInput, Conflict, OpenForYouError
from openforyou.privacy.broker.frames import VERSION, Line, LineEnded
from openforyou.privacy.broker.operations import Operation, Peer

CONNECTIONS_MAX = 64
IDLE_S = 600.0
FRAME_S = 10.0
ANSWER_S = 10.0
ID_CHARACTERS_MAX = 64
LOCK = "lock"
_BUSY = {"code": "broker_busy", "error": "The broker has too many connections.", "hint": "Try again in a moment."}
_FAILED = {"code": "unavailable", "error": "The broker failed at this.", "hint": "Its operator looks into its log."}
_log = logging.getLogger(__name__)


class Running(Conflict):
    """A broker serves that folder already."""

    code = "broker_runs"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """No other broker serves the folder while this lasts. Raises `Running`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Running(
                f"A broker serves {folder} already.", hint="Use that one, or stop it first."
            ) from None
        yield
    finally:
        os.close(descriptor)


class Server:
    """Answers at a listening socket from its creation to its close. `peers`: the users that may ask over a socket of
    this machine; over TLS it is the certificate that counts."""

    def __init__(
        self,
        listener: socket.socket,
        operations: Mapping[str, Operation],
        *,
        peers: Collection[int] = (),
        tls: ssl.SSLContext | None = None,
        connections_max: int = CONNECTIONS_MAX,
    ) -> None:
        assert tls is not None or listener.family == socket.AF_UNIX, "a port is never open without TLS"
        self._listener = listener
        self._operations = operations
        self._peers = frozenset(peers) or frozenset({os.getuid()})
        self._tls = tls
        self._free = threading.BoundedSemaphore(connections_max)
        self._lock = threading.Lock()
        self._closed = False
        self._lines: set[Line] = set()
        self._threads: set[threading.Thread] = set()
        self._thread = threading.Thread(target=self._listen, name="broker", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more, end the connections, and wait for what is being answered. May be called twice."""
        with self._lock:
            self._closed = True
            lines, threads = list(self._lines), list(self._threads)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in lines:
            line.close()
        for thread in (self._thread, *threads):
            thread.join(ANSWER_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listen(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                if self._closed or self._listener.fileno() < 0:
                    return
                _log.exception("a connection could not be taken")
                threading.Event().wait(0.1)  # out of descriptors, say: others are about to close
                continue
            self._begin(connected)

    def _begin(self, connected: socket.socket) -> None:
        if not self._free.acquire(blocking=False):
            with suppress(OSError, LineEnded, TimeoutError):
                Line(connected).send({"v": VERSION, "id": "", "error": _BUSY}, monotonic() + 0.1)
            connected.close()
            return
        thread = threading.Thread(target=self._serve, args=(connected,), name="broker-line", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _serve(self, connected: socket.socket) -> None:
        line: Line | None = None
        try:
            who, connected = self._meet(connected)
            line = Line(connected)
            with self._lock:
                if self._closed:
                    return
                self._lines.add(line)
            while self._answer_one(line, who):
                pass
        except (TimeoutError, LineEnded, OSError):
            pass  # they left, or are too slow
        except OpenForYouError as error:
            _log.warning("a connection was ended: %s", error)
        except Exception:
            _log.exception("a connection was ended")
        finally:
            (line or Line(connected)).close()
            with self._lock:
                self._lines.discard(line) if line is not None else None
                self._threads.discard(threading.current_thread())
            self._free.release()

    def _meet(self, connected: socket.socket) -> tuple[Peer, socket.socket]:
        """Who is there. Raises `BadInput` where it is nobody who may ask."""
        connected.settimeout(FRAME_S)
        if self._tls is not None:
            secured = self._tls.wrap_socket(connected, server_side=True)
            subject = dict(part[0] for part in (secured.getpeercert() or {}).get("subject", ()) if part)
            return Peer(name=str(subject.get("commonName", ""))), secured
        uid = peer_uid(connected)
        if uid is not None and uid not in self._peers:
            raise BadInput(f"The user {uid} of this machine may not ask this broker.")
        return Peer(uid=uid), connected

    def _answer_one(self, line: Line, who: Peer) -> bool:
        question = line.receive(monotonic() + IDLE_S, whole_within_s=FRAME_S)
        if question is None:
            return False
        asked = question.get("id")
        if not isinstance(asked, str) or len(asked) > ID_CHARACTERS_MAX:
            return False
        answer: dict[str, Any] = {"v": VERSION, "id": asked}
        try:
            answer["ok"] = self._answer(question, who)
            line.send(answer, monotonic() + ANSWER_S)
        except (TimeoutError, LineEnded):
            raise
        except OpenForYouError as error:
            line.send({"v": VERSION, "id": asked, "error": error.as_dict()}, monotonic() + ANSWER_S)
        except Exception as error:
            # Not its words nor its trace: they might hold what was sealed.
            _log.error("the operation %r failed: %s", question.get("op"), type(error).__name__)
            line.send({"v": VERSION, "id": asked, "error": _FAILED}, monotonic() + ANSWER_S)
        return True

    def _answer(self, question: Mapping[str, Any], who: Peer) -> Mapping[str, Any]:
        name, arguments = question.get("op"), question.get("args")
        operation = self._operations.get(name) if isinstance(name, str) else None
        if operation is None:
            raise BadInput("The broker knows no such operation.", hint="Run the same OpenForYou on both sides.")
        if not isinstance(arguments, dict):
            raise BadInput("The arguments are no object.")
        return operation(arguments, who)


def peer_uid(connected: socket.socket) -> int | None:
    """The user at the other end of a socket of this machine (SO_PEERCRED, unix(7)); None where the system does not say:
    then the rights of the socket's folder decide alone."""
    option: int | None = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    form = struct.Struct("3i")
    _, uid, _ = form.unpack(connected.getsockopt(socket.SOL_SOCKET, option, form.size))
    return int(uid)
