"""What the headers of an MP4 or MOV claim of its length and size, before FFmpeg puts them right in silence.

FFmpeg believes the sample tables and the stream over the headers, so a file that claims ten hours or 30,000 pixels a
side would pass as what it really is. A header over the limits is a damaged or a hostile file, and its owner is told.
Only headers are read, by seeking: nothing is allocated for what they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

BOXES_MAX = 10_000
HEADER_BYTES_MAX = 256
INSIDE_SAMPLE_DESCRIPTION = 8
"""Version, flags and count stand before the first entry."""


class _Box(NamedTuple):
    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Claims:
    """Every length in seconds and every size in pixels that the headers name for the whole or for a picture."""

    lengths_s: tuple[float, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()


def claims(path: Path) -> Claims:
    """Of `path`; nothing when it is not an MP4, or too damaged to say."""
    with path.open("rb") as file:
        lengths, sizes = [], []
        for movie in _within(file, _Box(b"", 0, path.stat().st_size), b"moov"):
            lengths += [_length_s(file, box) for box in _within(file, movie, b"mvhd")]
            for track in _within(file, movie, b"trak"):
                if _is_picture(file, track):
                    lengths += [_length_s(file, box) for box in _within(file, track, b"mdia", b"mdhd")]
                    sizes += [_shown_size(file, box) for box in _within(file, track, b"tkhd")]
                    sizes += list(_coded_sizes(file, track))
    return Claims(tuple(each for each in lengths if each is not None), tuple(size for size in sizes if size))


def _boxes(file: IO[bytes], parent: _Box) -> Iterator[_Box]:
    """The boxes directly inside `parent` (ISO/IEC 14496-12, section 4.2)."""
    place = parent.start
    for _ in range(BOXES_MAX):
        if place + 8 > parent.end:
            return
        head = _read(file, place, 16)
        size, kind, inside = int.from_bytes(head[:4]), head[4:8], place + 8
        if size == 1:
            size, inside = int.from_bytes(head[8:16]), place + 16
        end = parent.end if size == 0 else place + size
        if end < inside or len(head) < 8:
            return
        yield _Box(kind, inside, min(end, parent.end))
        place = end


def _within(file: IO[bytes], parent: _Box, kind: bytes, *deeper: bytes) -> list[_Box]:
    """The boxes of `kind` inside `parent`, or those that a path of kinds leads to."""
    found = [box for box in _boxes(file, parent) if box.kind == kind]
    return [below for box in found for below in _within(file, box, *deeper)] if deeper else found


def _read(file: IO[bytes], place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(min(size, HEADER_BYTES_MAX))


def _is_picture(file: IO[bytes], track: _Box) -> bool:
    return any(_read(file, box.start, 12)[8:12] == b"vide" for box in _within(file, track, b"mdia", b"hdlr"))


def _length_s(file: IO[bytes], box: _Box) -> float | None:
    """Of `mvhd` or `mdhd`: after the times of making and changing come the units a second and the length in them."""
    head = _read(file, box.start, 40)
    wide = head[:1] == b"\x01"
    place, width = (20, 8) if wide else (12, 4)
    scale, length = head[place : place + 4], head[place + 4 : place + 4 + width]
    units = int.from_bytes(length)
    if len(length) < width or not any(scale) or units == 2 ** (8 * width) - 1:  # All ones: not known.
        return None
    return units / int.from_bytes(scale)


def _shown_size(file: IO[bytes], box: _Box) -> tuple[int, int] | None:
    """The last eight bytes of `tkhd`: whole pixels in the upper sixteen bits of each."""
    tail = _read(file, max(box.start, box.end - 8), 8)
    return None if len(tail) < 8 else (int.from_bytes(tail[:4]) >> 16, int.from_bytes(tail[4:]) >> 16)


def _coded_sizes(file: IO[bytes], track: _Box) -> Iterator[tuple[int, int]]:
    """From the entries of `stsd`, where width and height stand 24 bytes in."""
    for table in _within(file, track, b"mdia", b"minf", b"stbl", b"stsd"):
        for entry in _boxes(file, table._replace(start=table.start + INSIDE_SAMPLE_DESCRIPTION)):
            sides = _read(file, entry.start + 24, 4)
            if len(sides) == 4:
                yield int.from_bytes(sides[:2]), int.from_bytes(sides[2:])
