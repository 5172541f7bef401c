"""Looks for given bytes in every file under a data folder, and says what it looked at and what it could not.

A row that was deleted may lie in a database's files until something is written over it, and in its write-ahead log
until that is recycled. So nobody is told that something is gone because a query finds it no more: the files are read.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openforyou.core.ids import encode_id
from openforyou.core.progress import Progress, silent

CHUNK_BYTES = 8 << 20
FOUND_MAX = 200
"""Places that are named; all are counted."""
WAL, TABLES = "write-ahead log", "table files"
AREAS: Mapping[str, str] = {
    "postgres": TABLES,
    "blobs": "media",
    "training": "training folder",
    "log": "public log",
    "broker": "key store",
    "studio": "studio desk",
    "uploads-part": "uploads on their way",
}
"""What lies in a folder of the data folder, by its name."""
GOES: Mapping[str, str] = {
    WAL: "It goes as the database writes over old segments; a checkpoint alone does not clear them.",
    TABLES: "VACUUM FULL writes the tables anew without it.",
    "training folder": "It goes with the interrupted training, by the deadline of forgetting.",
    "media": "Weights of models go by the deadline of forgetting.",
}
"""What makes it go that is found in an area."""
NOT_SCANNED = (
    "the memory of running processes, and swap",
    "blocks of deleted files that the disk has not written over",
    "backups, and copies that somebody made",
    "values that the database compressed, or that lie in a zip file, in another form than their bytes",
)


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that must not be found, and the forms in which it could lie there."""

    name: str
    forms: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a needle lies."""

    needle: str
    area: str
    file: str
    at: int


@dataclass(slots=True)
class Scan:
    """What was looked at, and what was found."""

    files: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By area."""
    size_bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By area how often anything was found."""
    found: list[Found] = field(default_factory=list)
    not_scanned: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Nothing was found in what was looked at."""
        return not self.counts

    def as_dict(self) -> dict[str, Any]:
        """As a program reads it."""
        return {
            "scanned": {
                area: {"files": count, "bytes": self.size_bytes[area]} for area, count in sorted(self.files.items())
            },
            "found": {area: {"times": n, "goes": GOES.get(area, "")} for area, n in sorted(self.counts.items())},
            "places": [{"what": one.needle, "file": one.file, "at": one.at} for one in self.found],
            "not_scanned": list(self.not_scanned),
        }


def id_needle(name: str, number: int) -> Needle:
    """An id, as eight bytes of either order, in decimal digits, and in its public form."""
    forms = (struct.pack("<q", number), struct.pack(">q", number), str(number).encode(), encode_id(number).encode())
    return Needle(name, forms)


def text_needle(name: str, text: str) -> Needle:
    """A text, as it is and in UTF-16."""
    return Needle(name, (text.encode(), text.encode("utf-16-le")))


def scan(data: Path, needles: Sequence[Needle], elsewhere: Sequence[str] = (), progress: Progress = silent) -> Scan:
    """Read every file under `data`. `elsewhere` names what lies outside it, and so was not looked at."""
    result = Scan(not_scanned=[*elsewhere, *NOT_SCANNED])
    files = [path for path in sorted(data.rglob("*")) if path.is_file() and not path.is_symlink()]
    for number, path in enumerate(files):
        progress(number, len(files), str(path.relative_to(data)))
        area = _area(path.relative_to(data))
        try:
            size = path.stat().st_size
            for needle, at in _in_file(path, needles):
                result.counts[area] += 1
                if len(result.found) < FOUND_MAX:
                    result.found.append(Found(needle, area, str(path.relative_to(data)), at))
        except OSError as error:
            result.not_scanned.append(f"{path.relative_to(data)}: {error.strerror or error}")
            continue
        result.files[area] += 1
        result.size_bytes[area] += size
    return result


def _area(path: Path) -> str:
    if "pg_wal" in path.parts:
        return WAL
    return AREAS.get(path.parts[0], "other files") if len(path.parts) > 1 else "other files"


def _in_file(path: Path, needles: Sequence[Needle]) -> Iterator[tuple[str, int]]:
    """Each place where a needle lies, by the offset of its first byte."""
    longest = max(len(form) for needle in needles for form in needle.forms)
    start, kept = 0, b""
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            held = kept + piece
            begins = start - len(kept)
            last = len(held) - longest + 1 if len(piece) == CHUNK_BYTES else len(held)
            for needle in needles:
                for form in needle.forms:
                    at = held.find(form)
                    while 0 <= at < last:
                        yield needle.name, begins + at
                        at = held.find(form, at + 1)
            start += len(piece)
            kept = held[max(0, last) :] if last < len(held) else b""
