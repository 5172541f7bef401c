"""The words of the tus protocol, version 1.0.0: headers read and written, nothing else. Pure.

Of its extensions: creation (with a known length), expiration, termination. tuspyserver was looked at and not
taken: its PATCH writes to disk before it asks who is there, a broken connection can leave bytes in the file that
its offset does not count, and waiting for its lock stops the event loop.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from fastapi import Request

from openforyou.catalog.rules import checked_caption, checked_title
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.errors import BadInput, BadMedia, TooLarge
from openforyou.core.languages import primary_tag
from openforyou.ingest.rules import checked_name
from openforyou.web.problems import WrongContentType, WrongProtocol

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination"
CHUNK_TYPE = "application/offset+octet-stream"
IMPORT = "import"
"""The purpose of an archive from elsewhere, which is looked through and not published."""


HEADERS = {
    "Tus-Resumable": VERSION,
    "Upload-Length": "Bytes of the whole file.",
    "Upload-Metadata": "filename, title, caption, rights, cross_post, language, purpose: key and base 64, by commas.",
    "Upload-Offset": "Where this part begins, as the server last said.",
}
PART = {"required": True, "content": {CHUNK_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


@dataclass(frozen=True, slots=True)
class Metadata:
    """What somebody says of a file before sending it. `title` may be empty: then it is named after the file."""

    filename: str
    title: str
    caption: str
    rights: frozenset[Right]
    cross_post: bool
    language: str
    purpose: str
    """Empty for a clip, `import` for an archive from elsewhere."""


def check_version(request: Request) -> None:
    """Raises `WrongProtocol`."""
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongProtocol(
            "Uploads speak tus 1.0.0.", hint=f"Send the header Tus-Resumable: {VERSION}.", field="Tus-Resumable"
        )


def check_chunk(request: Request) -> None:
    """Raises `WrongContentType`."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CHUNK_TYPE:
        raise WrongContentType(
            "A part of an upload has another content type.", hint=f"Send {CHUNK_TYPE}.", field="Content-Type"
        )


def whole_number(request: Request, header: str) -> int:
    """A header that counts bytes. Raises `BadInput`."""
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise BadInput(f"{header} is no number of bytes.", hint="Send it as a whole number.", field=header)
    return int(text)


def checked_length(request: Request, most: int) -> int:
    """The length of a new upload. Raises `BadInput`, `BadMedia`, `TooLarge`."""
    length = whole_number(request, "Upload-Length")
    if length == 0:
        raise BadMedia("The file is empty.", hint="Choose another file.", field="Upload-Length")
    if length > most:
        raise TooLarge(
            f"The file has {length:,} bytes.", hint=f"The most is {most:,}: make it smaller.", field="Upload-Length"
        )
    return length


def read_metadata(header: str) -> Metadata:
    """From `Upload-Metadata`: pairs of a key and base 64, with commas between. Raises `BadInput` naming the key."""
    told: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, value = pair.partition(" ")
        try:
            told[key] = b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise BadInput(f"Upload-Metadata: {key[:40]!r} is not base 64 of UTF-8.", field=key[:40]) from None
    title = told.get("title", "").strip()
    return Metadata(
        filename=checked_name(told.get("filename", "")),
        title=checked_title(title) if title else "",
        caption=checked_caption(told.get("caption", "")),
        rights=_rights(told.get("rights", "")),
        cross_post=_yes_or_no(told.get("cross_post", ""), "cross_post"),
        language=primary_tag(told.get("language", "")),
        purpose=_purpose(told.get("purpose", "")),
    )


def http_date(moment: datetime) -> str:
    """As `Upload-Expires` wants it (RFC 9110, section 5.6.7)."""
    return format_datetime(moment, usegmt=True)


def _rights(text: str) -> frozenset[Right]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    known = {right.value for right in ITEM_RIGHTS}
    for name in names:
        if name not in known:
            raise BadInput(
                f"There is no right {name[:40]!r}.", hint=f"Known: {', '.join(sorted(known))}.", field="rights"
            )
    return frozenset(Right(name) for name in names)


def _purpose(text: str) -> str:
    if text not in ("", IMPORT):
        raise BadInput(f"purpose is {text[:40]!r}.", hint=f"Leave it out, or send {IMPORT}.", field="purpose")
    return text


def _yes_or_no(text: str, field: str) -> bool:
    if text not in ("", "true", "false"):
        raise BadInput(f"{field} is {text[:40]!r}.", hint="Send true or false.", field=field)
    return text == "true"


def described(*headers: str) -> dict[str, Any]:
    """The headers of a request, for the description of the API."""
    names = ("Tus-Resumable", *headers)
    return {
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": HEADERS[name]}
            for name in names
        ]
    }
