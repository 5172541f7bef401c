"""The only SQL of the way into the log, and of the numbers folded from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from openforyou.events.counts import Gains
from openforyou.events.log.tables import creator_counts, log_batches, log_state, pending_leaves, viewer_secrets
from openforyou.events.types import COUNT_NAMES, Counts
from openforyou.storage import arrays

WRITER_LOCK = 7_252
SEQUENCER_LOCK = 7_254

# ruff: noqa: S608 - the only names put into these statements are our own columns'.
_ENQUEUE = """
INSERT INTO pending_leaves (seq, leaf)
SELECT %b::bigint + place - 1, leaf FROM unnest(%b::bytea[]) WITH ORDINALITY AS given (leaf, place)
"""
_ADD_COUNTS = f"""
INSERT INTO item_counts AS held (item_id, {", ".join(COUNT_NAMES)})
SELECT * FROM unnest(%b::bigint[], {", ".join(["%b::bigint[]"] * len(COUNT_NAMES))})
ON CONFLICT (item_id) DO UPDATE SET {", ".join(f"{name} = held.{name} + excluded.{name}" for name in COUNT_NAMES)}
"""
_ADD_FOLLOWERS = """
INSERT INTO creator_counts AS held (creator_id, followers) SELECT * FROM unnest(%b::bigint[], %b::bigint[])
ON CONFLICT (creator_id) DO UPDATE SET followers = held.followers + excluded.followers
"""
_FREEZE = f"""
INSERT INTO item_counts AS held (item_id, frozen_by, frozen)
SELECT item_id, rule, jsonb_build_object({", ".join(f"'{name}', 0" for name in COUNT_NAMES)})
FROM unnest(%b::bigint[], %b::text[]) AS given (item_id, rule)
ON CONFLICT (item_id) DO UPDATE SET frozen_by = excluded.frozen_by,
  frozen = jsonb_build_object({", ".join(f"'{name}', held.{name}" for name in COUNT_NAMES)})
WHERE held.frozen_by = ''
"""
_FREE = "UPDATE item_counts SET frozen_by = '', frozen = NULL WHERE frozen_by = ANY(%b::text[])"
_SHOWN = ", ".join(f"coalesce((frozen->>'{name}')::bigint, {name}, 0) AS {name}" for name in COUNT_NAMES)
SHOWN = f"{_SHOWN}, (SELECT folded FROM log_state WHERE id = 1) AS log_size"
"""The columns of `Counts` over `item_counts`; the size that they hold at comes along, so that all are of one moment."""
_COUNTS = f"""
SELECT wanted.item_id, {SHOWN}
FROM unnest(%b::bigint[]) AS wanted (item_id) LEFT JOIN item_counts USING (item_id)
"""
_COUNTS_PAGE = f"""
SELECT page.*, folded AS log_size FROM log_state LEFT JOIN (
  SELECT item_id, {_SHOWN} FROM item_counts WHERE item_id > %b ORDER BY item_id LIMIT %b
) AS page ON true WHERE id = 1 ORDER BY item_id
"""
_FOLLOWERS_PAGE = """
SELECT page.*, folded AS log_size FROM log_state LEFT JOIN (
  SELECT creator_id, followers FROM creator_counts WHERE creator_id > %b ORDER BY creator_id LIMIT %b
) AS page ON true WHERE id = 1 ORDER BY creator_id
"""
_ALL_COUNTS = f"""
SELECT string_agg({" || ".join(f"int8send({name})" for name in ("item_id", *COUNT_NAMES))}, ''::bytea) FROM item_counts
"""


@dataclass(frozen=True, slots=True)
class State:
    """`queued`: leaves ever accepted, published or not. `folded`: the log's size that the numbers hold at."""

    queued: int
    folded: int


# The way in


