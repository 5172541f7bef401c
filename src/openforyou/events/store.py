"""The only SQL of the events."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import ARRAY, BigInteger, Column, ColumnElement, Connection, Row, any_, bindparam, exists, or_, select

from openforyou.core.ids import RequestId, ViewerId
from openforyou.events.controls.store import controls_of
from openforyou.events.controls.tables import viewer_controls
from openforyou.events.rules import Change, Pair
from openforyou.events.tables import events, follows, slates, viewer_items
from openforyou.events.types import (
    DEEDS,
    MUTED,
    SERVED,
    Controls,
    EventType,
    Following,
    Recall,
    ServedSlate,
    ViewerItem,
)
from openforyou.storage import arrays
from openforyou.storage.database import rows

ROWS_AT_ONCE = 10_000
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
STATE_NAMES = ViewerItem._fields
_MOMENTS, _FLAGS = {"first_at", "last_at", "liked_at"}, {"liked", "not_interested", "reported"}
_STATE_TYPES = {n: "timestamptz" if n in _MOMENTS else "bool" if n in _FLAGS else "int" for n in STATE_NAMES}
_PACK: dict[str, Callable[[Sequence[Any]], arrays.Column]] = {
    "timestamptz": arrays.moments,
    "bool": arrays.bools,
    "int": arrays.int4s,
}
_KINDS = {kind: place for place, kind in enumerate(EventType, 1)}
_COUNTED = ("watch_ms", "views", "completions", "skips", "shares")  # As they lie in DEEDS.

# ruff: noqa: S608 - the only names put into these statements are our own columns'.
# One statement a table, with one array a column: the cheapest way to send many rows in one round trip.
_INSERT_EVENTS = """
INSERT INTO events (id, type, viewer_id, item_id, creator_id, request_id, occurred_at, watch_ms, region, detail, leaf,
                    leaf_seq)
SELECT id, (%b::text[])[kind], viewer_id, item_id, creator_id, request_id, occurred_at, watch_ms,
       coalesce(region, ''), coalesce(detail, ''), leaf, leaf_seq
FROM unnest(%b::uuid[], %b::int[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::timestamptz[],
            %b::int[], %b::text[], %b::text[], %b::bytea[], %b::bigint[])
     AS given (id, kind, viewer_id, item_id, creator_id, request_id, occurred_at, watch_ms, region, detail, leaf,
               leaf_seq)
"""
_UPSERT_STATES = f"""
INSERT INTO viewer_items (viewer_id, item_id, {", ".join(STATE_NAMES)})
SELECT viewer_id, item_id, {", ".join("nullif(liked_at, '-infinity')" if n == "liked_at" else n for n in STATE_NAMES)}
FROM unnest(%b::bigint[], %b::bigint[], {", ".join(f"%b::{_STATE_TYPES[name]}[]" for name in STATE_NAMES)})
     AS given (viewer_id, item_id, {", ".join(STATE_NAMES)})
ON CONFLICT (viewer_id, item_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in STATE_NAMES)}
"""
_UPSERT_FOLLOWS = """
INSERT INTO follows (viewer_id, creator_id, following, changed_at, turn)
SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::bool[], %b::timestamptz[], %b::int[])
ON CONFLICT (viewer_id, creator_id) DO UPDATE SET following = excluded.following, changed_at = excluded.changed_at,
                                                  turn = excluded.turn
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
  (SELECT string_agg(int8send(served_id) || float8send(extract(epoch FROM served_at)::float8), ''::bytea
                     ORDER BY served_at, request_id, place)
   FROM slates, unnest(item_ids) WITH ORDINALITY AS one (served_id, place)
   WHERE viewer_id = %(viewer)s AND served_at >= %(served_since)s AND surface = 'for_you') AS served,
  (SELECT string_agg(int8send(item_id) || float8send(extract(epoch FROM last_at)::float8) ||
                     {" || ".join(f"int4send({name})" for name in _COUNTED)} ||
                     int4send(liked::int) || int4send((not_interested OR reported)::int),
                     ''::bytea ORDER BY last_at DESC, item_id)
   FROM (SELECT * FROM viewer_items WHERE viewer_id = %(viewer)s AND last_at > coalesce(reset_at, '-infinity')
           AND (pauses IS NULL OR NOT last_at <@ pauses)
         ORDER BY last_at DESC, item_id LIMIT %(history_max)s) AS newest
   WHERE coalesce(profiling, true)) AS history,
  (SELECT string_agg(int8send(codes[1]), ''::bytea) FROM muted
   WHERE viewer_id = %(viewer)s AND kind = 'creator') AS muted_creators,
  (SELECT string_agg(int8send(number) || int8send(code), ''::bytea ORDER BY number)
   FROM (SELECT codes, row_number() OVER () AS number FROM muted
         WHERE viewer_id = %(viewer)s AND kind <> 'creator') AS each, unnest(codes) AS code) AS muted,
  (SELECT string_agg(int8send(item_id) || float8send(extract(epoch FROM since)::float8), ''::bytea)
   FROM asked_for_more WHERE viewer_id = %(viewer)s AND since > coalesce(reset_at, '-infinity')
     AND coalesce(profiling, true)) AS wishes,
  profiling, autoplay, break_minutes, region, reset_at, languages, upper_inf(pauses) AS paused
