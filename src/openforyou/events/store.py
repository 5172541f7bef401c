"""The only SQL of the events."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import ARRAY, BigInteger, Column, ColumnElement, Connection, Row, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.core.ids import RequestId, ViewerId
from openforyou.events.rules import Deltas, Pair
from openforyou.events.tables import events, follows, slates, viewer_controls, viewer_items
from openforyou.events.types import (
    DEEDS,
    SERVED,
    Controls,
    Counts,
    Event,
    EventType,
    Recall,
    ServedSlate,
    ViewerItem,
)

WRITER_LOCK = 7_252
ROWS_AT_ONCE = 10_000
COUNT_NAMES = tuple(field.name for field in fields(Counts))
STATE_NAMES = ViewerItem._fields
_COUNTED = ("watch_ms", "views", "completions", "skips", "shares")  # As they lie in DEEDS.

# ruff: noqa: S608 - the only names put into these statements are our own columns'.
# One statement a table, with one array a column: the cheapest way to send many rows in one round trip.
_INSERT_EVENTS = """
INSERT INTO events (id, type, viewer_id, item_id, creator_id, request_id, occurred_at, watch_ms, region, detail)
SELECT * FROM unnest(%b::uuid[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[],
                     %b::timestamptz[], %b::int[], %b::text[], %b::text[])
ON CONFLICT (id) DO NOTHING RETURNING id
"""
_UPSERT_STATES = f"""
INSERT INTO viewer_items (viewer_id, item_id, {", ".join(STATE_NAMES)})
SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::timestamptz[], %b::timestamptz[], %b::int[], %b::int[], %b::int[],
                     %b::int[], %b::int[], %b::bool[], %b::timestamptz[], %b::int[], %b::bool[], %b::bool[])
ON CONFLICT (viewer_id, item_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in STATE_NAMES)}
"""
_ADD_COUNTS = f"""
INSERT INTO item_counts AS held (item_id, {", ".join(COUNT_NAMES)})
SELECT * FROM unnest(%b::bigint[], {", ".join(["%b::bigint[]"] * len(COUNT_NAMES))})
ON CONFLICT (item_id) DO UPDATE SET {", ".join(f"{name} = held.{name} + excluded.{name}" for name in COUNT_NAMES)}
"""
_INSERT_SLATES = """
INSERT INTO slates (request_id, viewer_id, served_at, surface, item_ids, record)
SELECT request_id, viewer_id, served_at, surface, ARRAY(SELECT jsonb_array_elements_text(ids)::bigint), record
FROM unnest(%b::bigint[], %b::bigint[], %b::timestamptz[], %b::text[], %b::jsonb[], %b::jsonb[])
     AS given (request_id, viewer_id, served_at, surface, ids, record)
"""
# Many rows packed into one value, big-endian: NumPy reads it as it lies, and Python makes no object a row.
_RECALL = f"""
SELECT
  (SELECT string_agg(int8send(item_id), ''::bytea) FROM viewer_items WHERE viewer_id = %(viewer)s) AS seen,
  (SELECT string_agg(int8send(creator_id), ''::bytea) FROM follows
   WHERE viewer_id = %(viewer)s AND following) AS followed,
  (SELECT string_agg(int8send(served_id) || float8send(extract(epoch FROM served_at)::float8), ''::bytea)
   FROM slates, unnest(item_ids) AS served_id
   WHERE viewer_id = %(viewer)s AND served_at >= %(served_since)s AND surface = 'for_you') AS served,
  (SELECT string_agg(int8send(item_id) || float8send(extract(epoch FROM last_at)::float8) ||
                     {" || ".join(f"int4send({name})" for name in _COUNTED)} ||
                     int4send(liked::int) || int4send((not_interested OR reported)::int),
                     ''::bytea ORDER BY last_at DESC, item_id)
   FROM (SELECT * FROM viewer_items WHERE viewer_id = %(viewer)s AND last_at > coalesce(reset_at, '-infinity')
         ORDER BY last_at DESC, item_id LIMIT %(history_max)s) AS newest
   WHERE coalesce(profiling, true)) AS history,
  profiling, autoplay, break_minutes, region, reset_at
FROM (VALUES (1)) AS one LEFT JOIN viewer_controls ON viewer_controls.viewer_id = %(viewer)s
"""
_ALL_COUNTS = f"""
SELECT string_agg({" || ".join(f"int8send({name})" for name in ("item_id", *COUNT_NAMES))}, ''::bytea) FROM item_counts
"""
_DECAYED_GAINS = """
SELECT item_id, region, sum(points * power(0.5, extract(epoch FROM %(until)s - received_at)::float8 / %(half_life_s)s))
FROM events JOIN unnest(%(types)s::text[], %(points)s::float8[]) AS worth (type, points) USING (type)
WHERE received_at >= %(since)s AND received_at < %(until)s AND item_id <> 0
GROUP BY item_id, region
"""
_COUNTS = f"SELECT item_id, {', '.join(COUNT_NAMES)} FROM item_counts WHERE item_id = ANY(%b::bigint[])"
SETTLED_S = 5
"""No transaction of ours lasts longer, so whatever was stamped before that is committed, and can be read once."""


def lock_writer(connection: Connection) -> None:
    """One writer at a time, across processes, until the transaction ends: unordered writers are ten times slower."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})


