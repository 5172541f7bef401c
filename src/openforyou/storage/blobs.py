"""Media bytes behind one small protocol: a folder by default, an S3-compatible store by URL.

A blob appears whole or not at all: it is written under a temporary name and moved into place. Keys are
relative paths made by OpenForYou (`items/<id>/720.mp4`), never by a user.
"""

from __future__ import annotations

import fcntl
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol, cast
from uuid import uuid4

import fsspec

from openforyou.core.errors import BadInput, NotFound

_KEY = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*(/[a-zA-Z0-9][a-zA-Z0-9_.-]*)*")
KEY_LENGTH_MAX = 200
CHUNK_BYTES = 1 << 20
STAGED_SUFFIX = ".part"


class Blobs(Protocol):
    """A store of immutable bytes under keys."""

    def put(self, key: str, source: Path) -> None:
        """Store the file `source` under `key`, whole or not at all; an older blob of that key is replaced."""
        ...

    def open(self, key: str) -> IO[bytes]:
        """The blob, readable and seekable. Raises `NotFound`."""
        ...

    def size(self, key: str) -> int:
        """Bytes. Raises `NotFound`."""
        ...

    def delete(self, key: str) -> None:
        """Remove it; no error when it is not there."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with `prefix`, in order."""
        ...

    def local_path(self, key: str) -> Path | None:
        """The blob as a file of this machine, where it is one, so that a server can send it without copying."""
        ...


class FsspecBlobs:
    """Blobs in any file system that fsspec knows: `file://`, `s3://bucket/prefix`, `memory://`."""

    def __init__(self, url: str, **options: Any) -> None:
        try:
            self._files, root = fsspec.core.url_to_fs(url, **options)
        except (ValueError, ImportError) as error:
            raise BadInput(
                f"The blob store {url} cannot be opened: {error}",
                hint="Use a folder, or s3://bucket/prefix after: pip install 'openforyou[s3]'.",
                field="OPENFORYOU_BLOBS",
            ) from error
        self._root = str(root).rstrip("/")
        self._is_local = "file" in self._files.protocol

    def put(self, key: str, source: Path) -> None:
        final = self._path(key)
        if not self._is_local:  # An object store shows an object only once it is whole.
            self._files.put_file(str(source), final)
            return
        target = Path(final)
        target.parent.mkdir(parents=True, exist_ok=True)
        with _staged(target.parent) as (staged, file), source.open("rb") as data:
            _remove_abandoned(target.parent)
            shutil.copyfileobj(data, file, CHUNK_BYTES)
            file.flush()
            staged.replace(target)

    def open(self, key: str) -> IO[bytes]:
        try:
            return cast("IO[bytes]", self._files.open(self._path(key), "rb"))
        except FileNotFoundError:
            raise _absent(key) from None

    def size(self, key: str) -> int:
        try:
            return int(self._files.size(self._path(key)))
        except FileNotFoundError:
            raise _absent(key) from None

    def delete(self, key: str) -> None:
        try:
            self._files.rm_file(self._path(key))
        except FileNotFoundError:
            return

    def keys(self, prefix: str = "") -> Iterator[str]:
        try:
            found = self._files.find(f"{self._root}/{prefix.rpartition('/')[0]}".rstrip("/"))
        except FileNotFoundError:
            return
        for path in sorted(found):
            key = path.removeprefix(self._root).lstrip("/")
            if key.startswith(prefix) and _KEY.fullmatch(key):
                yield key

    def local_path(self, key: str) -> Path | None:
        path = Path(self._path(key))
        return path if self._is_local and path.is_file() else None

    def _path(self, key: str) -> str:
        if len(key) > KEY_LENGTH_MAX or not _KEY.fullmatch(key):
            raise BadInput(f"Not a blob key: {key[:60]!r}.", hint="Keys are made by the platform.", field="key")
        return f"{self._root}/{key}"


def local_copy(blobs: Blobs, key: str, path: Path) -> Path:
    """The blob as a file of this machine: where it lies, or copied to `path` where the store is elsewhere.

    Raises `NotFound`; then nothing lies at `path` that was not there before.
    """
    local = blobs.local_path(key)
    if local is not None:
        return local
    with blobs.open(key) as blob, path.open("wb") as file:
        shutil.copyfileobj(blob, file, CHUNK_BYTES)
    return path


@contextmanager
def _staged(folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file under a temporary name, locked while it is written and gone on leaving."""
    while True:
        staged = folder / f".{uuid4().hex}{STAGED_SUFFIX}"
        with staged.open("xb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not staged.exists():  # Taken for abandoned in the moment before it was locked.
                continue
            try:
                yield staged, file
            finally:
                staged.unlink(missing_ok=True)
            return


def _remove_abandoned(folder: Path) -> None:
    """What a killed process left half written: the kernel dropped its lock."""
    for staged in folder.glob(f".*{STAGED_SUFFIX}"):
        with suppress(FileNotFoundError, BlockingIOError), staged.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            staged.unlink()


def _absent(key: str) -> NotFound:
    return NotFound(f"No blob {key}.", hint="It was deleted, or the blob store is not the one it was put into.")
