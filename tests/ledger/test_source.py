"""Sources: the same files from a folder and over the web, and an end to every fetch whatever the other side does."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from openforyou.core.errors import BadInput
from openforyou.ledger.errors import Missing, SourceFailed
from openforyou.ledger.source import FolderSource, HttpSource, Source
from tests.ledger.logs import files, write_log
from tests.ledger.servers import Behaviour, Misbehaving, answering, dripping, ok, serve, silent, zipped

DEADLINE_S = 0.5
LONG_S = 30
"""Far more than any deadline here, far less than the servers' patience: who waits for this has been held up."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("log")
    write_log(made, 300)
    return made


@pytest.fixture(params=["folder", "web"])
def source(folder: Path, request: pytest.FixtureRequest) -> Iterator[Source]:
    if request.param == "folder":
        yield FolderSource(folder)
        return
    with serve(folder) as url, HttpSource(f"{url}/") as opened:
        yield opened


def test_a_log_reads_the_same_from_a_folder_and_over_the_web(folder: Path, source: Source) -> None:
    lying = {name: data for name, data in files(folder).items() if name != "checkpoint.signed"}
    assert {name: source.fetch(name, 1 << 20) for name in lying} == lying


def test_what_is_absent_is_missing_by_its_path(source: Source) -> None:
    for path in ("tile/0/007", "tile/entries/001.p/45"):
        with pytest.raises(Missing) as caught:
            source.fetch(path, 100)
        assert caught.value.path == path


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(source: Source) -> None:
    assert len(source.fetch("tile/0/000", 8192)) == 8192
    with pytest.raises(SourceFailed, match="tile/0/000 is larger than 8191 bytes"):
        source.fetch("tile/0/000", 8191)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../secret", "tile/0/../../secret", "tile/0/000\n", "checkpoint.signed", "http://x/checkpoint"],
)
def test_only_paths_of_a_log_are_ever_asked_for(source: Source, path: str) -> None:
    with pytest.raises(ValueError, match="not a path of a log"):
        source.fetch(path, 100)


def test_several_threads_may_read_at_once(folder: Path, source: Source) -> None:
    names = ["checkpoint", "tile/0/000", "tile/entries/000", "vkey"] * 10
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda name: source.fetch(name, 1 << 20), names))
    assert found == [(folder / name).read_bytes() for name in names]


def test_somebody_elses_folder_cannot_hold_a_reader_up(tmp_path: Path) -> None:
    (tmp_path / "tile/0").mkdir(parents=True)
    os.mkfifo(tmp_path / "tile/0/000")
    (tmp_path / "tile/0/001").symlink_to("/dev/zero")
    (tmp_path / "tile/0/002").mkdir()
    for name in ("000", "001", "002"):
        with pytest.raises(SourceFailed, match=f"tile/0/{name}"):
            FolderSource(tmp_path).fetch(f"tile/0/{name}", 8192)
    (tmp_path / "tile/entries").write_bytes(b"no folder")
    with pytest.raises(Missing):
        FolderSource(tmp_path).fetch("tile/entries/000", 8192)


# What a server may do to a reader

ENDLESS: dict[str, Behaviour] = {
    "never answers": silent,
    "drips its headers": dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "),
    "drips its body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n"),
    "drips chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1f40\r\n"),
    "sends headers and stops": lambda connection, over: (
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
        silent(connection, over),
    )[1],
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_one_deadline_ends_every_fetch_and_names_the_address(kind: str) -> None:
    with Misbehaving(ENDLESS[kind]) as server, HttpSource(server.url, timeout_s=DEADLINE_S) as source:
        began = monotonic()
        with pytest.raises(SourceFailed, match=rf"{server.url}/tile/0/000 did not answer in full within 0\.5 s"):
            source.fetch("tile/0/000", 8192)
        assert monotonic() - began < LONG_S


