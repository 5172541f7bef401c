"""Connections that lead where they were checked to lead, and end in time.

httpcore asks its network backend for each connection. This one looks the name up itself, refuses it when any of its
addresses is not public, and connects to the very address that it checked: a name that says something else a moment
later (DNS rebinding) changes nothing. TLS and the Host header keep the name.

A timeout of a socket is for one call, so that a server which sends a byte a second would never trip it. So each call
gets what is left of one deadline.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Sequence
from time import monotonic

import httpcore
from httpcore import SOCKET_OPTION

from openforyou.outside.addresses import Address, Network, is_named, is_public
from openforyou.outside.errors import OutsideRefused, OutsideSilent
from openforyou.outside.names import Names
from openforyou.outside.types import Patience
from openforyou.outside.urls import PORTS, literal


class Deadline:
    """A moment after which nothing is waited for."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._ends_at = monotonic() + within_s

    def left(self, at_most_s: float | None = None) -> float:
        """Seconds left, `at_most_s` at the most. Raises `OutsideSilent` where there are none."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise OutsideSilent(f"No whole answer came within {self._within_s:g} s", hint="Try again later.")
        return left if at_most_s is None else min(left, at_most_s)


class Connecting(httpcore.NetworkBackend):
    """Opens the connections of one fetch. `networks` are those that the operator named: any port is open there."""

    def __init__(self, names: Names, networks: Sequence[Network], patience: Patience, deadline: Deadline) -> None:
        self._names = names
        self._networks = networks
        self._patience = patience
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()
        self.named = False
        """Whether the last connection leads into a network that the operator named."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is the time
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """To the first address of `host` that takes it, after all of them were checked."""
        for place in self._checked(host, port):
            try:
                within_s = self._deadline.left(self._patience.connect_s)
                opened = self._sockets.connect_tcp(str(place), port, within_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
                continue
            self.named = is_named(place, self._networks)
            return _Timed(opened, self._deadline)
        raise OutsideSilent(f"{host} port {port} takes no connection: {last}", hint="Try again later.") from last

    def _checked(self, host: str, port: int) -> Sequence[Address]:
        """Every address of `host`. Raises `OutsideRefused` where one of them may not be asked."""
        written = literal(host)
        within_s = self._deadline.left(self._patience.names_s)
        places = [written] if written is not None else self._names.addresses(host, within_s)
        if not places:
            raise OutsideRefused(f"There is no host {host[:100]}.", hint="Check the address's spelling.", field="url")
        strange = [place for place in places if not is_named(place, self._networks)]
        for place in strange:
            if not is_public(place):
                raise OutsideRefused(
                    f"{host[:100]} is not asked: it is at {place}, which is no public address.",
                    hint="Give an address that everybody on the internet can open. "
                    "An operator may name networks of their own in OPENFORYOU_OUTSIDE_ALLOW.",
                    field="url",
                )
        if strange and port not in PORTS:
            raise OutsideRefused(
                f"{host[:100]} is not asked at port {port}.",
                hint=f"Only {' and '.join(str(one) for one in sorted(PORTS))} are.",
                field="url",
            )
        return places


class _Timed(httpcore.NetworkStream):
    """A stream whose every call ends with the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        within_s = self._deadline.left(timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, within_s), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