def lock_writer(connection: Connection) -> None:
    """One writer at a time, across processes, until the transaction ends: unordered writers are ten times slower."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITER_LOCK})


def plain_secrets(connection: Connection, limit: int) -> dict[int, bytes]:
    """Some of the secrets that lie here since before the broker kept them, by viewer."""
    rows = connection.execute(select(viewer_secrets.c.viewer_id, viewer_secrets.c.secret).limit(limit))
    return {row.viewer_id: bytes(row.secret) for row in rows}


def delete_plain_secrets(connection: Connection, secrets: Mapping[int, bytes]) -> None:
    """These are kept elsewhere by now. One that says something else by now stays."""
    connection.exec_driver_sql(
        "DELETE FROM viewer_secrets USING unnest(%b::bigint[], %b::bytea[]) AS given (id, kept) "
        "WHERE viewer_id = id AND secret = kept",
        (list(secrets), arrays.byteas(list(secrets.values()))),
    )


def shed_plain_secrets(connection: Connection) -> None:
    """The file in which deleted rows still lie goes, once the table is empty."""
    connection.execute(text("LOCK TABLE viewer_secrets IN ACCESS EXCLUSIVE MODE"))
    if connection.execute(select(viewer_secrets.c.viewer_id).limit(1)).first() is None:
        connection.execute(text("TRUNCATE viewer_secrets"))


def enqueue(connection: Connection, leaves: Sequence[bytes]) -> int:
    """Put leaves on their way into the log, in the caller's transaction; the number of the first, the rest follow.

    Takes the writer lock until the transaction ends, so that numbers are given without a gap and in order of commit.
    A number is no place in the log: `place` says where a leaf came to stand.
    """
    lock_writer(connection)
    first = connection.exec_driver_sql(
        "UPDATE log_state SET queued = queued + %b WHERE id = 1 RETURNING queued - %b", (len(leaves), len(leaves))
    ).scalar_one()
    if leaves:
        connection.exec_driver_sql(_ENQUEUE, (first, arrays.byteas(leaves)))
    return int(first)


def add_refusals(connection: Connection, reasons: Mapping[str, int]) -> None:
    """Count refused events until the log tells of them."""
    if reasons:
        connection.exec_driver_sql(
            "INSERT INTO refusals AS held (reason, count) SELECT * FROM unnest(%b::text[], %b::bigint[]) "
            "ON CONFLICT (reason) DO UPDATE SET count = held.count + excluded.count",
            (sorted(reasons), [reasons[reason] for reason in sorted(reasons)]),
        )


# The sequencer's


def lock_sequencer(connection: Connection) -> bool:
    """Claim the log for this connection; False when another holds it. Ends with the connection."""
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": SEQUENCER_LOCK}))


def unlock_sequencer(connection: Connection) -> None:
    """Give the claim back. Where the connection was lost meanwhile, so was the claim."""
    with suppress(DBAPIError):
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": SEQUENCER_LOCK})
        connection.commit()


def state(connection: Connection) -> State:
    """Where the way into the log stands."""
    row = connection.execute(select(log_state.c.queued, log_state.c.folded).where(log_state.c.id == 1)).one()
    return State(row.queued, row.folded)


def take_refusals(connection: Connection, *, older_than_s: float) -> tuple[str, str, dict[str, int]] | None:
    """What was refused, from when to when by the database's clock, once the first of it is so old; forgotten here."""
    due = "SELECT min(since) <= now() - make_interval(secs => %b) FROM refusals"
    if not connection.exec_driver_sql(due, (older_than_s,)).scalar():
        return None
    lock_writer(connection)  # first, as the intake does: in the other order the two could wait for each other
    rows = connection.exec_driver_sql(
        "DELETE FROM refusals RETURNING reason, count, date_trunc('second', since), date_trunc('second', now())"
    ).all()
    return min(row[2] for row in rows).isoformat(), rows[0][3].isoformat(), {row[0]: row[1] for row in rows}


def batch_from(connection: Connection, start: int) -> int | None:
    """Where the batch that begins at `start` ends; None where it was not decided yet."""
    return connection.scalar(select(log_batches.c.stop).where(log_batches.c.start == start))


def decide_batch(connection: Connection, start: int, stop: int) -> None:
    """Which leaves go into the log together. Commit before the first is written: it is never decided twice."""
    connection.execute(log_batches.insert().values(start=start, stop=stop))


