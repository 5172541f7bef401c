"""Asking servers that mean harm. Every fetch ends, in time and in bytes, and none leads where it must not."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from time import monotonic

import httpx
import pytest

from openforyou.outside.addresses import Address
from openforyou.outside.errors import OutsideRefused, OutsideSilent
from openforyou.outside.fetcher import Fetcher
from openforyou.outside.names import Zone
from openforyou.outside.types import Patience
from tests.ledger.servers import Behaviour, Misbehaving, answering, dripping, ok, silent
from tests.outside.certificates import Authority, serving_tls

LOOPBACK = (ip_network("127.0.0.0/8"),)
PATIENCE = Patience(connect_s=1, names_s=1, get_s=0.6, download_s=0.6, redirects_max=3)


@pytest.fixture
def fetcher() -> Fetcher:
    """May ask the loopback address, by the names of a zone."""
    return Fetcher(Zone({"ada.example": ["127.0.0.1"]}), LOOPBACK, patience=PATIENCE)


@pytest.fixture
def stranger() -> Fetcher:
    """As an operator has it who named no network."""
    zone = Zone(
        {
            "inner.example": ["127.0.0.1"],
            "half.example": ["93.184.215.14", "10.0.0.1"],
            "mapped.example": ["::ffff:127.0.0.1"],
        }
    )
    return Fetcher(zone, patience=PATIENCE)


def test_an_answer_has_what_was_sent(fetcher: Fetcher) -> None:
    with Misbehaving(answering(ok(b"hello", "Content-Type: text/html; charset=utf-8"))) as server:
        answer = fetcher.get(server.url + "/page#part")
        assert answer.url == server.url + "/page"
    assert (answer.status, answer.body, answer.size_bytes, answer.ok) == (200, b"hello", 5, True)
    assert answer.media_type == "text/html"
    assert answer.authentic  # by a network that the operator named
    assert answer.hops == ()


def test_it_says_who_asks_and_nothing_else(tmp_path: Path) -> None:
    asked: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            asked.append(connection.recv(65536))
            connection.sendall(ok(b"", "Set-Cookie: a=b"))

    thread = threading.Thread(target=serve)
    thread.start()
    fetcher = Fetcher(Zone({"ada.example": ["127.0.0.1"]}), LOOPBACK, origin="https://here.example", patience=PATIENCE)
    port = listening.getsockname()[1]
    fetcher.get(f"http://ada.example:{port}/x?y=z", accept="text/html")
    thread.join()
    listening.close()
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /x?y=z HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert headers.pop("User-Agent").startswith("OpenForYou/")
    assert headers == {
        "Host": f"ada.example:{port}",
        "Accept": "text/html",
        "Accept-Encoding": "gzip, identity",
        "Connection": "close",
    }
    assert "(+https://here.example)" in fetcher.user_agent


def test_no_proxy_is_taken_from_the_environment(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    with Misbehaving(answering(ok(b"proxy"))) as proxy, Misbehaving(answering(ok(b"meant"))) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert fetcher.get(server.url).body == b"meant"
        assert proxy.requests == 0


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:7f00:1]", "inner.example", "INNER.example.", "half.example", "mapped.example"],
)
def test_no_private_address_is_asked(stranger: Fetcher, host: str) -> None:
    with Misbehaving(answering(ok(b"secret"))) as server:
        port = httpx.URL(server.url).port
        with pytest.raises(OutsideRefused, match="no public address") as caught:
            stranger.get(f"http://{host}:{port}/")
        assert "OPENFORYOU_OUTSIDE_ALLOW" in caught.value.hint
        assert server.requests == 0


def test_a_port_of_something_else_is_not_asked() -> None:
    zone = Zone({"mail.example": ["93.184.215.14"]})
    with pytest.raises(OutsideRefused, match="port 25"):
        Fetcher(zone, patience=PATIENCE).get("http://mail.example:25/")


def test_a_host_that_is_none_is_said(fetcher: Fetcher) -> None:
    with pytest.raises(OutsideRefused, match=r"no host nobody\.example"):
        fetcher.get("https://nobody.example/")


class Turning:
    """Names that say something else each time they are asked: DNS rebinding."""

    def __init__(self, *turns: str) -> None:
        self._turns = list(turns)
        self.asked = 0

    def addresses(self, host: str, within_s: float) -> Sequence[Address]:
        self.asked += 1
        return [ip_address(self._turns[min(self.asked, len(self._turns)) - 1])]

    def texts(self, name: str, within_s: float) -> Sequence[str]:
        return []


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    with Misbehaving(answering(ok(b"checked"))) as server:
        names = Turning("127.0.0.1", "127.0.0.2")
        port = httpx.URL(server.url).port
        assert Fetcher(names, LOOPBACK, patience=PATIENCE).get(f"http://ada.example:{port}").body == b"checked"
        assert names.asked == 1


def test_a_redirect_is_looked_up_and_checked_anew() -> None:
    """The first answer comes from an allowed address; by the second look the name leads elsewhere."""
    with Misbehaving(answering(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")) as server:
        names = Turning("127.0.0.1", "169.254.169.254")
        port = httpx.URL(server.url).port
        with pytest.raises(OutsideRefused, match=r"169\.254\.169\.254"):
            Fetcher(names, LOOPBACK, patience=PATIENCE).get(f"http://ada.example:{port}")
        assert server.requests == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://[fd00::1]/",
        "//169.254.169.254/latest/",
        "file:///etc/passwd",
        "http://a:b@ada.example/",
    ],
)
def test_no_redirect_leads_where_it_must_not(fetcher: Fetcher, target: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    with Misbehaving(answering(answer)) as server, pytest.raises(OutsideRefused):
        fetcher.get(server.url)


def test_redirects_are_followed_and_told_and_have_an_end(fetcher: Fetcher) -> None:
    with Misbehaving(answering(ok(b"there"))) as end:
        step = f"HTTP/1.1 301 Moved\r\nLocation: {end.url}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with Misbehaving(answering(step)) as first:
            answer = fetcher.get(first.url + "/")
            assert (answer.url, answer.body, answer.hops) == (end.url + "/x", b"there", (first.url + "/",))
    around = b"HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"
    with Misbehaving(answering(around)) as server:
        with pytest.raises(OutsideRefused, match="more than 3"):
            fetcher.get(server.url)
        assert server.requests == 4


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: "),
        dripping(b""),
    ],
    ids=["silent", "body", "headers", "status"],
)
def test_a_server_that_drips_is_left(fetcher: Fetcher, behaviour: Behaviour, tmp_path: Path) -> None:
    """Not a measurement: without a deadline of the whole, a server that sends on would hold us for a minute."""
    with Misbehaving(behaviour) as server:
        began = monotonic()
        with pytest.raises(OutsideSilent) as caught:
            fetcher.get(server.url)
        with pytest.raises(OutsideSilent):
            fetcher.download(server.url, tmp_path / "part", bytes_max=1000)
        assert monotonic() - began < 20
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def endless(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    with suppress(OSError):
        while not over.is_set():
            connection.sendall(b"x" * 65536)


def endless_nothing(connection: socket.socket, over: threading.Event) -> None:
    """Gzip that goes on and unpacks to nothing: empty stored blocks."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + packer.compress(b""))
    block = packer.flush(zlib.Z_SYNC_FLUSH)
    with suppress(OSError):
        while not over.is_set():
            connection.sendall(block + b"\x00\x00\x00\xff\xff" * 10_000)


