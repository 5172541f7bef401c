"""A large catalogue and its viewers, written straight into the tables by binary COPY: seconds, not hours.

Content lies in looks, as real catalogues do: clips of one look are alike, and every viewer likes a few looks. Rows are
laid out by NumPy in PostgreSQL's binary COPY format, so that no Python object is made a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from openforyou.core.ids import MAX_ID
from openforyou.ingest.encoders import CONTENT_DIM, CONTENT_ENCODER
from openforyou.storage.database import Database

ITEMS_A_LOOK = 100
ITEMS_A_CREATOR = 20
LOOKS_A_VIEWER = 4
RECENT_EVENTS = 50_000
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""Where PostgreSQL's timestamps begin."""
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
Columns = Mapping[str, NDArray[np.generic] | bytes]
"""By name: an array, one entry a row (integers big-endian, or fixed-length bytes), or the same bytes in every row."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How much of everything. `history` is the items that each viewer has seen."""

    items: int
    viewers: int
    history: int
    seed: int


def fill(database: Database, crowd: Crowd, now: datetime) -> NDArray[np.int64]:
    """Write everything; answers the viewers' ids, (V,)."""
    rng = np.random.default_rng(crowd.seed)
    ids = np.sort(rng.choice(MAX_ID, crowd.items, replace=False)) + 1
    creators = np.arange(1, crowd.items // ITEMS_A_CREATOR + 2)
    looks = rng.integers(0, max(crowd.items // ITEMS_A_LOOK, 1), crowd.items)
    tables: list[tuple[str, Columns]] = [
        ("creators", {"id": int8(creators), "handle": _names(b"maker%07d", creators), "name": b"Maker"}),
        ("items", _items(ids, rng.choice(creators, crowd.items), rng, now)),
        ("renditions", _renditions(ids)),
        ("features", {"item_id": int8(ids), "encoder": CONTENT_ENCODER.encode(), "vector": _vectors(looks, rng)}),
        ("rights", listed(ids, b"show", now, 1)),
        ("rights", listed(ids, b"recommend", now, 1 + len(ids))),
        ("item_counts", _counts(ids, rng)),
    ]
    viewers = np.arange(1, crowd.viewers + 1) + 2**40
    tables.append(("viewer_items", _histories(viewers, ids, looks, crowd.history, rng, now)))
    tables.append(("events", _events(viewers, ids, rng, now)))
    for table, columns in tables:
        copy_rows(database, table, columns)
    vacuum(database)
    return viewers


def _items(
    ids: NDArray[np.int64], creators: NDArray[np.int64], rng: np.random.Generator, now: datetime
) -> dict[str, NDArray[np.generic] | bytes]:
    count = len(ids)
    return {
        "id": int8(ids),
        "creator_id": int8(creators),
        "kind": b"video",
        "status": b"published",
        "title": _names(b"Clip %07d", np.arange(count)),
        "duration_ms": rng.integers(5_000, 60_000, count).astype(">i4"),
        "source_name": b"clip.mp4",
        "source_sha256": _names(b"%07d", np.arange(count)),
        "published_at": moments(now, rng.uniform(0, 90 * 86_400, count)),
    }


def _renditions(ids: NDArray[np.int64]) -> Columns:
    size = np.full(len(ids), 720, dtype=">i4")
    return {
        "item_id": int8(ids),
        "name": b"720p",
        "key": b"items/clip/720.mp4",
        "width": size,
        "height": size,
        "size_bytes": int8(np.full(len(ids), 10**6)),
    }


def listed(ids: NDArray[np.int64], right: bytes, now: datetime, first: int) -> Columns:
    """A right that holds for each of those items, with row numbers from `first` on."""
    return {
        "id": int8(np.arange(first, first + len(ids))),
        "right": right,
        "subject_kind": b"item",
        "subject_id": int8(ids),
        "granted_by": b"bench",
        "evidence": b"made up",
        "since": moments(now, np.full(len(ids), 90 * 86_400.0)),
    }


def _vectors(looks: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.generic]:
    """(N,) of 4 × CONTENT_DIM bytes: unit vectors about the centre of their look, all leaning one way."""
    centres = rng.normal(size=(int(looks.max()) + 1, CONTENT_DIM)).astype(np.float32)
    lean = rng.normal(size=CONTENT_DIM).astype(np.float32)
    raw = centres[looks] + lean + 0.5 * rng.standard_normal((len(looks), CONTENT_DIM), dtype=np.float32)
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype("<f4")
    return np.ascontiguousarray(unit).view(f"V{4 * CONTENT_DIM}").reshape(-1)


def _counts(ids: NDArray[np.int64], rng: np.random.Generator) -> Columns:
    """Long-tailed, as attention is: a few items have most of it."""
    impressions = rng.zipf(1.4, len(ids)).clip(0, 10**6)
    shares = {"impressions": 1.0, "views": 0.6, "completions": 0.3, "skips": 0.3, "likes": 0.06, "shares": 0.01}
    drawn = {name: int8(rng.binomial(impressions, share)) for name, share in shares.items()}
    return {"item_id": int8(ids), **drawn}


def _histories(
    viewers: NDArray[np.int64],
    ids: NDArray[np.int64],
    looks: NDArray[np.int64],
    length: int,
    rng: np.random.Generator,
    now: datetime,
) -> Columns:
    """`length` distinct items a viewer: half of the looks that they like, watched on; half anything, skipped."""
    by_look = np.argsort(looks, kind="stable")
    starts = np.searchsorted(looks[by_look], np.arange(int(looks.max()) + 2))
    seen: list[NDArray[np.int64]] = []
    for _ in viewers:
        liked = rng.integers(0, len(starts) - 1, LOOKS_A_VIEWER)
        own = np.concatenate([by_look[starts[look] : starts[look + 1]] for look in liked])
        half = rng.choice(own, min(length // 2, len(own)), replace=False)
        other = rng.integers(0, len(ids), length - len(half))
        seen.append(np.unique(np.concatenate([half, other])))
    items = np.concatenate(seen)
    who = np.repeat(viewers, [len(some) for some in seen])
    liked_it = rng.random(len(items)) < 0.5
    at = moments(now, rng.uniform(60, 20 * 86_400, len(items)))
    one, none = np.ones(len(items), ">i4"), np.zeros(len(items), ">i4")
    return {
        "viewer_id": int8(who),
        "item_id": int8(ids[items]),
        "first_at": at,
        "last_at": at,
        "impressions": one,
        "views": np.where(liked_it, one, none).astype(">i4"),
        "watch_ms": np.where(liked_it, 9_000, 900).astype(">i4"),
        "completions": np.where(liked_it, one, none).astype(">i4"),
        "skips": np.where(liked_it, none, one).astype(">i4"),
        "shares": none,
        "liked": (liked_it & (rng.random(len(items)) < 0.2)).astype(">u1"),
        "not_interested": np.zeros(len(items), ">u1"),
        "reported": np.zeros(len(items), ">u1"),
    }


def _events(viewers: NDArray[np.int64], ids: NDArray[np.int64], rng: np.random.Generator, now: datetime) -> Columns:
    """Recent views, so that something trends."""
    favoured = ids[np.minimum(rng.zipf(1.3, RECENT_EVENTS) - 1, len(ids) - 1)]
    at = moments(now, rng.uniform(10, 86_400, RECENT_EVENTS))
    regions = np.array([b"NL", b"DE", b"FR", b"IT"], dtype="S2")
    return {
        "id": np.frombuffer(rng.bytes(16 * RECENT_EVENTS), dtype="V16"),
        "type": b"view",
        "viewer_id": int8(rng.choice(viewers, RECENT_EVENTS)),
        "item_id": int8(favoured),
        "creator_id": int8(np.ones(RECENT_EVENTS)),
        "request_id": int8(np.ones(RECENT_EVENTS)),
        "occurred_at": at,
        "received_at": at,
        "region": rng.choice(regions, RECENT_EVENTS),
    }


def vacuum(database: Database) -> None:
    """Leave the tables as a platform's are that has run for a while: tidied, and known to the planner."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def copy_rows(database: Database, table: str, columns: Columns) -> None:
    """Write equally many rows of each column into a table."""
    count = max(len(column) for column in columns.values() if not isinstance(column, bytes))
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, column in columns.items():
        size = len(column) if isinstance(column, bytes) else column.dtype.itemsize
        kind = f"S{size}" if isinstance(column, bytes) else column.dtype.str
        fields += [(f"{name} length", ">i4"), (name, kind)]
    rows = np.zeros(count, dtype=fields)
    rows["count"] = len(columns)
    for name, column in columns.items():
        rows[f"{name} length"] = rows.dtype[name].itemsize
        rows[name] = column
    with database.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None, "no connection behind the pool"
        named = ", ".join(f'"{name}"' for name in columns)
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({named}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(_HEADER)
            copy.write(rows.tobytes())
            copy.write(_TRAILER)


def int8(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """As a bigint column."""
    return values.astype(">i8")


def moments(now: datetime, seconds_ago: NDArray[np.float64]) -> NDArray[np.generic]:
    """As a column of moments so many seconds before `now`."""
    micros = (now - _EPOCH) // timedelta(microseconds=1)
    return (micros - (seconds_ago * 1e6).astype(np.int64)).astype(">i8")


def _names(pattern: bytes, numbers: NDArray[np.int64]) -> NDArray[np.generic]:
    """Equally long names."""
    return np.array([pattern % int(number) for number in numbers])
