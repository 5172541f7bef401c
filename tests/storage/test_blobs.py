"""Every blob store keeps the same promises: a folder, memory, and an S3-compatible server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from openforyou.core.errors import BadInput, NotFound
from openforyou.storage.blobs import Blobs, FsspecBlobs


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A local S3-compatible server with one bucket; the address is its endpoint."""
    import boto3
    from moto.server import ThreadedMotoServer

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    before = {key: os.environ.get(key) for key in keys}
    os.environ.update(keys)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="media")
    yield endpoint
    server.stop()
    for key, value in before.items():
        os.environ.pop(key) if value is None else os.environ.update({key: value})


@pytest.fixture(params=["folder", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return FsspecBlobs(str(tmp_path / "blobs"))
    if request.param == "memory":
        return FsspecBlobs(f"memory://{uuid4().hex}")
    endpoint = request.getfixturevalue("s3")
    return FsspecBlobs(f"s3://media/{uuid4().hex}", client_kwargs={"endpoint_url": endpoint})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.bin"
    path.write_bytes(bytes(range(256)) * 10)
    return path


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_what_was_put_is_there_whole_and_can_be_read_from_any_place(blobs: Blobs, source: Path) -> None:
    blobs.put("items/a/720p.mp4", source)
    assert blobs.size("items/a/720p.mp4") == 2560
    with blobs.open("items/a/720p.mp4") as file:
        file.seek(2558)
        assert file.read() == b"\xfe\xff"


def test_putting_again_replaces(blobs: Blobs, source: Path) -> None:
    blobs.put("a/b", source)
    source.write_bytes(b"new")
    blobs.put("a/b", source)
    with blobs.open("a/b") as file:
        assert file.read() == b"new"


def test_keys_are_listed_by_prefix_in_order_and_deleted_ones_are_gone(blobs: Blobs, source: Path) -> None:
    for key in ("items/b/x", "items/a/x", "uploads/c"):
        blobs.put(key, source)
    assert list(blobs.keys("items/")) == ["items/a/x", "items/b/x"]
    blobs.delete("items/a/x")
    blobs.delete("items/a/x")
    assert list(blobs.keys()) == ["items/b/x", "uploads/c"]


def test_what_is_absent_says_so(blobs: Blobs) -> None:
    assert list(blobs.keys()) == []
    for ask in (blobs.size, blobs.open):
        with pytest.raises(NotFound):
            ask("items/none/x")
    assert blobs.local_path("items/none/x") is None


@pytest.mark.parametrize("key", ["", "/etc/passwd", "../x", "a/../b", "a//b", "a/.hidden", "a\x00b", "x" * 201])
def test_a_key_cannot_leave_the_store(blobs: Blobs, source: Path, key: str) -> None:
    with pytest.raises(BadInput):
        blobs.put(key, source)
    with pytest.raises(BadInput):
        blobs.open(key)


def test_a_failed_put_leaves_nothing(tmp_path: Path) -> None:
    store = FsspecBlobs(str(tmp_path / "blobs"))
    with pytest.raises(OSError, match="No such file"):
        store.put("a/b", tmp_path / "absent")
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []


def test_a_url_that_nothing_knows_says_what_to_use() -> None:
    with pytest.raises(BadInput, match="s3://bucket"):
        FsspecBlobs("nosuch://x")


def test_what_a_killed_process_left_half_written_goes_with_the_next_put(tmp_path: Path, source: Path) -> None:
    blobs = FsspecBlobs(str(tmp_path / "blobs"))
    blobs.put("items/a/large.mp4", source)
    folder = tmp_path / "blobs" / "items" / "a"
    (folder / ".left.part").write_bytes(b"half")
    with (folder / ".busy.part").open("wb") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        blobs.put("items/a/small.mp4", source)
        names = sorted(path.name for path in folder.iterdir())
    assert names == [".busy.part", "large.mp4", "small.mp4"]
    assert list(blobs.keys("items/a/")) == ["items/a/large.mp4", "items/a/small.mp4"]
    assert list(blobs.keys("items/b/")) == []
    assert list(blobs.keys("ite")) == ["items/a/large.mp4", "items/a/small.mp4"]
