"""Archives built to do harm, and archives of many gigabytes: refused or skipped with the reason, and never loaded."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from openforyou.ingest.imports.archive import Archive, ArchiveLimits
from openforyou.ingest.imports.containers import opened
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import json_of, rows_of
from tests.ingest.imports.builders import zipped

LIMITS = ArchiveLimits(entries_max=50, total_bytes_max=400_000_000, document_bytes_max=1_000_000)


class Opening:
    """Opens archives for the length of a test."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder

    def __call__(self, path: Path, limits: ArchiveLimits = LIMITS) -> Archive:
        return self._stack.enter_context(opened(path, path.name, limits, self._folder))


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Opening]:
    folder = tmp_path / "work"
    folder.mkdir()
    with ExitStack() as stack:
        yield Opening(stack, folder)


def reasons(archive: Archive) -> str:
    return "\n".join(f"{one.what}: {one.reason}" for one in archive.refused)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../etc/passwd", "leads out"),
        ("a/../../b", "leads out"),
        ("/etc/passwd", "absolute"),
        ("C:\\windows\\x", "absolute"),
        ("\\\\server\\share", "absolute"),
        ("a\\b.txt", "backslashes"),
        ("new\nline", "control characters"),
        ("x" * 1_200, "longer than"),
    ],
)
def test_names_that_lead_elsewhere_are_not_read(look: Opening, tmp_path: Path, name: str, why: str) -> None:
    archive = look(zipped(tmp_path / "a.zip", {name: b"x", "fine.txt": b"y"}))
    assert archive.names == ("fine.txt",)
    assert why in reasons(archive)


def test_of_two_files_by_one_name_the_second_is_not_read(look: Opening, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"first")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", b"second")
    found = look(path)
    assert found.document("a.txt") == b"first"
    assert "same name" in reasons(found)


def test_links_and_devices_in_a_zip_are_not_read(look: Opening, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, mode in (("link", 0o120777), ("device", 0o060666), ("file", 0o100644)):
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, "/etc/passwd")
    found = look(path)
    assert found.names == ("file",)
    assert reasons(found).count("link or a device") == 2


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_not_read(look: Opening, tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        odd = tarfile.TarInfo("odd")
        odd.type, odd.linkname = kind, "/etc/passwd"
        archive.addfile(odd)
        fine = tarfile.TarInfo("fine")
        fine.size = 1
        archive.addfile(fine, io.BytesIO(b"x"))
    found = look(path)
    assert found.names == ("fine",)
    assert "link or a device" in reasons(found)


def test_links_in_a_folder_are_not_followed(look: Opening, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "fine").write_text("x")
    (folder / "odd").symlink_to("/etc/passwd")
    (folder / "out").symlink_to("/etc")
    found = look(folder)
    assert found.names == ("fine",)
    assert "link or a device" in reasons(found)


def test_a_bomb_of_one_file_is_refused_unread(look: Opening, tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as file:
        for _ in range(100):
            file.write(bytes(1_000_000))
    with pytest.raises(BadArchive, match="bomb"):
        look(path)


def test_a_bomb_of_a_gzipped_tar_is_stopped_while_unpacking(look: Opening, tmp_path: Path) -> None:
    path = tmp_path / "bomb.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo("zeros")
        info.size = 100_000_000
        archive.addfile(info, io.BytesIO(bytes(100_000_000)))
    with pytest.raises(BadArchive, match="bomb"):
        look(path)
    written = tmp_path / "work" / "archive.tar"
    assert written.stat().st_size < 100_000_000


def test_files_that_lie_over_one_another_are_refused(look: Opening, tmp_path: Path) -> None:
    """As in Fifield's non-recursive bomb: many entries of the directory that name the same bytes."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kernel", os.urandom(100_000))
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[start:end]
    many = b"".join(entry.replace(b"kernel", b"%06d" % number) for number in range(20))
    tail = bytearray(data[end:])
    struct.pack_into("<HHII", tail, 8, 20, 20, len(many), start)
    path.write_bytes(data[:start] + many + bytes(tail))
    with pytest.raises(BadArchive, match="over one another"):
        look(path)


def test_more_files_or_bytes_than_may_be_are_refused(look: Opening, tmp_path: Path) -> None:
    with pytest.raises(BadArchive, match="more than 50 files"):
        look(zipped(tmp_path / "many.zip", {f"{number}": b"" for number in range(51)}))
    sparse = tmp_path / "large"
    sparse.mkdir()
    with (sparse / "hole").open("wb") as file:
        file.truncate(500_000_000)
    with pytest.raises(BadArchive, match="unpacks to more"):
        look(sparse)


def test_a_directory_that_claims_to_be_huge_is_refused(look: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a": b"x"})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x05\x06") + 12, 2_000_000_000)
    path.write_bytes(data)
    with pytest.raises(BadArchive, match="claims a directory"):
        look(path)


def test_an_encrypted_archive_says_so(look: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"secret.txt": b"x"})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    with pytest.raises(BadArchive, match="encrypted") as refused:
        look(path)
    assert "password" in refused.value.hint


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_zip_is_refused(look: Opening, tmp_path: Path, share: float) -> None:
    path = zipped(tmp_path / "a.zip", {"a.bin": os.urandom(50_000), "b.bin": os.urandom(50_000)})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(BadArchive):
        look(path)


@pytest.mark.parametrize("mode", ["w:", "w:gz"])
def test_a_truncated_tar_is_refused(look: Opening, tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("a")
        info.size = 100_000
        archive.addfile(info, io.BytesIO(os.urandom(100_000)))
    path.write_bytes(path.read_bytes()[:60_000])
    with pytest.raises(BadArchive):
        look(path)


def test_a_file_that_is_damaged_inside_is_told_by_its_name(look: Opening, tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"broken.bin": os.urandom(50_000), "fine.txt": b"fine"})
    data = bytearray(path.read_bytes())
    data[20_000:20_100] = bytes(100)
    path.write_bytes(data)
    archive = look(path)
    with pytest.raises(BadArchive, match=r"broken\.bin"):
        archive.extract("broken.bin", tmp_path)
    assert not list(tmp_path.glob("entry*"))
    assert archive.document("fine.txt") == b"fine"


def test_a_file_that_claims_a_small_size_is_not_read_further(look: Opening, tmp_path: Path) -> None:
    """The directory says three bytes, the packed stream holds a megabyte."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", os.urandom(1_000_000))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 3)
    path.write_bytes(data)
    with pytest.raises(BadArchive):
        look(path).extract("a", tmp_path)
    assert not list(tmp_path.glob("entry*"))


