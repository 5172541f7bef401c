"""What a feed server reads of the catalogue: rows packed into one value, without a Python object a row."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    DateTime,
    Double,
    Integer,
    LargeBinary,
    and_,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from openforyou.catalog.rights.store import right_holds
from openforyou.catalog.rights.types import ITEM_SUBJECT
from openforyou.catalog.tables import items
from openforyou.catalog.types import Right

FEED_ROW = np.dtype(
    [
        ("id", ">i8"),
        ("creator_id", ">i8"),
        ("published_s", ">f8"),
        ("changed_s", ">f8"),
        ("duration_ms", ">i4"),
        ("cross_post", ">i4"),
        ("sound_id", ">i8"),
        ("language", ">i4"),
        ("listed", ">i4"),
    ]
)
"""An item as PostgreSQL sends it to a feed server; times in Unix seconds, 0 where it was never published.

`sound_id` is 0 where its sound is its own alone, `language` is a `core.languages.tag_number`, 0
where nobody said.
"""
_AT = bindparam("at", type_=DateTime(timezone=True))
_LISTED = and_(
    items.c.status == "published",
    *(right_holds(right, ITEM_SUBJECT, items.c.id, _AT) for right in (Right.SHOW, Right.RECOMMEND)),
)


def _feed_rows(which: Any, listed: Any) -> Any:
    """All rows packed into one value, in the order of their ids."""

    def seconds(moment: Any) -> Any:
        return func.float8send(cast(func.extract("epoch", moment), Double))

    packed = (
        func.int8send(items.c.id),
        func.int8send(items.c.creator_id),
        func.coalesce(seconds(items.c.published_at), func.float8send(cast(0, Double))),
        seconds(items.c.changed_at),
        func.int4send(items.c.duration_ms),
        func.int4send(cast(items.c.cross_post, Integer)),
        func.int8send(func.coalesce(items.c.sound_id, 0)),
        cast(bytes(1), LargeBinary).op("||")(
            func.substr(func.convert_to(items.c.language, "UTF8").op("||")(cast(bytes(3), LargeBinary)), 1, 3)
        ),
        func.int4send(cast(listed, Integer)),
    )
    row = functools.reduce(lambda left, right: left.op("||")(right), packed)
    return select(func.string_agg(row, aggregate_order_by(cast(b"", LargeBinary), items.c.id))).where(which)


_FEED_ROWS = _feed_rows(_LISTED, true())
_CHANGED_FEED_ROWS = _feed_rows(items.c.changed_at >= bindparam("since", type_=DateTime(timezone=True)), _LISTED)


def feed_rows(connection: Connection, *, at: datetime, changed_since: datetime | None) -> NDArray[np.void]:
    """What a feed server keeps in memory of each item: everything listed, or what changed at or after a moment.

    (N,) of FEED_ROW by ascending id, without a Python object a row; `listed` is published with `show` and `recommend`.
    """
    wanted = _FEED_ROWS if changed_since is None else _CHANGED_FEED_ROWS
    packed = connection.execute(wanted, {"at": at, "since": changed_since}).scalar() or b""
    return np.frombuffer(packed, dtype=FEED_ROW).astype(FEED_ROW.newbyteorder("="))


_ITEM_CODE = np.dtype([("code", ">i8"), ("item_id", ">i8")])
_FOUND_BY = """
SELECT string_agg(int8send(code) || int8send(id), ''::bytea)
FROM items, unnest(words) AS code WHERE id = ANY(%(ids)s::bigint[])
"""


def found_by(connection: Connection, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """By which words and topics those items are found: (W,) `core.words` codes, and (W,) the item of each."""
    packed = connection.exec_driver_sql(_FOUND_BY, {"ids": list(ids)}).scalar() or b""
    pairs = np.frombuffer(packed, dtype=_ITEM_CODE)
    return pairs["code"].astype(np.int64), pairs["item_id"].astype(np.int64)
