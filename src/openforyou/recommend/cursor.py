"""Where a page of the Following feed ended: a time and an id, so that clips of the same moment are not skipped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from openforyou.core.errors import BadInput
from openforyou.core.ids import ItemId, decode_id, encode_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def write_cursor(published_at: datetime, item_id: ItemId) -> str:
    """Microseconds since 1970 and the id, as in `1767225600000000.8QkzPp3fJd2`."""
    return f"{(published_at - _EPOCH) // _MICROSECOND}.{encode_id(item_id)}"


def read_cursor(text: str) -> tuple[datetime, ItemId]:
    """What `write_cursor` wrote. Raises `BadInput`."""
    micros, _, item = text.partition(".")
    try:
        published_at = _EPOCH + int(micros) * _MICROSECOND
    except (ValueError, OverflowError):
        raise BadInput(
            f"Not a cursor of this feed: {text[:40]!r}.",
            hint="Send back the cursor that came with the last page, or none.",
            field="cursor",
        ) from None
    return published_at, ItemId(decode_id(item, "cursor"))