FROM (VALUES (1)) AS one LEFT JOIN (
  SELECT viewer_id, profiling AND NOT guarded AS profiling, autoplay, break_minutes, region, reset_at, languages, pauses
  FROM viewer_controls) AS viewer_controls ON viewer_controls.viewer_id = %(viewer)s
"""
_DECAYED_GAINS = """
SELECT item_id, region, sum(points * power(0.5, extract(epoch FROM %(until)s - received_at)::float8 / %(half_life_s)s))
FROM events JOIN unnest(%(types)s::text[], %(points)s::float8[]) AS worth (type, points) USING (type)
WHERE received_at >= %(since)s AND received_at < %(until)s AND item_id <> 0
GROUP BY item_id, region
"""
_CAME_BETWEEN = """
SELECT region, viewer_id, extract(epoch FROM last_at)::float8
FROM (SELECT region, viewer_id, max(received_at) AS last_at,
             row_number() OVER (PARTITION BY region ORDER BY max(received_at) DESC) AS place
      FROM events WHERE received_at >= %(since)s AND received_at < %(until)s AND region <> ''
      GROUP BY region, viewer_id) AS came
WHERE place <= %(most)s
"""
# As they lie in the answer: viewer, item.
_DEEDS_BETWEEN = """
SELECT string_agg(int8send(viewer_id) || int8send(item_id), ''::bytea ORDER BY viewer_id, item_id)
FROM (SELECT DISTINCT viewer_id, item_id FROM events
      WHERE received_at >= %(since)s AND received_at < %(until)s AND type <> 'impression' AND item_id <> 0) AS done
"""
SETTLED_S = 5
"""No transaction of ours lasts longer, so whatever was stamped before that is committed, and can be read once."""


def known(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Which of those events are here already."""
    if not ids:
        return set()
    rows = connection.exec_driver_sql("SELECT id FROM events WHERE id = ANY(%b::uuid[])", (arrays.uuids(list(ids)),))
    return {row[0] for row in rows}


def insert_events(connection: Connection, changes: Sequence[Change], leaves: Sequence[bytes], first_seq: int) -> None:
    """Keep the events that moved a number, each with its leaf; the leaves are numbered from `first_seq`."""
    if not changes:
        return
    batch = [change.event for change in changes]
    columns = (
        [kind.value for kind in EventType],
        arrays.uuids([event.id for event in batch]),
        arrays.int4s([_KINDS[event.type] for event in batch]),
        arrays.int8s([event.viewer_id for event in batch]),
        arrays.int8s([event.item_id for event in batch]),
        arrays.int8s([event.creator_id for event in batch]),
        arrays.int8s([event.request_id for event in batch]),
        arrays.moments([event.occurred_at for event in batch]),
        arrays.int4s([change.value if change.event.watch_ms else 0 for change in changes]),
        _words([event.region for event in batch]),
        _words([event.detail for event in batch]),
        arrays.byteas(leaves),
        arrays.int8s(range(first_seq, first_seq + len(batch))),
    )
    connection.exec_driver_sql(_INSERT_EVENTS, columns)


def _words(values: Sequence[str]) -> list[str]:
    """A column of texts up to the last that says anything: `unnest` fills the shorter column up with nulls."""
    end = max((place for place, value in enumerate(values, 1) if value), default=0)
    return list(values[:end])


def viewer_states(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, ViewerItem]:
    """Viewer state of exactly those (viewer, item) pairs that have one."""
    if not pairs:
        return {}
    viewers, items = zip(*pairs, strict=True)
    rows = connection.exec_driver_sql(
        f"SELECT viewer_id, item_id, {', '.join(STATE_NAMES)} FROM viewer_items "
        "JOIN unnest(%b::bigint[], %b::bigint[]) AS wanted (viewer_id, item_id) USING (viewer_id, item_id)",
        (arrays.int8s(viewers), arrays.int8s(items)),
    )
    return {(row[0], row[1]): ViewerItem(*row[2:]) for row in rows}


def put_states(connection: Connection, states: Mapping[Pair, ViewerItem]) -> None:
    """Write viewer state whole."""
    if not states:
        return
    pairs = sorted(states)
    viewers, items = zip(*pairs, strict=True)
    columns = zip(*(states[pair] for pair in pairs), strict=True)
    packed = [_PACK[_STATE_TYPES[name]](column) for name, column in zip(STATE_NAMES, columns, strict=True)]
    connection.exec_driver_sql(_UPSERT_STATES, (arrays.int8s(viewers), arrays.int8s(items), *packed))


def follow_states(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, Following]:
    """What exactly those (viewer, creator) pairs have said of following."""
    if not pairs:
        return {}
    viewers, creators = zip(*pairs, strict=True)
    rows = connection.exec_driver_sql(
        "SELECT viewer_id, creator_id, following, changed_at, turn FROM follows "
        "JOIN unnest(%b::bigint[], %b::bigint[]) AS wanted (viewer_id, creator_id) USING (viewer_id, creator_id)",
        (list(viewers), list(creators)),
    )
    return {(row[0], row[1]): Following(*row[2:]) for row in rows}