def insert_events(connection: Connection, batch: Sequence[Event]) -> set[UUID]:
    """Those that were not here yet. An id that stands twice in `batch` is inserted once."""
    if not batch:
        return set()
    columns = (
        [event.id for event in batch],
        [event.type.value for event in batch],
        [event.viewer_id for event in batch],
        [event.item_id for event in batch],
        [event.creator_id for event in batch],
        [event.request_id for event in batch],
        [event.occurred_at for event in batch],
        [event.watch_ms for event in batch],
        [event.region for event in batch],
        [event.detail for event in batch],
    )
    return {row[0] for row in connection.exec_driver_sql(_INSERT_EVENTS, columns)}


def viewer_states(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, ViewerItem]:
    """Viewer state of exactly those (viewer, item) pairs that have one."""
    if not pairs:
        return {}
    viewers, items = zip(*pairs, strict=True)
    rows = connection.exec_driver_sql(
        f"SELECT viewer_id, item_id, {', '.join(STATE_NAMES)} FROM viewer_items "
        "JOIN unnest(%b::bigint[], %b::bigint[]) AS wanted (viewer_id, item_id) USING (viewer_id, item_id)",
        (list(viewers), list(items)),
    )
    return {(row[0], row[1]): ViewerItem(*row[2:]) for row in rows}


def put_states(connection: Connection, states: Mapping[Pair, ViewerItem]) -> None:
    """Write viewer state whole."""
    if not states:
        return
    rows = [(*pair, *state) for pair, state in sorted(states.items(), key=lambda entry: entry[0])]
    connection.exec_driver_sql(_UPSERT_STATES, tuple(list(column) for column in zip(*rows, strict=True)))


def add_counts(connection: Connection, deltas: Deltas) -> None:
    """Add to (or take from) the counts."""
    moved = {item: gained for item, gained in sorted(deltas.items()) if any(gained.values())}
    if moved:
        columns = [list(moved), *([gained[name] for gained in moved.values()] for name in COUNT_NAMES)]
        connection.exec_driver_sql(_ADD_COUNTS, tuple(columns))


def put_follows(connection: Connection, batch: Iterable[Event]) -> None:
    """The newest word on each (viewer, creator)."""
    newest: dict[tuple[int, int], Event] = {}
    for event in batch:
        pair = (event.viewer_id, event.creator_id)
        if pair not in newest or event.occurred_at >= newest[pair].occurred_at:
            newest[pair] = event
    if not newest:
        return
    statement = upsert(follows).values(
        [
            {
                "viewer_id": viewer,
                "creator_id": creator,
                "following": event.type is EventType.FOLLOW,
                "changed_at": event.occurred_at,
            }
            for (viewer, creator), event in sorted(newest.items(), key=lambda entry: entry[0])
        ]
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["viewer_id", "creator_id"],
            set_={"following": statement.excluded.following, "changed_at": statement.excluded.changed_at},
            where=follows.c.changed_at <= statement.excluded.changed_at,
        )
    )


def insert_slates(connection: Connection, batch: Sequence[ServedSlate]) -> None:
    """Record slates as served."""
    if batch:
        columns = (
            [slate.request_id for slate in batch],
            [slate.viewer_id for slate in batch],
            [slate.served_at for slate in batch],
            [slate.surface for slate in batch],
            [orjson.dumps(slate.item_ids).decode() for slate in batch],
            [orjson.dumps(slate.record).decode() for slate in batch],
        )
        connection.exec_driver_sql(_INSERT_SLATES, columns)


# Reading


def slate(connection: Connection, request_id: RequestId) -> ServedSlate | None:
    """A slate as it was recorded."""
    row = connection.execute(select(slates).where(slates.c.request_id == request_id)).one_or_none()
    if row is None:
        return None
    return ServedSlate(row.request_id, row.viewer_id, row.served_at, row.surface, tuple(row.item_ids), row.record)


