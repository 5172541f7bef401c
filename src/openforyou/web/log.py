"""The public log as static files: whoever reads them trusts nothing of us but the signature they check."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse

from openforyou.core.errors import NotFound

router = APIRouter(prefix="/log", tags=["log"])
_FILE = re.compile(r"checkpoint|vkey|tile/(?:\d|[1-5]\d|6[0-3]|entries)(?:/x\d{3}){0,6}/\d{3}(?:\.p/\d{1,3})?")
_HEADERS_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Access-Control-Allow-Origin": "*"}
_HEADERS_NOW = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}


@router.get("/{path:path}", response_class=FileResponse, summary="A file of the public log")
def read(request: Request, path: str) -> FileResponse:
    """`checkpoint`, `vkey`, `tile/<level>/<index>`, `tile/entries/<index>`: a C2SP tlog-tiles log, as it lies."""
    file = request.app.state.platform.settings.log_folder / path
    if not _FILE.fullmatch(path) or not file.is_file():
        raise NotFound("The log has no such file.", hint="Read /log/checkpoint first: it says how large the log is.")
    if not path.startswith("tile/"):
        return FileResponse(file, headers=_HEADERS_NOW, media_type="text/plain; charset=utf-8")
    return FileResponse(file, headers=_HEADERS_FOR_EVER, media_type="application/octet-stream")
