"""What the public log holds: thirty bytes for each thing that somebody did, and records in plain JSON.

A *deed* says what was done with which item or creator, and by whom only as a nullifier: a keyed hash under a secret
that nobody but the viewer's own record holds. One viewer's like of one item has one nullifier for ever, so it counts
once in the open; the same viewer's like of another item has one that cannot be told to be theirs. Destroy the secret,
and nothing leads back any more. Layout, big-endian:

    format 1 · action 1 · subject 8 · value 4 · nullifier 16

`value` is, by action: the day since 1970-01-01 UTC on which it counts; for what can be taken back the turn (1 given, 2
taken back, 3 given again …); for time watched the milliseconds; for what holds once and for all 1.

Whatever begins with `{` is a record: canonical JSON with a `type`. docs/counts.md says what each means for a number.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

from openforyou.core.encoding import canonical_json
from openforyou.core.errors import BadInput

FORMAT = 1
NULLIFIER_BYTES = 16
SECRET_BYTES = 32
RECORD_BYTES_MAX = 16_384
_LAYOUT = struct.Struct(">BBQI16s")
LEAF_BYTES = _LAYOUT.size
_PERSON = b"ofy-nullifier-1"
_SCOPED = struct.Struct(">BQ")


class BadLeaf(BadInput):
    """These bytes are no leaf of ours."""

    code = "bad_leaf"


class Action(IntEnum):
    """What was done. The numbers stand in the log, and never change their meaning."""

    SERVED = 1
    IMPRESSION = 2
    VIEW = 3
    WATCH = 4
    COMPLETE = 5
    SKIP = 6
    LIKE = 7
    SHARE = 8
    NOT_INTERESTED = 9
    REPORT = 10
    FOLLOW = 11


RETRACTABLE = frozenset({Action.LIKE, Action.FOLLOW})
"""Their value is a turn: odd stands, even is taken back."""
DAILY = frozenset({Action.IMPRESSION, Action.VIEW, Action.COMPLETE, Action.SKIP, Action.SHARE})
"""Their value is a day: one viewer, one item, one day counts once."""


class Deed(NamedTuple):
    """One thing done, as everybody may read it. `subject` is an item, or the creator for a follow."""

    action: Action
    subject: int
    value: int
    nullifier: bytes


class Record(NamedTuple):
    """Something that the platform itself says in the open."""

    type: str
    body: Mapping[str, Any]


def nullifier(secret: bytes, action: Action, subject: int, scope: bytes = b"") -> bytes:
    """(16,) bytes: the same for the same viewer, action, subject and scope; without the secret, no more than noise.

    BLAKE2b, keyed (RFC 7693), four times as fast as an HMAC. Among 10^12 leaves the chance that any two collide is
    about 10^-15 (birthday bound).
    """
    assert len(secret) == SECRET_BYTES, "a viewer's secret has 32 bytes"
    said = _SCOPED.pack(action, subject) + scope
    return hashlib.blake2b(said, digest_size=NULLIFIER_BYTES, key=secret, person=_PERSON).digest()


def encode_deed(deed: Deed) -> bytes:
    """The leaf of a deed."""
    return _LAYOUT.pack(FORMAT, *deed)


def encode_record(type_: str, body: Mapping[str, Any]) -> bytes:
    """The leaf of a record. Raises `BadInput` past 16 KiB."""
    leaf = canonical_json({**body, "type": type_})
    if len(leaf) > RECORD_BYTES_MAX:
        raise BadInput(f"A record of {len(leaf)} bytes does not fit into the log.", hint=f"At most {RECORD_BYTES_MAX}.")
    return leaf


def decode_leaf(leaf: bytes) -> Deed | Record:
    """What a leaf says. Raises `BadLeaf`."""
    if leaf[:1] == b"{":
        return _record(leaf)
    try:
        form, action, subject, value, mark = _LAYOUT.unpack(leaf)
        if form == FORMAT:
            return Deed(Action(action), subject, value, mark)
    except (struct.error, ValueError):
        pass
    raise BadLeaf(f"A leaf of {len(leaf)} bytes, {leaf[:8].hex()}…, is none that this version knows.")


def _record(leaf: bytes) -> Record:
    try:
        body = json.loads(leaf)
        is_sound = isinstance(body, dict) and isinstance(body.get("type"), str) and canonical_json(body) == leaf
    except (ValueError, RecursionError):  # no JSON, a number that is none, half a surrogate pair, a tower of brackets
        is_sound = False
    if not is_sound:
        raise BadLeaf(f"A record of {len(leaf)} bytes is no canonical JSON with a type.")
    return Record(body.pop("type"), body)