def many_headers(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    with suppress(OSError):
        while not over.is_set():
            connection.sendall(b"X-More: " + b"y" * 65536 + b"\r\n")


@pytest.mark.parametrize(
    "behaviour",
    [
        endless,
        endless_nothing,
        many_headers,
        answering(ok(b"y" * 2_000)),
        answering(ok(gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")),
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx"),
    ],
    ids=["endless", "endless nothing", "headers", "too long", "bomb", "declared"],
)
def test_no_more_is_taken_than_was_asked_for(behaviour: Behaviour, tmp_path: Path) -> None:
    fetcher = Fetcher(Zone(), LOOPBACK, patience=Patience(get_s=30, download_s=30))
    with Misbehaving(behaviour) as server:
        with pytest.raises(OutsideRefused) as caught:
            fetcher.get(server.url, bytes_max=1_000)
        assert not isinstance(caught.value, OutsideSilent)
        with pytest.raises(OutsideRefused):
            fetcher.download(server.url, tmp_path / "part", bytes_max=1_000)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 1_000_000])
def test_gzip_is_unpacked_whole(fetcher: Fetcher, size: int) -> None:
    body = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    with Misbehaving(answering(ok(gzip.compress(body), "Content-Encoding: gzip"))) as server:
        assert fetcher.get(server.url).body == body


@pytest.mark.parametrize(
    "answer",
    [
        ok(gzip.compress(b"x" * 5_000)[:-9], "Content-Encoding: gzip"),
        ok(b"plain", "Content-Encoding: gzip"),
        ok(b"packed", "Content-Encoding: br"),
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
    ],
    ids=["half gzip", "no gzip", "brotli", "ssh", "short"],
)
def test_an_answer_that_is_not_what_it_says_is_refused(fetcher: Fetcher, answer: bytes) -> None:
    with Misbehaving(answering(answer)) as server, pytest.raises(OutsideRefused):
        fetcher.get(server.url)


def test_a_download_is_a_file_or_nothing(fetcher: Fetcher, tmp_path: Path) -> None:
    place = tmp_path / "file"
    with Misbehaving(answering(ok(gzip.compress(b"a" * 300_000), "Content-Encoding: gzip"))) as server:
        answer = fetcher.download(server.url, place, bytes_max=300_000)
        assert (answer.body, answer.size_bytes, place.read_bytes()) == (b"", 300_000, b"a" * 300_000)
        with pytest.raises(FileExistsError):
            fetcher.download(server.url, place, bytes_max=300_000)
        assert place.stat().st_size == 300_000
    with Misbehaving(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone")) as server:
        with pytest.raises(OutsideRefused, match="status 404"):
            fetcher.download(server.url, tmp_path / "other", bytes_max=10)
        assert fetcher.get(server.url).status == 404
    assert list(tmp_path.iterdir()) == [place]


def test_tls_is_for_the_name_and_its_authority_must_be_known(tmp_path: Path) -> None:
    zone = Zone({"ada.example": ["127.0.0.1"], "eve.example": ["127.0.0.1"]})
    authority = Authority()
    fetcher = Fetcher(zone, LOOPBACK, patience=PATIENCE, trust=authority.trust())
    with serving_tls(authority.server("ada.example", tmp_path)) as (port, hosts):
        answer = fetcher.get(f"https://ada.example:{port}/")
        assert (answer.body, answer.authentic, hosts) == (b"hello", True, [f"ada.example:{port}"])
        for url in (f"https://eve.example:{port}/", f"https://127.0.0.1:{port}/"):
            with pytest.raises(OutsideRefused, match="prove who it is") as caught:
                fetcher.get(url)
            assert not isinstance(caught.value, OutsideSilent)
        with pytest.raises(OutsideRefused, match="prove who it is"):
            Fetcher(zone, LOOPBACK, patience=PATIENCE).get(f"https://ada.example:{port}/")
        assert len(hosts) == 1


def test_a_form_is_sent_to_its_address_alone(fetcher: Fetcher) -> None:
    with Misbehaving(answering(b"HTTP/1.1 307 Elsewhere\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")) as server:
        answer = fetcher.post(server.url, {"code": "secret"})
        assert (answer.status, server.requests) == (307, 1)
