"""What goes over the line: frames of a length and a JSON object, each within a limit and a deadline.

    frame     length (4 bytes, big-endian) ‖ so many bytes of JSON, an object
    question  {"v": 1, "id": TEXT, "op": NAME, "args": {…}}
    answer    {"v": 1, "id": the question's, "ok": {…}}, or {"v": 1, "id": …, "error": {"code", "error", "hint"?, "field"?}}

Bytes travel as URL-safe base 64. One question at a time on a line, and its answer before the next.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from time import monotonic
from typing import Any

import orjson

from openforyou.core.errors import BadInput, TooLarge

VERSION = 1
FRAME_BYTES_MAX = 4 << 20
_LENGTH = struct.Struct(">I")
_CHUNK = 1 << 16


class LineEnded(Exception):
    """The other side closed, or never was there: nothing more comes."""


class Line:
    """A connected socket, read and written in whole frames. For one thread at a time."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected

    def send(self, message: Mapping[str, Any], until: float) -> None:
        """Send a frame before `until`, a moment of `monotonic`. Raises `TooLarge`, `TimeoutError`, `LineEnded`."""
        body = orjson.dumps(message)
        if len(body) > FRAME_BYTES_MAX:
            raise TooLarge(
                f"A message to or from the broker has {len(body)} bytes.", hint=f"At most {FRAME_BYTES_MAX}: ask for less."
            )
        rest = memoryview(_LENGTH.pack(len(body)) + body)
        while rest:
            self._wait_until(until)
            try:
                rest = rest[self._socket.send(rest[:_CHUNK]) :]
            except TimeoutError:
                raise
            except OSError as error:
                raise LineEnded(str(error)) from error

    def receive(self, until: float, *, whole_within_s: float | None = None) -> dict[str, Any] | None:
        """The next frame before `until`; None where the other side left before it began. `whole_within_s`: how long it
        may take once it began. Raises `BadInput` for what is no frame, `TimeoutError`, `LineEnded`."""
        first = self._some(1, until)
        if not first:
            return None
        if whole_within_s is not None:
            until = monotonic() + whole_within_s
        (length,) = _LENGTH.unpack(first + self._all(_LENGTH.size - 1, until))
        if length > FRAME_BYTES_MAX:
            raise TooLarge(f"A frame of {length} bytes was announced.", hint=f"At most {FRAME_BYTES_MAX} are taken.")
        try:
            message = orjson.loads(self._all(length, until))
        except orjson.JSONDecodeError as error:
            raise BadInput(f"A frame holds no JSON: {error}.") from error
        if not isinstance(message, dict) or message.get("v") != VERSION:
            raise BadInput(f"A frame is not of version {VERSION}.", hint="Run the same OpenForYou on both sides.")
        return message

    def close(self) -> None:
        """Close it, also while another thread waits on it."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()

    def _all(self, count: int, until: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            more = self._some(min(count - len(data), _CHUNK), until)
            if not more:
                raise LineEnded("closed within a frame")
            data += more
        return bytes(data)

    def _some(self, at_most: int, until: float) -> bytes:
        self._wait_until(until)
        try:
            return self._socket.recv(at_most)
        except TimeoutError:
            raise
        except OSError as error:
            raise LineEnded(str(error)) from error

    def _wait_until(self, until: float) -> None:
        left = until - monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        try:
            self._socket.settimeout(left)
        except OSError as error:
            raise LineEnded(str(error)) from error
