"""Which addresses may be asked.

Only those that anybody on the internet could ask as well: else a person who names an address to us would look, with our
eyes, into the network where we run. An IPv6 address that carries an IPv4 address within (mapped, 6to4, NAT64) is judged
by that one, for that is where it leads.

`ipaddress.is_global` alone does not do: it calls multicast global, it knows nothing of the address within, and its
tables changed between versions of Python (gh-113171). So IPv6 starts from the one block that is in use, 2000::/3.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from openforyou.core.errors import BadInput

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")
"""RFC 6052: the last four bytes are the IPv4 address that is meant."""
_UNICAST = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_SPECIAL_V4 = tuple(
    IPv4Network(block)
    for block in (
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # the anycast of 6to4 relays, withdrawn
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved
    )
)


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could ask it as well."""
    address = embedded(address)
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in block for block in _SPECIAL_V4)
    return address in _UNICAST and address.is_global and not any(address in block for block in _SPECIAL_V6)


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address leads to; any other as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address


def is_named(address: Address, networks: Sequence[Network]) -> bool:
    """Whether it lies in one of the operator's networks."""
    address = embedded(address)
    return any(address in network for network in networks)


def networks_of(text: str, field: str) -> tuple[Network, ...]:
    """As an operator writes them: `127.0.0.0/8, fd00::/8`. Raises `BadInput` naming `field`."""
    try:
        return tuple(ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as error:
        raise BadInput(
            f"{field} is no list of networks: {error}.", hint="Write as 10.1.0.0/16,fd00:1::/64.", field=field
        ) from error
