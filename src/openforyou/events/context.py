"""`feed_context`: the signed word of the server that it served an item to a viewer.

An event must carry it, so nobody can like what they were never shown, or in somebody else's name. Layout,
big-endian: request 8, viewer 8, item 8, creator 8, position 2, when it was served 8 (Unix milliseconds), then 18 bytes
of keyed BLAKE2b (RFC 7693) over the rest; base 64 for URLs. Pure but for the key that it is given.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta

from openforyou.core.encoding import from_base64url, to_base64url
from openforyou.core.ids import CreatorId, ItemId, RequestId, ViewerId
from openforyou.events.errors import BadContext
from openforyou.events.rules import CONTEXT_LIFE
from openforyou.events.types import Context

_LAYOUT = struct.Struct(">QQQQHQ")
_TAG_BYTES = 18  # 60 bytes in all: base 64 then has one spelling only
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PERSON = b"ofy-context-1"
_HINT = "Send back the feed_context that came with the item, within a day, from the same viewer."


def sign_context(key: bytes, context: Context) -> str:
    """The token for one item of one slate."""
    body = _LAYOUT.pack(
        context.request_id,
        context.viewer_id,
        context.item_id,
        context.creator_id,
        context.position,
        round(context.served_at.timestamp() * 1000),
    )
    return to_base64url(body + _tag(key, body))


def read_context(key: bytes, token: str, *, viewer_id: ViewerId, now: datetime) -> Context:
    """What the token says. Raises `BadContext` when it is forged, of another viewer, or more than a day old."""
    try:
        raw = from_base64url(token)
    except ValueError:
        raw = b""
    body, tag = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    if len(raw) != _LAYOUT.size + _TAG_BYTES or not hmac.compare_digest(tag, _tag(key, body)):
        raise BadContext("feed_context was not made by this server.", hint=_HINT, field="feed_context")
    request, viewer, item, creator, position, served = _LAYOUT.unpack(body)
    if viewer != viewer_id:
        raise BadContext("feed_context belongs to another viewer.", hint=_HINT, field="feed_context")
    served_at = _EPOCH + timedelta(milliseconds=served)
    if served_at + CONTEXT_LIFE < now:
        raise BadContext("feed_context has expired.", hint=_HINT, field="feed_context")
    return Context(RequestId(request), ViewerId(viewer), ItemId(item), CreatorId(creator), position, served_at)


def _tag(key: bytes, body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_TAG_BYTES, key=key, person=_PERSON).digest()