def recall(connection: Connection, viewer_id: ViewerId, *, served_since: datetime, history_max: int) -> Recall:
    """Everything that a feed reads of a viewer, in one round trip and without a Python object a row."""
    row = connection.exec_driver_sql(
        _RECALL, {"viewer": viewer_id, "served_since": served_since, "history_max": history_max}
    ).one()
    chosen = Controls() if row.profiling is None else Controls(*row[4:])
    return Recall(
        controls=chosen,
        seen=np.frombuffer(row.seen or b"", dtype=">i8").astype(np.int64),
        followed=np.frombuffer(row.followed or b"", dtype=">i8").astype(np.int64),
        served=np.frombuffer(row.served or b"", dtype=SERVED).astype(SERVED.newbyteorder("=")),
        history=np.frombuffer(row.history or b"", dtype=DEEDS).astype(DEEDS.newbyteorder("=")),
    )


def states_of(connection: Connection, viewer_id: ViewerId, ids: Collection[int]) -> dict[int, ViewerItem]:
    """A viewer's state with some items."""
    return {item: state for (_, item), state in viewer_states(connection, [(viewer_id, i) for i in ids]).items()}


def following(connection: Connection, viewer_id: ViewerId) -> set[int]:
    """The creators that a viewer follows."""
    return set(
        connection.scalars(
            select(follows.c.creator_id).where(follows.c.viewer_id == viewer_id, follows.c.following.is_(True))
        )
    )


def follower_count(connection: Connection, creator_id: int) -> int:
    """How many viewers follow a creator."""
    counted = select(func.count()).where(follows.c.creator_id == creator_id, follows.c.following.is_(True))
    return connection.scalar(counted) or 0


def counts(connection: Connection, ids: Collection[int]) -> dict[int, Counts]:
    """The counts of those items that have any."""
    return {row[0]: Counts(*row[1:]) for row in connection.exec_driver_sql(_COUNTS, (list(ids),))}


def all_counts(connection: Connection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every item that has counts, (N,), and its counts in the order of `COUNT_NAMES`, (N, K)."""
    packed = connection.exec_driver_sql(_ALL_COUNTS).scalar() or b""
    rows = np.frombuffer(packed, dtype=">i8").reshape(-1, 1 + len(COUNT_NAMES)).astype(np.int64)
    return rows[:, 0], rows[:, 1:]


def settled_at(connection: Connection) -> datetime:
    """A moment by the database's clock before which nothing will be stamped any more."""
    moment = connection.exec_driver_sql(f"SELECT now() - interval '{SETTLED_S} seconds'").scalar_one()
    assert isinstance(moment, datetime)
    return moment


def decayed_gains(
    connection: Connection, since: datetime, until: datetime, *, half_life_s: float, points: Mapping[str, float]
) -> list[tuple[int, str, float]]:
    """What items gained from `since` to before `until`, for trending: (item, region, Σ points × 2^(-age / half-life)).

    `points` are by event type; others count nothing. Ages are as of `until`.
    """
    rows = connection.exec_driver_sql(
        _DECAYED_GAINS,
        {
            "since": since,
            "until": until,
            "half_life_s": half_life_s,
            "types": list(points),
            "points": list(points.values()),
        },
    )
    return [(row[0], row[1], row[2]) for row in rows]


def training_rows(
    connection: Connection, viewers: Collection[int], items: Collection[int]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Viewer state of those viewers with those items, by viewer in order of time. The caller holds the rights.

    Streamed, so that memory does not grow with the number of rows; ids go as two arrays, because a statement takes
    no more than 65,535 parameters.
    """
    wanted = (
        select(viewer_items)
        .where(_among(viewer_items.c.viewer_id, viewers), _among(viewer_items.c.item_id, items))
        .order_by(viewer_items.c.viewer_id, viewer_items.c.first_at, viewer_items.c.item_id)
    )
    yield from connection.execute(wanted.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE))


def follow_rows(
    connection: Connection, viewers: Collection[int], items: Collection[int]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """`viewer_id, item_id` where one of those items made one of those viewers follow its creator."""
    wanted = select(events.c.viewer_id, events.c.item_id).where(
        events.c.type == EventType.FOLLOW.value,
        _among(events.c.viewer_id, viewers),
        _among(events.c.item_id, items),
    )
    yield from connection.execute(wanted.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE))


def _among(column: Column[Any], ids: Collection[int]) -> ColumnElement[bool]:
    return column == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger), unique=True))


def controls(connection: Connection, viewer_id: ViewerId) -> Controls:
    """What a viewer chose, or the defaults."""
    row = connection.execute(select(viewer_controls).where(viewer_controls.c.viewer_id == viewer_id)).one_or_none()
    if row is None:
        return Controls()
    return Controls(row.profiling, row.autoplay, row.break_minutes, row.region, row.reset_at)


def put_controls(connection: Connection, viewer_id: ViewerId, chosen: Controls) -> None:
    """Write a viewer's choices whole."""
    row = asdict(chosen)
    connection.execute(
        upsert(viewer_controls)
        .values(viewer_id=viewer_id, **row)
        .on_conflict_do_update(index_elements=["viewer_id"], set_=row)
    )
