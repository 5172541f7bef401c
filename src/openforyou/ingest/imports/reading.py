"""Reads what people's exports hold, leniently: renamed keys, broken dates, half-written files. Pure, never raises on a
value, only on a document that cannot be read at all."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import nh3
import orjson

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive

COUNT_MAX = 2**53
USUAL_PORTS = {"http": 80, "https": 443}
YEARS = (1990, 2200)
_BREAKS = re.compile(r"<(?:br|/p|/div|/h\d|/li)\b[^>]*>", re.I)
_ISO_ENDS = re.compile(r"\s*(?:UTC|GMT|Z)$", re.I)


def json_of(archive: Archive, name: str) -> Any:
    """A JSON document. Raises `BadArchive` where it is none: damaged, endless nesting, not text.

    What is no JSON but common in exports is taken: a byte-order mark, NaN (as null), half of a pair of surrogates.
    """
    content = archive.document(name).removeprefix(b"\xef\xbb\xbf")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(content.decode("utf-8", "replace"), parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        why = "is nested too deep" if isinstance(error, RecursionError) else "is no JSON that can be read"
        raise BadArchive(f"{archive.name}: {name}", why) from error


def rows_of(archive: Archive, name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV document by column, columns in lower case. A row with NULs or without end is left out."""
    words = io.StringIO(archive.document(name).decode("utf-8-sig", "replace"), newline="")
    reader = csv.reader(line for line in words if "\0" not in line)
    head = [" ".join(column.split()).casefold() for column in next(reader, [])]
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:  # A cell without end.
            continue
        if row:
            yield dict(zip(head, row, strict=False))


def at(value: Any, *path: str | int) -> Any:
    """What lies at the end of a path of keys; None where it breaks off."""
    for key in path:
        if isinstance(key, str) and isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, int) and isinstance(value, list) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def first(value: Any, *keys: str) -> Any:
    """Under the first of the keys that there is, by letters and digits alone: `WhoCanView`, `Who can view`."""
    if not isinstance(value, Mapping):
        return None
    for key in keys:
        if value.get(key) is not None:
            return value[key]
    plain = {_plain_key(str(name)): name for name in value}
    for key in keys:
        name = plain.get(_plain_key(key))
        if name is not None and value[name] is not None:
            return value[name]
    return None


def _plain_key(key: str) -> str:
    return "".join(letter for letter in key.casefold() if letter.isalnum())


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where it is no list. A single object is a list of one."""
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of the first list in an envelope, whatever its key: those are renamed and localised."""
    if isinstance(value, list):
        return objects(value)
    for inside in value.values() if isinstance(value, dict) else ():
        if isinstance(inside, list) and any(isinstance(each, dict) for each in inside):
            return objects(inside)
    return []


def text(value: Any) -> str:
    """As text that a database and a page can hold: no control characters, no halves of surrogate pairs."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    plain = unicodedata.normalize("NFC", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    kept = (letter for letter in plain if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"})
    return "".join(" " if letter in "\u2028\u2029" else letter for letter in kept).strip()


def repaired(value: Any) -> str:
    """Text that was UTF-8 and was stored as if it were latin-1, as Instagram does; other text as it is."""
    plain = text(value) if not isinstance(value, str) else value
    try:
        return text(plain.encode("latin-1").decode("utf-8"))
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text(plain)


def number(value: Any) -> int | None:
    """A count; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = re.sub(r"[\s,.'’_]", "", value)
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int | float) and 0 <= value <= COUNT_MAX else None


def counts(**found: Any) -> dict[str, int]:
    """The counts that are numbers."""
    told = {name: number(value) for name, value in found.items()}
    return {name: count for name, count in told.items() if count is not None}


def moment(value: Any) -> datetime | None:
    """From seconds or milliseconds since 1970, or ISO 8601 with a space or a T, with a zone or in UTC; else None."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value) if len(value) < 16 else None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1_000 if value > 1e11 else value
            found = datetime.fromtimestamp(seconds, UTC)
        elif isinstance(value, str):
            found = datetime.fromisoformat(_ISO_ENDS.sub("+00:00", value.strip()))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if YEARS[0] <= found.year < YEARS[1] else None


def yes(value: Any) -> bool | None:
    """Of true, yes, 1 and their opposites; None where it is neither."""
    if isinstance(value, bool):
        return value
    plain = text(value).casefold()
    return True if plain in {"true", "yes", "1"} else False if plain in {"false", "no", "0"} else None


def words_of(html: Any) -> str:
    """The plain words of a piece of HTML, a line a paragraph."""
    if not isinstance(html, str):
        return ""
    plain = nh3.clean(_BREAKS.sub("\n", html), tags=set(), attributes={})
    return "\n".join(line.strip() for line in text(unescape(plain)).split("\n")).strip()


def web_address(value: Any) -> str:
    """An address that begins with http(s) and names a host; else ""."""
    plain = text(value)
    try:
        parts = urlsplit(plain)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and len(plain) <= 2_000
    except ValueError:
        return ""
    return plain if fine and not any(letter.isspace() for letter in plain) else ""


def host_of(address: str) -> str:
    """The host of a web address, in lower case, with its port where it is not the usual one; "" where there is none.

    A server on another port of a host is another server: who proved the one has not proven the other.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    return f"{host}:{port}" if host and port not in (None, USUAL_PORTS.get(parts.scheme)) else host


def headline(*texts: str, length_max: int = 150) -> str:
    """The first line of the first text that has one, cut at a word to `length_max` letters."""
    line = next((line for words in texts for line in words.split("\n") if line.strip()), "")
    line = " ".join(line.split())
    if len(line) <= length_max:
        return line
    return line[: length_max - 1].rsplit(" ", 1)[0][: length_max - 1].rstrip(" .,;:") + "…"


def is_video(name: str) -> bool:
    """By its ending."""
    return name.lower().rpartition(".")[2] in {
        "mp4",
        "m4v",
        "mov",
        "qt",
        "webm",
        "mkv",
        "avi",
        "3gp",
        "3g2",
        "ts",
        "mpg",
    }


def is_picture(name: str) -> bool:
    """By its ending."""
    return name.lower().rpartition(".")[2] in {"jpg", "jpeg", "png", "webp", "heic", "heif", "gif", "avif", "bmp"}


def joined(parts: Iterable[str]) -> str:
    """Those that are not empty, a paragraph each."""
    return "\n\n".join(part for part in parts if part)