def put_follows(connection: Connection, states: Mapping[Pair, Following]) -> None:
    """Write them whole."""
    if states:
        rows = [(*pair, *state) for pair, state in sorted(states.items(), key=lambda entry: entry[0])]
        connection.exec_driver_sql(_UPSERT_FOLLOWS, tuple(list(column) for column in zip(*rows, strict=True)))


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


def leaf_of(connection: Connection, event_id: UUID, viewer_id: ViewerId) -> tuple[bytes, int] | None:
    """The leaf of a viewer's own event, and its number; None also when it is another's, or has none."""
    wanted = select(events.c.leaf, events.c.leaf_seq).where(
        events.c.id == event_id, events.c.viewer_id == viewer_id, events.c.leaf_seq >= 0
    )
    row = connection.execute(wanted).one_or_none()
    return None if row is None else (bytes(row.leaf), row.leaf_seq)


def slate(connection: Connection, request_id: RequestId) -> ServedSlate | None:
    """A slate as it was recorded."""
    row = connection.execute(select(slates).where(slates.c.request_id == request_id)).one_or_none()
    if row is None:
        return None
    return ServedSlate(row.request_id, row.viewer_id, row.served_at, row.surface, tuple(row.item_ids), row.record)


def recall(connection: Connection, viewer_id: ViewerId, *, served_since: datetime, history_max: int) -> Recall:
    """Everything that a feed reads of a viewer, in one round trip and without a Python object a row."""
    asked = {"viewer": viewer_id, "served_since": served_since, "history_max": history_max}
    (row,) = rows(connection, _RECALL, asked)
    seen, followed, served, history, muted_creators, muted, wishes, *chosen = row
    return Recall(
        controls=Controls() if chosen[0] is None else controls_of(chosen),
        seen=_unpacked(seen, np.dtype(">i8")),
        followed=_unpacked(followed, np.dtype(">i8")),
        served=_unpacked(served, SERVED),
        history=_unpacked(history, DEEDS),
        muted_creators=_unpacked(muted_creators, np.dtype(">i8")),
        muted=_unpacked(muted, MUTED),
        wishes=_unpacked(wishes, SERVED),
    )


def _unpacked(sent: bytes | None, kind: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(sent or b"", dtype=kind).astype(kind.newbyteorder("="))


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


def came_between(
    connection: Connection, since: datetime, until: datetime, *, most: int
) -> list[tuple[str, int, float]]:
    """Who did anything where: (region, viewer, epoch seconds of their last there), the last `most` of each region."""
    rows = connection.exec_driver_sql(_CAME_BETWEEN, {"since": since, "until": until, "most": most})
    return [(row[0], row[1], row[2]) for row in rows]


def deeds_between(connection: Connection, since: datetime, until: datetime) -> NDArray[np.int64]:
    """(M, 2) distinct viewer and item, ascending, where more than an impression came in from `since` to before `until`.

    Read from one settled moment to the next, each event is met once.
    """
    packed = connection.exec_driver_sql(_DEEDS_BETWEEN, {"since": since, "until": until}).scalar() or b""
    return np.frombuffer(packed, dtype=">i8").astype(np.int64).reshape(-1, 2)


def training_rows(
    connection: Connection, viewers: Collection[int], items: Collection[int]
) -> Iterator[Row[*tuple[Any, ...]]]:
    """Viewer state of those viewers with those items, by viewer in order of time. The caller holds the rights.

    What a viewer did last while their history was paused, or before they began anew, is left out: it teaches nobody.
    Streamed, so that memory does not grow with the number of rows; ids go as two arrays, because a statement takes
    no more than 65,535 parameters.
    """
    wanted = (
        select(viewer_items)
        .where(
            _among(viewer_items.c.viewer_id, viewers),
            _among(viewer_items.c.item_id, items),
            ~exists().where(
                viewer_controls.c.viewer_id == viewer_items.c.viewer_id,
                or_(
                    viewer_controls.c.pauses.contains(viewer_items.c.last_at),
                    viewer_items.c.last_at <= viewer_controls.c.reset_at,
                ),
            ),
        )
        .order_by(viewer_items.c.viewer_id, viewer_items.c.first_at, viewer_items.c.item_id)
    )
    yield from connection.execute(wanted.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE))


def follow_rows(
    connection: Connection, viewers: Collection[int], items: Collection[int], since: datetime = _BEGINNING
) -> Iterator[Row[*tuple[Any, ...]]]:
    """`viewer_id, item_id` where one of those items made one of those viewers follow its creator, from `since` on."""
    wanted = select(events.c.viewer_id, events.c.item_id).where(
        events.c.type == EventType.FOLLOW.value,
        events.c.received_at >= since,
        _among(events.c.viewer_id, viewers),
        _among(events.c.item_id, items),
    )
    yield from connection.execute(wanted.execution_options(stream_results=True, yield_per=ROWS_AT_ONCE))


def _among(column: Column[Any], ids: Collection[int]) -> ColumnElement[bool]:
    return column == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger), unique=True))
