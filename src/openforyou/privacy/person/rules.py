"""What the log says of somebody who went, and of what was removed by age. Pure.

The mark of an erasure is made under the person's own secret before that is destroyed: it shows that the platform had it
then, and leads nowhere afterwards.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id
from openforyou.events.leaf import encode_record
from openforyou.privacy.person.types import What

ERASURE, RETENTION = "erasure", "retention"
"""Types of records."""
VERSION = 1
MARK_BYTES = 16
_HEX = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"[a-z_]{1,60}")
_MARK, _WHOSE = b"ofy-erasure-1", b"ofy-erased-viewer-1\n"


def mark(secret: bytes, erasure_id: int) -> bytes:
    """(16,) bytes: BLAKE2b of the erasure's id, keyed by the person's secret."""
    said = erasure_id.to_bytes(8, "big")
    return hashlib.blake2b(said, digest_size=MARK_BYTES, key=secret, person=_MARK).digest()


def whose(viewer_id: int) -> bytes:
    """(32,) bytes by which who asks twice is known. Viewers' ids are 63 random bits: none is found by trying."""
    return hashlib.sha256(_WHOSE + viewer_id.to_bytes(8, "big")).digest()


def erasure_leaf(erasure_id: int, what: What, made: bytes, at: datetime) -> bytes:
    """The record of an erasure that begins."""
    told = {"v": VERSION, "id": encode_id(erasure_id), "what": what.value, "mark": made.hex(), "at": _moment(at)}
    return encode_record(ERASURE, told)


def retention_leaf(removed: Mapping[str, int], periods: Mapping[str, int], at: datetime) -> bytes:
    """The record of one run: rows removed by table, and the periods in days that it went by."""
    told = {"v": VERSION, "removed": dict(removed), "days": dict(periods), "at": _moment(at)}
    return encode_record(RETENTION, told)


def problem(type_: str, body: Mapping[str, Any]) -> str:
    """What is wrong with a record of one of these types; empty where it says what one can say, and nothing else."""
    if body.get("v") != VERSION or not _is_moment(body.get("at")):
        return f"this record of an {type_} has no version or no moment" if type_ == ERASURE else _BAD_RUN
    if type_ == RETENTION:
        return "" if body.keys() == {"v", "removed", "days", "at"} and _counts(body) else _BAD_RUN
    sound = body.keys() == {"v", "id", "what", "mark", "at"} and body["what"] in list(What)
    if not sound or not isinstance(body["mark"], str) or not _HEX.fullmatch(body["mark"]) or not _is_id(body["id"]):
        return "this record of an erasure says what none can say"
    return ""


_BAD_RUN = "this record of what was removed by age says what none can say"


def _counts(body: Mapping[str, Any]) -> bool:
    return all(
        isinstance(body[name], dict)
        and all(_NAME.fullmatch(key) and type(count) is int and count >= 0 for key, count in body[name].items())
        for name in ("removed", "days")
    )


def _is_id(text: object) -> bool:
    try:
        return isinstance(text, str) and decode_id(text) > 0
    except BadInput:
        return False


def _is_moment(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
