"""Names: addresses and texts from the DNS, behind one protocol.

The machine's own resolver functions are not used: they read `localhost` and old spellings of numbers, and they cannot
be given a time. `Zone` holds names in memory, for worlds that have no DNS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.TXT import TXT

from openforyou.core.errors import BadInput
from openforyou.outside.addresses import Address
from openforyou.outside.errors import OutsideRefused, OutsideSilent

TEXTS_MAX = 100
ADDRESSES_MAX = 8
DNS_PORT = 53


class Names(Protocol):
    """Looks names up, within `within_s` seconds. Raises `OutsideSilent` where no name server answers."""

    def addresses(self, host: str, within_s: float) -> Sequence[Address]:
        """Where `host` is; empty: there is no such host."""
        ...

    def texts(self, name: str, within_s: float) -> Sequence[str]:
        """The TXT records of `name`, each joined of its parts; empty: it has none."""
        ...


class DnsNames:
    """By the name servers of the machine, or by `server`, as `192.0.2.53` or `192.0.2.53:5300`. Keeps nothing: a
    record is read as it is at that moment."""

    def __init__(self, server: str = "") -> None:
        self._server = _server(server) if server else None

    def addresses(self, host: str, within_s: float) -> Sequence[Address]:
        found = [*self._ask(host, dns.rdatatype.A, within_s), *self._ask(host, dns.rdatatype.AAAA, within_s)]
        return [ip_address(record.to_text()) for record in found[:ADDRESSES_MAX]]

    def texts(self, name: str, within_s: float) -> Sequence[str]:
        found = self._ask(name, dns.rdatatype.TXT, within_s)[:TEXTS_MAX]
        return [b"".join(record.strings).decode("utf-8", "replace") for record in found if isinstance(record, TXT)]

    def _ask(self, name: str, kind: dns.rdatatype.RdataType, within_s: float) -> list[dns.rdata.Rdata]:
        try:
            asked = dns.name.from_text(name)
            resolver = self._resolver()
            resolver.lifetime = within_s
            return list(resolver.resolve(asked, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel, dns.name.BadEscape) as error:
            raise OutsideRefused(f"{name[:100]!r} is no name of a host: {error}", hint="Check its spelling.") from error
        except (dns.exception.DNSException, OSError) as error:
            raise OutsideSilent(
                f"No name server answered for {name[:100]}: {type(error).__name__}", hint="Try again later."
            ) from error

    def _resolver(self) -> dns.resolver.Resolver:
        """A new one each time, for it carries the time of one question."""
        resolver = dns.resolver.Resolver(configure=self._server is None)
        if self._server is not None:
            host, resolver.port = self._server
            resolver.nameservers = [host]
        resolver.cache = None
        return resolver


class Zone:
    """Names in memory: host → addresses, and name → texts. May be changed while it is asked."""

    def __init__(
        self, hosts: Mapping[str, Sequence[str]] | None = None, texts: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.hosts = dict(hosts or {})
        self.records = dict(texts or {})

    def addresses(self, host: str, within_s: float) -> Sequence[Address]:  # noqa: ARG002 - nothing to wait for
        return [ip_address(one) for one in self.hosts.get(_plain(host), ())]

    def texts(self, name: str, within_s: float) -> Sequence[str]:  # noqa: ARG002 - nothing to wait for
        return list(self.records.get(_plain(name), ()))


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def _server(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":") if text.count(":") == 1 else (text.strip(), "", "")
    try:
        return str(ip_address(host)), int(port or DNS_PORT)
    except ValueError as error:
        raise BadInput(
            f"{text[:100]!r} is no name server: {error}.", hint="Write 192.0.2.53 or 192.0.2.53:5300."
        ) from error