def test_a_server_that_takes_no_connection_ends_too() -> None:
    """Its queue is full: the connection hangs, as behind a firewall that drops."""
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(deaf.getsockname())
        with (
            HttpSource(f"http://127.0.0.1:{deaf.getsockname()[1]}", timeout_s=DEADLINE_S) as source,
            pytest.raises(SourceFailed, match="did not answer in full"),
        ):
            source.fetch("checkpoint", 1000)


WRONG: dict[str, tuple[bytes, str]] = {
    "an error": (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "answers with status 500"),
    "no content": (b"HTTP/1.1 204 No\r\n\r\n", "answers with status 204"),
    "a redirect": (b"HTTP/1.1 302 No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "redirects elsewhere"),
    "too much": (ok(bytes(9000)), "is larger than 8192 bytes"),
    "too much, packed small": (zipped(bytes(50_000_000)), "is larger than 8192 bytes"),
    "half a gzip": (ok(zipped(b"whole").split(b"\r\n\r\n")[1][:-9], "Content-Encoding: gzip"), "ends within its gzip"),
    "no gzip": (ok(b"plain text", "Content-Encoding: gzip"), "is not the gzip that it says"),
    "another packing": (ok(b"x", "Content-Encoding: br"), "compressed with 'br'"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", "cannot be fetched"),
    "half a body": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf", "cannot be fetched"),
    "nothing": (b"", "cannot be fetched"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_answer_names_the_address_and_what_is_wrong(kind: str) -> None:
    answer, words = WRONG[kind]
    with Misbehaving(answering(answer)) as server, HttpSource(server.url) as source:
        with pytest.raises(SourceFailed, match=words) as caught:
            source.fetch("tile/0/000", 8192)
        assert f"{server.url}/tile/0/000" in caught.value.message
        assert server.requests <= 3


def test_a_redirect_is_not_followed_anywhere() -> None:
    with Misbehaving(answering(ok(b"bait"))) as bait:
        answer = f"HTTP/1.1 302 Found\r\nLocation: {bait.url}/tile/0/000\r\nContent-Length: 0\r\n\r\n".encode()
        with (
            Misbehaving(answering(answer)) as server,
            HttpSource(server.url) as source,
            pytest.raises(SourceFailed, match="not followed"),
        ):
            source.fetch("tile/0/000", 8192)
        assert bait.requests == 0


def test_gzip_is_unpacked() -> None:
    with Misbehaving(answering(zipped(b"a tile"))) as server, HttpSource(server.url) as source:
        assert source.fetch("tile/0/000", 6) == b"a tile"


def test_a_connection_that_breaks_is_tried_again() -> None:
    attempts = count(1)

    def second_time_lucky(connection: socket.socket, over: threading.Event) -> None:
        if next(attempts) == 2:
            connection.sendall(ok(b"a tile"))

    with Misbehaving(second_time_lucky) as server, HttpSource(server.url) as source:
        assert source.fetch("tile/0/000", 100) == b"a tile"
        assert server.requests == 2


def test_nobody_there_is_an_error_with_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"http://127.0.0.1:{gone.getsockname()[1]}"
    with HttpSource(address) as source, pytest.raises(SourceFailed, match=f"{address}/checkpoint cannot be fetched"):
        source.fetch("checkpoint", 1000)


def test_closing_a_source_ends_what_it_waits_for() -> None:
    asked = threading.Event()

    def ask(connection: socket.socket, over: threading.Event) -> None:
        asked.set()
        silent(connection, over)

    with Misbehaving(ask) as server, ThreadPoolExecutor(1) as threads:
        source = HttpSource(server.url, timeout_s=LONG_S)
        waiting = threads.submit(source.fetch, "checkpoint", 1000)
        assert asked.wait(LONG_S)
        source.close()
        source.close()
        with pytest.raises(SourceFailed, match="the source was closed"):
            waiting.result(LONG_S)


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org", "file:///etc", "http://", "http://a/?x=1", "http://a:b", "//a"]
)
def test_an_address_that_cannot_be_a_logs_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        HttpSource(url)
    assert caught.value.field == "url"
