"""What can be seen of a file without the library: its type, how large a manifest it holds, and traces of one.

The library reads a manifest whole into memory, so one that is too large must be found before. And a manifest that was
taken out leaves traces: a reference in the XMP, which editors and converters carry along.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from openforyou.ingest.credentials.library import MANIFEST_MB_MAX

MANIFEST_BYTES_MAX = MANIFEST_MB_MAX * 1_000_000
LOOKED_BYTES_MAX = 4_000_000
"""Of what is not picture or sound, so much is searched for traces."""
WHOLE_BYTES_MAX = 256_000_000
"""Files that are not made of boxes or chunks are pictures, or songs: those above are not looked into."""
BOXES_MAX = 10_000
C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""The kind of the `uuid` box that holds a manifest in MP4 (C2PA 2.4, A.5)."""
C2PA_STORE = b"c2pa" + bytes.fromhex("00110010800000aa00389b71")
"""The kind of the JUMBF box that holds manifests, in any container (C2PA 2.4, 11.1.4)."""
TRACES = (b"dcterms:provenance", b"c2pa.manifest", b"urn:c2pa:", b"c2pa.assertions", C2PA_BOX, C2PA_STORE)
REFUSAL = b"training-mining"
REFUSING = (b"notAllowed", b"constrained")


def media_type(path: Path) -> str:
    """Of a file that can hold a manifest, by its first bytes; empty for any other."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head[:4] == b"RIFF":
        return {b"AVI ": "video/avi", b"WAVE": "audio/wav", b"WEBP": "image/webp"}.get(head[8:12], "")
    heads = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"ID3": "audio/mpeg"}
    return next((kind for magic, kind in heads.items() if head.startswith(magic)), "")


def fits(path: Path) -> bool:
    """No manifest of the file is too large to be read."""
    if not _is_parted(path):
        return path.stat().st_size <= WHOLE_BYTES_MAX
    with path.open("rb") as file:
        return all(size <= MANIFEST_BYTES_MAX for kind, _, size in _parts(file) if kind in (C2PA_BOX, b"C2PA"))


def traces(path: Path) -> bool:
    """Something says that the file had a manifest, or that one lies elsewhere."""
    return any(trace in path_part for path_part in _beside(path) for trace in TRACES)


def reads_as_refusal(path: Path) -> bool:
    """Where a manifest cannot be read, its bytes may still hold the words of a refusal."""
    return any(REFUSAL in part and any(word in part for word in REFUSING) for part in _beside(path))


def _beside(path: Path) -> Iterator[bytes]:
    """What is not picture or sound, in parts, so much of it as is looked at."""
    with path.open("rb") as file:
        if not _is_parted(path):
            yield file.read(LOOKED_BYTES_MAX)
            return
        left = LOOKED_BYTES_MAX
        for kind, start, size in list(_parts(file)):
            if left > 0 and kind not in (b"mdat", b"LIST", b"data", b"VP8 ", b"VP8L"):
                file.seek(start)
                part = file.read(min(size, left))
                left -= len(part)
                yield part


def _is_parted(path: Path) -> bool:
    return media_type(path).startswith("video/") or media_type(path) in ("audio/wav", "image/webp")


def _parts(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and size in bytes of each box (MP4) or chunk (RIFF) on the first level; `uuid` by its own kind."""
    end = file.seek(0, 2)
    file.seek(0)
    is_riff = file.read(4) == b"RIFF"
    place = 12 if is_riff else 0
    for _ in range(BOXES_MAX):
        file.seek(place)
        head = file.read(32)
        if len(head) < 8:
            return
        if is_riff:
            kind, size = head[:4], 8 + int.from_bytes(head[4:8], "little")
            size += size % 2
        else:
            kind, size = head[4:8], int.from_bytes(head[:4])
            wide = size == 1
            size = int.from_bytes(head[8:16]) if wide else size or end - place
            if kind == b"uuid":
                kind = head[16:32] if wide else head[8:24]
        if size < 8:
            return
        yield kind, place, size
        place += size
