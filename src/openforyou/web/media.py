"""Media over HTTP: the files of listed items, with ranges, and of nothing else.

A blob's key is in nobody's hands but ours, yet knowing one is no right to it: a file is served while it belongs to
an item that carries `show`, which is looked up at most once a second an item. Keys are never used twice, so a
browser may keep what it has without asking; it may keep it for a day and shared caches may not keep it at all,
because a creator who withdraws an item must not find it served from somewhere next month.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import IO

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from openforyou.catalog.service import Catalog
from openforyou.core.errors import BadInput, NotFound
from openforyou.core.ids import decode_id
from openforyou.storage.blobs import CHUNK_BYTES, Blobs

CACHE = "private, max-age=86400, immutable"
LISTED_FOR_S = 1.0
LISTED_MAX = 20_000
TYPES = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "m4a": "audio/mp4",
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
}
_KEY = re.compile(r"items/([^/]+)/(?:[^/]+/)*[^/]+\.([a-z0-9]+)")
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))")

router = APIRouter(tags=["media"])


class Listed:
    """Which files are served now: those of published items that carry `show`."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._known: dict[int, tuple[float, frozenset[str]]] = {}

    def check(self, key: str) -> str:
        """The content type of a file that may be served. Raises `NotFound`, whatever the reason."""
        read = _KEY.fullmatch(key)
        content_type = TYPES.get(read[2]) if read else None
        if read is None or content_type is None or key not in self._files(read[1]):
            raise NotFound("There is no such file.", hint="Its item was withdrawn, or the address is mistyped.")
        return content_type

    def _files(self, public_id: str) -> frozenset[str]:
        try:
            item_id = decode_id(public_id)
        except BadInput:
            return frozenset()
        now = monotonic()
        with self._lock:
            until, files = self._known.get(item_id, (0.0, frozenset()))
        if until > now:
            return files
        found = self._catalog.items([item_id]).get(item_id)
        keys = [] if found is None else [*(file.key for file in found.renditions), found.poster_key, found.preview_key]
        with self._lock:
            if len(self._known) >= LISTED_MAX:
                self._known.clear()
            self._known[item_id] = (now + LISTED_FOR_S, frozenset(keys))
        return frozenset(keys)


@router.head("/media/{key:path}", include_in_schema=False)
@router.get(
    "/media/{key:path}",
    summary="A file of an item",
    response_class=Response,
    responses={206: {"description": "The range asked for."}, 304: {"description": "As you have it."}},
)
def media(key: str, request: Request) -> Response:
    """A rendition, poster or preview of an item that may be shown. Knows `Range`, `If-Range` and `If-None-Match`."""
    listed: Listed = request.app.state.listed
    blobs: Blobs = request.app.state.platform.blobs
    content_type = listed.check(key)
    size = blobs.size(key)
    headers = {"ETag": _etag(key, size), "Cache-Control": CACHE, "Accept-Ranges": "bytes"}
    if _is_known(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    path = blobs.local_path(key)
    if path is not None:
        return FileResponse(path, headers=headers, media_type=content_type)
    return _streamed(request, blobs, key, size, headers | {"Content-Type": content_type})


@dataclass(frozen=True, slots=True)
class _Span:
    """Bytes `start` … `end` - 1."""

    start: int
    end: int


def _streamed(request: Request, blobs: Blobs, key: str, size: int, headers: dict[str, str]) -> Response:
    """From a store that is no folder: one range, or the whole."""
    span = _span(request, headers["ETag"], size)
    if span is None:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    is_part = span != _Span(0, size)
    headers["Content-Length"] = str(span.end - span.start)
    if is_part:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    status = 206 if is_part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_bytes(blobs.open(key), span), status, headers)


def _span(request: Request, etag: str, size: int) -> _Span | None:
    """The range asked for, or the whole where none is, or none we know; None where it cannot be satisfied."""
    read = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if read is None or request.headers.get("if-range", etag) != etag:
        return _Span(0, size)
    if read[3] is not None:
        start, end = max(0, size - int(read[3])), size
    else:
        start, end = int(read[1]), min(size, int(read[2]) + 1) if read[2] else size
    return _Span(start, end) if start < end else None


def _bytes(file: IO[bytes], span: _Span) -> Iterator[bytes]:
    with file:
        file.seek(span.start)
        left = span.end - span.start
        while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _etag(key: str, size: int) -> str:
    """Strong: a key is written once."""
    return f'"{hashlib.sha256(f"{key} {size}".encode()).hexdigest()[:24]}"'


def _is_known(request: Request, etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return asked == "*" or etag in (entry.strip().removeprefix("W/") for entry in asked.split(","))
