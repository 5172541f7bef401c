"""Ways in which an archive comes: zip, tar (also gzipped), a folder, or one file by itself."""

from __future__ import annotations

import gzip
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO

from openforyou.ingest.imports.archive import CHUNK_BYTES, Archive, ArchiveLimits, Member
from openforyou.ingest.imports.errors import BadArchive

DIRECTORY_ENTRY_BYTES = 46
"""The least that a file takes in a zip's directory (APPNOTE 4.3.12): its size bounds how many there can be."""
END_BYTES = 22 + (1 << 16)
GZIP, ZIP_STARTS = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


@contextmanager
def opened(path: Path, name: str, limits: ArchiveLimits, folder: Path) -> Iterator[Archive]:
    """The archive at `path`, called `name` by its owner. `folder` is to work in: a gzipped tar is unpacked there once.

    Raises `BadArchive` for what is damaged, too large, or built to unpack to more than it should.
    """
    with ExitStack() as stack:
        if path.is_dir():
            members: Callable[[], Iterator[Member]] = partial(_of_folder, path)
        elif not path.is_file():
            raise BadArchive(name, "is not a file or a folder that can be read", "Check the path.")
        else:
            members = _of_file(path, name, limits, folder, stack)
        try:
            archive = Archive(name, members(), limits)
        except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, struct.error, ValueError) as error:
            raise BadArchive(name, "is damaged or cut short") from error
        yield archive


def _of_file(
    path: Path, name: str, limits: ArchiveLimits, folder: Path, stack: ExitStack
) -> Callable[[], Iterator[Member]]:
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(ZIP_STARTS):
        return partial(_of_zip, _zip(path, name, limits, stack), name, path.stat().st_size, limits)
    if head.startswith(GZIP):
        path, head = _ungzipped(path, name, limits, folder)
    if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        return partial(_of_tar, _tar(path, name, stack), path.stat().st_size)
    if not head.strip(b"\0"):
        raise BadArchive(name, "is empty")
    return partial(_of_one, path, name)


# Zip


def _zip(path: Path, name: str, limits: ArchiveLimits, stack: ExitStack) -> zipfile.ZipFile:
    """Opened, after a look at how long its directory is: it is read into memory as a whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - END_BYTES))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        raise BadArchive(name, "is cut short: the directory at its end is missing")
    length = int.from_bytes(tail[place + 12 : place + 16], "little")
    wide = tail.rfind(b"PK\x06\x06", 0, place)
    if length == 0xFFFFFFFF and wide >= 0:
        length = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    most = limits.entries_max * (DIRECTORY_ENTRY_BYTES + 150)
    if length > min(size, most):
        raise BadArchive(name, f"claims a directory of {length / 1e6:,.0f} MB")
    try:
        return stack.enter_context(zipfile.ZipFile(path))
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, EOFError, OSError) as error:
        raise BadArchive(name, "is damaged or cut short") from error


def _of_zip(archive: zipfile.ZipFile, name: str, size_bytes: int, limits: ArchiveLimits) -> Iterator[Member]:
    infos = archive.infolist()
    packed, whole = sum(info.compress_size for info in infos), sum(info.file_size for info in infos)
    if packed > size_bytes:
        raise BadArchive(name, "is a bomb: its files lie over one another")
    if whole > limits.ratio_from_bytes and whole > limits.ratio_max * max(1, packed):
        raise BadArchive(name, f"is a bomb: it unpacks to {whole / max(1, packed):,.0f} times its size")
    for info in infos:
        if not info.is_dir():
            why = _why_not_zip(info, limits)
            yield Member(info.orig_filename, info.file_size, partial(_read_zip, archive, info), _zip_time(info), why)


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Ends at the size that the directory claims, and raises where the bytes are not those that were packed."""
    return archive.open(info)


def _why_not_zip(info: zipfile.ZipInfo, limits: ArchiveLimits) -> str:
    mode = info.external_attr >> 16
    if info.flag_bits & 0x1:
        return "it is encrypted"
    if info.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "it is a link or a device, not a file"
    if info.compress_type not in METHODS:
        return f"it is packed by a method that is not known (number {info.compress_type})"
    if info.file_size > limits.ratio_from_bytes and info.file_size > limits.ratio_max * max(1, info.compress_size):
        return f"it would unpack to {info.file_size / max(1, info.compress_size):,.0f} times its size"
    return ""


def _zip_time(info: zipfile.ZipInfo) -> datetime | None:
    try:
        return datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        return None


# Tar


def _ungzipped(path: Path, name: str, limits: ArchiveLimits, folder: Path) -> tuple[Path, bytes]:
    """Unpacked into `folder` once, because a gzipped tar can only be read from its beginning; and its first bytes."""
    target, whole = folder / "archive.tar", 0
    packed = max(1, path.stat().st_size)
    try:
        with gzip.open(path) as file, target.open("wb") as copy:
            while piece := file.read(CHUNK_BYTES):
                whole += len(piece)
                if whole > limits.ratio_from_bytes and whole > limits.ratio_max * packed:
                    raise BadArchive(name, f"is a bomb: it unpacks to over {limits.ratio_max} times its size")
                if whole > limits.total_bytes_max:
                    raise BadArchive(name, f"unpacks to more than {limits.total_bytes_max / 1e9:,.0f} GB")
                copy.write(piece)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadArchive(name, "is damaged or cut short") from error
    with target.open("rb") as file:
        return target, file.read(512)


def _tar(path: Path, name: str, stack: ExitStack) -> tarfile.TarFile:
    try:
        return stack.enter_context(tarfile.open(path, "r:", errorlevel=2))
    except (tarfile.TarError, EOFError, ValueError, OSError) as error:
        raise BadArchive(name, "is damaged or cut short") from error


def _of_tar(archive: tarfile.TarFile, end: int) -> Iterator[Member]:
    for info in archive:
        if info.isdir():
            continue
        why = "" if info.isreg() else "it is a link or a device, not a file"
        if info.sparse is not None:
            why = "it is a sparse file"
        if not why and info.offset_data + info.size > end:
            raise EOFError(info.name)
        time = datetime.fromtimestamp(info.mtime, UTC) if 0 <= info.mtime < 2**33 else None
        yield Member(info.name, info.size, partial(_read_tar, archive, info), time, why)


def _read_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(info)
    assert file is not None, "only regular files are read"
    return file


# Folders and single files


def _of_folder(root: Path) -> Iterator[Member]:
    """Links inside are not followed."""
    for where, folders, files in os.walk(root):
        folders.sort()
        for file in sorted(files):
            path = Path(where, file)
            found = path.lstat()
            why = "" if stat.S_ISREG(found.st_mode) else "it is a link or a device, not a file"
            name = path.relative_to(root).as_posix()
            yield Member(name, found.st_size, partial(_read_path, path), _changed(found), why)


def _of_one(path: Path, name: str) -> Iterator[Member]:
    found = path.stat()
    yield Member(Path(name).name or "file", found.st_size, partial(_read_path, path), _changed(found))


def _read_path(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _changed(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
