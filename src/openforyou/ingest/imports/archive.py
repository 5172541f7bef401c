"""An archive from a stranger, read such that it can do no harm: every name checked, every size bounded, nothing loaded.

What may not be read is listed in `refused` with the reason; what is left is ordinary files under plain relative names.
A file is read as a stream, so an archive of many gigabytes costs the memory of its list of names.
"""

from __future__ import annotations

import fnmatch
import lzma
import shutil
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO

from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.types import Skipped

CHUNK_BYTES = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError, RuntimeError)
"""What reading a damaged member raises, by whatever way it is packed."""


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may be. Each is held against what its directory claims, and again while reading."""

    entries_max: int = 200_000
    name_bytes_max: int = 1_000
    total_bytes_max: int = 200_000_000_000
    """Of everything, unpacked."""
    ratio_max: int = 200
    """Unpacked to packed. Words shrink to a tenth or a twentieth, media not at all; a bomb to a thousandth."""
    ratio_from_bytes: int = 50_000_000
    """Below this much unpacked no ratio does harm."""
    document_bytes_max: int = 64_000_000
    """Of one JSON, CSV or XML file, or one repository, which is read as a whole."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside, as its container tells. `opened` gives its bytes, from the start."""

    name: str
    size_bytes: int
    opened: Callable[[], IO[bytes]]
    modified_at: datetime | None = None
    why_not: str = ""
    """Why it may not be read: a link, a device, encrypted; empty where it may."""


class Archive:
    """The files of an archive that may be read, by name."""

    def __init__(self, name: str, members: Iterable[Member], limits: ArchiveLimits) -> None:
        self.name = name
        self.limits = limits
        self.refused: list[Skipped] = []
        self._members: dict[str, Member] = {}
        self._readable(members)
        if not self._members and any("encrypted" in each.reason for each in self.refused):
            raise BadArchive(name, "is encrypted", "Unpack it with its password and hand in the folder, packed anew.")

    def _readable(self, members: Iterable[Member]) -> None:
        total = 0
        for count, member in enumerate(members, 1):
            if count > self.limits.entries_max:
                raise BadArchive(self.name, f"has more than {self.limits.entries_max:,} files")
            why = why_unsafe(member.name, self.limits) or member.why_not
            plain = unicodedata.normalize("NFC", member.name)
            if not why and plain in self._members:
                why = "there is another file of the same name before it"
            if why:
                self.refused.append(Skipped(member.name[:200], f"{why[0].upper()}{why[1:]}: it is not read."))
                continue
            total += member.size_bytes
            if total > self.limits.total_bytes_max:
                raise BadArchive(self.name, f"unpacks to more than {self.limits.total_bytes_max / 1e9:,.0f} GB")
            self._members[plain] = member

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of every file that may be read, in order of name."""
        return tuple(sorted(self._members))

    @cached_property
    def _by_last_part(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(PurePosixPath(name).name.casefold(), []).append(name)
        return found

    def find(self, *patterns: str) -> list[str]:
        """Names that end in one of the `patterns` (`media/posts_*.json`), whatever folder it all lies in.

        In the order of the patterns, then of names; letters' case does not matter.
        """
        found: dict[str, None] = {}
        for pattern in patterns:
            wanted = pattern.casefold()
            for last in fnmatch.filter(self._by_last_part, wanted.rpartition("/")[2]):
                for name in self._by_last_part[last]:
                    plain = name.casefold()
                    if fnmatch.fnmatchcase(plain, wanted) or fnmatch.fnmatchcase(plain, f"*/{wanted}"):
                        found[name] = None
        return list(found)

    def resolve(self, told: str) -> str:
        """The file that a document calls `told`, however deep the archive lies in folders; "" where it is not there."""
        wanted = str(PurePosixPath("/", told.replace("\\", "/"))).lstrip("/")
        parts = [part for part in wanted.split("/") if part not in ("..", ".")]
        if not parts:
            return ""
        tail = unicodedata.normalize("NFC", "/".join(parts))
        if tail in self._members:
            return tail
        same = self._by_last_part.get(parts[-1].casefold(), [])
        exact = [name for name in same if name.endswith(f"/{tail}")]
        return exact[0] if exact else same[0] if len(same) == 1 else ""

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def size(self, name: str) -> int:
        """Bytes, as claimed."""
        return self._members[name].size_bytes

    def modified_at(self, name: str) -> datetime | None:
        """When the container says that it was changed last."""
        return self._members[name].modified_at

    def document(self, name: str) -> bytes:
        """A file as a whole. Raises `BadArchive` where it is too large or damaged."""
        most = self.limits.document_bytes_max
        if self.size(name) > most:
            raise BadArchive(f"{self.name}: {name}", f"has over {most / 1e6:,.0f} MB")
        try:
            with self._members[name].opened() as file:
                content = file.read(most + 1)
        except BROKEN as error:
            raise BadArchive(f"{self.name}: {name}", "is damaged") from error
        if len(content) > most:
            raise BadArchive(f"{self.name}: {name}", f"has over {most / 1e6:,.0f} MB")
        return content

    def head(self, name: str, size_bytes: int) -> bytes:
        """The first bytes of a file; nothing where it is damaged."""
        try:
            with self._members[name].opened() as file:
                return file.read(size_bytes)
        except BROKEN:
            return b""

    def extract(self, name: str, folder: Path) -> Path:
        """Copy one file into `folder`, a piece at a time, and answer where. Raises `BadArchive` where it is damaged."""
        target = folder / f"entry{PurePosixPath(name).suffix[:8].lower()}"
        try:
            with self._members[name].opened() as file, target.open("wb") as copy:
                shutil.copyfileobj(file, copy, CHUNK_BYTES)
        except BROKEN as error:
            target.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno is not None and not isinstance(error, EOFError):
                raise  # the disk's fault, not the archive's
            raise BadArchive(PurePosixPath(name).name, "is damaged inside the archive") from error
        return target


def why_unsafe(name: str, limits: ArchiveLimits) -> str:
    """Why a file's name may not be used; empty where it may."""
    if not name.strip("/. "):
        return "it has no name"
    if len(name.encode("utf-8", "surrogatepass")) > limits.name_bytes_max:
        return f"its name is longer than {limits.name_bytes_max} bytes"
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in name):
        return "its name has control characters"
    if name.startswith(("/", "\\")) or (len(name) > 1 and name[1] == ":"):
        return "its name is absolute"
    if ".." in name.replace("\\", "/").split("/"):
        return "its name leads out of the archive"
    if "\\" in name:
        return "its name has backslashes"
    return ""