def batch_of(connection: Connection, seq: int) -> tuple[int, int] | None:
    """The batch, from its first leaf to behind its last, in which a leaf of that number went; None: not yet."""
    row = connection.execute(
        select(log_batches).where(log_batches.c.start <= seq).order_by(log_batches.c.start.desc()).limit(1)
    ).one_or_none()
    return None if row is None or seq >= row.stop else (row.start, row.stop)


def pending(connection: Connection, start: int, stop: int) -> list[bytes]:
    """The leaves with those numbers, in order of acceptance."""
    between = pending_leaves.c.seq.between(start, stop - 1)
    rows = connection.scalars(select(pending_leaves.c.leaf).where(between).order_by(pending_leaves.c.seq))
    return [bytes(leaf) for leaf in rows]


def waiting_records(connection: Connection, type_: str) -> list[bytes]:
    """Records of that type that wait for the log, in order of acceptance."""
    rows = connection.exec_driver_sql(
        "SELECT leaf FROM pending_leaves WHERE substr(leaf, 1, 1) = '{' AND position(%b IN leaf) > 0 ORDER BY seq",
        (f'"type":"{type_}"'.encode(),),
    )
    return [bytes(row[0]) for row in rows]


def fold(connection: Connection, start: int, stop: int, gained: Gains) -> bool:
    """Add what a batch gained; False, and nothing done, when the numbers do not hold at `start` any more."""
    moved = update(log_state).where(log_state.c.id == 1, log_state.c.folded == start).values(folded=stop)
    if connection.execute(moved).rowcount != 1:
        return False
    items = {item: gain for item, gain in sorted(gained.items.items()) if any(gain.values())}
    if items:
        columns = [list(items), *([gain[name] for gain in items.values()] for name in COUNT_NAMES)]
        connection.exec_driver_sql(_ADD_COUNTS, tuple(columns))
    if gained.followers:
        creators = sorted(gained.followers)
        connection.exec_driver_sql(_ADD_FOLLOWERS, (creators, [gained.followers[one] for one in creators]))
    if gained.freed:
        connection.exec_driver_sql(_FREE, (sorted(gained.freed),))
    if gained.frozen:
        connection.exec_driver_sql(_FREEZE, (list(gained.frozen), list(gained.frozen.values())))
    connection.execute(delete(pending_leaves).where(pending_leaves.c.seq < stop))
    return True


# The numbers shown


def counts(connection: Connection, ids: Collection[int]) -> dict[int, Counts]:
    """The shown numbers of each of those items; zero where nothing happened."""
    return {row[0]: Counts(*row[1:]) for row in connection.exec_driver_sql(_COUNTS, (list(ids),))}


def counts_page(connection: Connection, after: int, limit: int) -> tuple[int, list[tuple[int, Counts]]]:
    """The size that all hold at, and the shown numbers of items by id, from behind `after`."""
    rows = connection.exec_driver_sql(_COUNTS_PAGE, (after, limit)).all()
    return int(rows[0].log_size), [(row.item_id, Counts(*row[1:])) for row in rows if row.item_id is not None]


def all_counts(connection: Connection) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every item that has counts, (N,), and its counts, frozen or not, in the order of `COUNT_NAMES`, (N, K)."""
    packed = connection.exec_driver_sql(_ALL_COUNTS).scalar() or b""
    rows = np.frombuffer(packed, dtype=">i8").reshape(-1, 1 + len(COUNT_NAMES)).astype(np.int64)
    return rows[:, 0], rows[:, 1:]


def followers(connection: Connection, creator_id: int) -> int:
    """How many viewers follow a creator."""
    held = select(creator_counts.c.followers).where(creator_counts.c.creator_id == creator_id)
    return connection.scalar(held) or 0


def followers_page(connection: Connection, after: int, limit: int) -> tuple[int, list[tuple[int, int]]]:
    """The size that all hold at, and creators with their followers by id, from behind `after`."""
    rows = connection.exec_driver_sql(_FOLLOWERS_PAGE, (after, limit)).all()
    return int(rows[0].log_size), [(row.creator_id, row.followers) for row in rows if row.creator_id is not None]
