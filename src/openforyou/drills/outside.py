"""What a platform must be told so that it asks the servers elsewhere, which a drill runs, instead of the internet."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType
from typing import Self

from openforyou.drills.elsewhere import LOOPBACK, Elsewhere
from openforyou.drills.id_provider import CLIENT_ID, CLIENT_SECRET, HOST
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import DnsNames

NETWORK = "127.0.0.0/8"


class Outside:
    """A context manager: servers elsewhere, and a platform's settings for them. `port` is where it should listen, for
    its public address stands in the settings before it starts."""

    def __init__(self, folder: Path, hosts: Sequence[str]) -> None:
        self.there = Elsewhere(folder, hosts)
        self.port = _free_port()
        self._folder = folder

    def __enter__(self) -> Self:
        self.there.__enter__()
        (self._folder / "authority.pem").write_text(self.there.authority.pem())
        club = {
            "platform": "club",
            "title": "The club",
            "issuer": f"https://{self.there.at(HOST)}",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
        (self._folder / "providers.json").write_text(json.dumps([club]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.there.__exit__(kind, error, trace)

    def environment(self) -> dict[str, str]:
        """The settings, as an operator would set them."""
        return {
            "OPENFORYOU_ORIGIN": f"http://{LOOPBACK}:{self.port}",
            "OPENFORYOU_OUTSIDE_ALLOW": NETWORK,
            "OPENFORYOU_OUTSIDE_DNS": self.there.name_server,
            "OPENFORYOU_IDENTITY_PROVIDERS": str(self._folder / "providers.json"),
            "OPENFORYOU_PLC_DIRECTORY": f"https://{self.there.at('plc.example')}",
            "SSL_CERT_FILE": str(self._folder / "authority.pem"),
        }

    def fetcher(self) -> Fetcher:
        """Asks the same servers, for the drill itself."""
        return Fetcher(DnsNames(self.there.name_server), [ip_network(NETWORK)], trust=self.there.authority.trust())


def _free_port() -> int:
    with closing(socket.create_server((LOOPBACK, 0))) as listening:
        port: int = listening.getsockname()[1]
        return port
