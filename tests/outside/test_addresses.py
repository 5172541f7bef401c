"""Which addresses are public, in every spelling that leads to one that is not."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openforyou.core.errors import BadInput
from openforyou.outside.addresses import is_named, is_public, networks_of
from openforyou.outside.errors import OutsideRefused
from openforyou.outside.urls import checked_url

PRIVATE = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.1.2.3 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::a00:1
64:ff9b:1::7f00:1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1
fec0::1 ff02::1 ff0e::1
"""
PUBLIC = "1.1.1.1 8.8.8.8 93.184.215.14 2606:4700:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808"


@pytest.mark.parametrize("text", PRIVATE.split())
def test_what_is_not_public_is_not(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC.split())
def test_what_is_public_is(text: str) -> None:
    assert is_public(ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_address_within_an_address_is_judged_alike(address) -> None:
    number = int(address)
    for wrapped in ((0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80)):
        inner = ip_address(wrapped.to_bytes(16))
        assert is_public(inner) == is_public(address)


def test_the_operators_networks_hold_for_wrapped_addresses_too() -> None:
    networks = networks_of("127.0.0.0/8, fd00:1::/64", "X")
    assert networks == (ip_network("127.0.0.0/8"), ip_network("fd00:1::/64"))
    assert is_named(ip_address("127.9.9.9"), networks)
    assert is_named(ip_address("::ffff:127.0.0.1"), networks)
    assert not is_named(ip_address("10.0.0.1"), networks)
    assert networks_of("", "X") == ()
    with pytest.raises(BadInput, match="OPENFORYOU_OUTSIDE_ALLOW") as caught:
        networks_of("127.0.0.1/8", "OPENFORYOU_OUTSIDE_ALLOW")
    assert caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org:70/_x",
        "//example.org/",
        "example.org",
        "",
        "https://",
        "https://ada:secret@example.org/",
        "https://ada@example.org/",
        "https://example.org\\@127.0.0.1/",
        "http://exa mple.org/",
        "http://example.org/\r\nHost: inner",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://example.org:99999/",
        "http://[::1/",
        "http://" + "a" * 3_000,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(OutsideRefused) as caught:
        checked_url(url)
    assert caught.value.hint


def test_an_address_of_the_web_is_taken_in_one_form() -> None:
    assert str(checked_url("HTTPS://Bücher.example:443/a?b=c#d")) == "https://xn--bcher-kva.example/a?b=c"
    base = checked_url("https://example.org/a/b")
    assert str(checked_url("../c", base=base)) == "https://example.org/c"
    with pytest.raises(OutsideRefused):
        checked_url("javascript:alert(1)", base=base)