HOSTILE_JSON = {
    "deep": b'{"a":' * 60_000 + b"1" + b"}" * 60_000,
    "cut": b'{"a": [1, 2',
    "words": b"These are words.",
    "bytes": bytes(range(256)),
    "endless number": b'{"a": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.parametrize("name", HOSTILE_JSON)
def test_hostile_json_is_refused(look: Opening, tmp_path: Path, name: str) -> None:
    archive = look(zipped(tmp_path / "a.zip", {"a.json": HOSTILE_JSON[name]}))
    with pytest.raises(BadArchive, match=r"a\.json"):
        json_of(archive, "a.json")


def test_a_document_over_the_limit_is_refused(look: Opening, tmp_path: Path) -> None:
    archive = look(zipped(tmp_path / "a.zip", {"a.json": b"[" + b" " * 1_100_000 + b"]"}))
    with pytest.raises(BadArchive, match="MB"):
        json_of(archive, "a.json")


def test_what_is_common_in_exports_is_read_leniently(look: Opening, tmp_path: Path) -> None:
    words = b'\xef\xbb\xbf{"nan": NaN, "half": "\\ud83d", "fine": "\\u00e9"}'
    archive = look(zipped(tmp_path / "a.zip", {"a.json": words, "a.csv": b"A,B\n1,2\n3\x00,4\n5,6\n"}))
    assert json_of(archive, "a.json") == {"nan": None, "half": "\ud83d", "fine": "é"}
    assert list(rows_of(archive, "a.csv")) == [{"a": "1", "b": "2"}, {"a": "5", "b": "6"}]


READS_LARGE = """
import resource, sys
from pathlib import Path
from openforyou.ingest.imports.archive import ArchiveLimits
from openforyou.ingest.imports.containers import opened
work = Path(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with opened(Path(sys.argv[1]), "large.zip", ArchiveLimits(), work) as archive:
    sizes = [archive.size(name) for name in archive.names]
    path = archive.extract("after.txt", work)
    with archive._members["film-3.mp4"].opened() as film:
        read = sum(len(piece) for piece in iter(lambda: film.read(1 << 20), b""))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(sizes), path.read_text(), read, after - before)
"""


def test_a_zip_of_four_gigabytes_is_read_entry_by_entry(tmp_path: Path) -> None:
    """Stored holes, so that the disk holds next to nothing; past 4 GB, so that every size and place is zip64."""
    path, each = tmp_path / "large.zip", 1_100_000_000
    write_holes(path, [(f"film-{number}.mp4", each) for number in range(4)], ("after.txt", b"reached"))
    assert path.stat().st_size > 2**32
    work = tmp_path / "work"
    work.mkdir()
    told = subprocess.run(
        [sys.executable, "-c", READS_LARGE, str(path), str(work)], capture_output=True, text=True, check=True
    ).stdout.split()
    assert int(told[0]) == 4 * each + 7
    assert told[1] == "reached"
    assert int(told[2]) == each
    assert int(told[3]) < 50_000, "kilobytes more than before it was opened"


def write_holes(path: Path, holes: list[tuple[str, int]], last: tuple[str, bytes]) -> None:
    """A zip whose stored files are holes, with the checksums of that many zeros."""
    directory, checksums = [], {size: crc_of_zeros(size) for _, size in holes}
    with path.open("wb") as file:
        for name, size in holes:
            directory.append((name, size, checksums[size], file.tell()))
            file.write(local_header(name, size, checksums[size]))
            file.seek(size, os.SEEK_CUR)
        directory.append((last[0], len(last[1]), zlib.crc32(last[1]), file.tell()))
        file.write(local_header(last[0], len(last[1]), zlib.crc32(last[1])) + last[1])
        start = file.tell()
        for name, size, checksum, place in directory:
            extra = struct.pack("<HHQQQ", 1, 24, size, size, place)
            head = (45, 45, 0, 0, 0, 33, checksum, 2**32 - 1, 2**32 - 1, len(name), len(extra), 0, 0, 0, 0, 2**32 - 1)
            file.write(struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\x01\x02", *head) + name.encode() + extra)
        length = file.tell() - start
        count = len(directory)
        file.write(struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, start))
        file.write(struct.pack("<4sIQI", b"PK\x06\x07", 0, start + length, 1))
        file.write(struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, 2**32 - 1, 2**32 - 1, 0))


def local_header(name: str, size: int, checksum: int) -> bytes:
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    fields = (45, 0, 0, 0, 33, checksum, 2**32 - 1, 2**32 - 1, len(name), len(extra))
    return struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields) + name.encode() + extra


def crc_of_zeros(size: int) -> int:
    piece, checksum = bytes(1 << 20), 0
    whole, rest = divmod(size, len(piece))
    for _ in range(whole):
        checksum = zlib.crc32(piece, checksum)
    return int(zlib.crc32(bytes(rest), checksum))
