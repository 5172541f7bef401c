"""The only SQL of what viewers choose, but for the recall of a feed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.core.ids import ItemId, ViewerId
from openforyou.events.controls.tables import asked_for_more, muted, viewer_controls
from openforyou.events.controls.types import Mute, MuteKind, Wish
from openforyou.events.types import Controls

_PUT_CONTROLS = """
INSERT INTO viewer_controls (viewer_id, profiling, autoplay, break_minutes, region, reset_at, languages, pauses)
VALUES (%(viewer)s, %(profiling)s, %(autoplay)s, %(break_minutes)s, %(region)s, %(reset_at)s, %(languages)s,
        CASE WHEN %(paused)s THEN tstzmultirange(tstzrange(%(at)s, NULL)) ELSE '{}' END)
ON CONFLICT (viewer_id) DO UPDATE SET
  profiling = excluded.profiling, autoplay = excluded.autoplay, break_minutes = excluded.break_minutes,
  region = excluded.region, reset_at = excluded.reset_at, languages = excluded.languages,
  pauses = (CASE WHEN %(paused)s THEN viewer_controls.pauses + tstzmultirange(tstzrange(%(at)s, NULL))
                 ELSE viewer_controls.pauses * tstzmultirange(tstzrange(NULL, %(at)s)) END)
           * tstzmultirange(tstzrange(%(reset_at)s, NULL))
RETURNING (SELECT count(*) FROM unnest(pauses))
"""
"""A pause is open at its end until it is over; what a reset forgets anyway is cut off. Both may be said again."""


def controls(connection: Connection, viewer_id: ViewerId) -> Controls:
    """What a viewer chose, or the defaults."""
    chosen = viewer_controls.c
    row = connection.execute(
        select(
            (chosen.profiling & ~chosen.guarded).label("profiling"),
            chosen.autoplay,
            chosen.break_minutes,
            chosen.region,
            chosen.reset_at,
            chosen.languages,
            func.upper_inf(chosen.pauses).label("paused"),
        ).where(chosen.viewer_id == viewer_id)
    ).one_or_none()
    return Controls() if row is None else controls_of(row)


def controls_of(row: Sequence[object]) -> Controls:
    """From the columns in the order of `Controls`."""
    profiling, autoplay, break_minutes, region, reset_at, languages, paused = row
    return Controls(profiling, autoplay, break_minutes, region, reset_at, tuple(languages), paused)  # type: ignore[arg-type]


def put_controls(connection: Connection, viewer_id: ViewerId, chosen: Controls, at: datetime) -> int:
    """Write a viewer's choices whole; a pause begins or ends at `at`. Answers how many pauses there are now."""
    count: int = connection.exec_driver_sql(
        _PUT_CONTROLS,
        {
            "viewer": viewer_id,
            "profiling": chosen.profiling,
            "autoplay": chosen.autoplay,
            "break_minutes": chosen.break_minutes,
            "region": chosen.region,
            "reset_at": chosen.reset_at,
            "languages": list(chosen.languages),
            "paused": chosen.paused,
            "at": at,
        },
    ).scalar_one()
    return count


def is_guarded(connection: Connection, viewer_id: ViewerId) -> bool:
    """Whether a viewer is a minor whose feed may use nothing of what they do."""
    held = select(viewer_controls.c.guarded).where(viewer_controls.c.viewer_id == viewer_id)
    return bool(connection.scalar(held))


def set_guarded(connection: Connection, viewer_id: ViewerId, *, guarded: bool) -> None:
    """Put a viewer's feed under a guardian's word, or out of it. Profiling is off then, until it is chosen."""
    usual = Controls()
    row = {
        "viewer_id": viewer_id,
        "profiling": False,
        "autoplay": usual.autoplay,
        "break_minutes": usual.break_minutes,
        "region": usual.region,
        "guarded": guarded,
    }
    kept = {"guarded": guarded, "profiling": False}
    connection.execute(
        upsert(viewer_controls).values(row).on_conflict_do_update(index_elements=["viewer_id"], set_=kept)
    )


def mutes(connection: Connection, viewer_id: ViewerId) -> list[Mute]:
    """What a viewer muted, newest first."""
    rows = connection.execute(
        select(muted.c.kind, muted.c.key, muted.c.since)
        .where(muted.c.viewer_id == viewer_id)
        .order_by(muted.c.since.desc(), muted.c.kind, muted.c.key)
    )
    return [Mute(MuteKind(row.kind), row.key, row.since) for row in rows]


def insert_mute(connection: Connection, viewer_id: ViewerId, mute: Mute, codes: Sequence[int]) -> tuple[Mute, int]:
    """Once is enough: a repeat keeps the first, which is answered. And how many mutes the viewer has now."""
    row = {"viewer_id": viewer_id, "kind": mute.kind.value, "key": mute.key, "codes": list(codes), "since": mute.since}
    kept = upsert(muted).values(row)
    kept = kept.on_conflict_do_update(index_elements=["viewer_id", "kind", "key"], set_={"since": muted.c.since})
    since = connection.execute(kept.returning(muted.c.since)).scalar_one()
    count = connection.execute(select(func.count()).where(muted.c.viewer_id == viewer_id)).scalar_one()
    return Mute(mute.kind, mute.key, since), count


def delete_mute(connection: Connection, viewer_id: ViewerId, kind: MuteKind, key: str) -> None:
    """Take it back, if it is there."""
    connection.execute(
        delete(muted).where(muted.c.viewer_id == viewer_id, muted.c.kind == kind.value, muted.c.key == key)
    )


def wishes(connection: Connection, viewer_id: ViewerId) -> list[Wish]:
    """What a viewer asked for more of since they last began anew, newest first."""
    reset_at = viewer_controls.c.reset_at
    rows = connection.execute(
        select(asked_for_more.c.item_id, asked_for_more.c.since)
        .outerjoin(viewer_controls, viewer_controls.c.viewer_id == asked_for_more.c.viewer_id)
        .where(asked_for_more.c.viewer_id == viewer_id, or_(reset_at.is_(None), asked_for_more.c.since > reset_at))
        .order_by(asked_for_more.c.since.desc(), asked_for_more.c.item_id)
    )
    return [Wish(ItemId(row.item_id), row.since) for row in rows]


def put_wish(connection: Connection, viewer_id: ViewerId, wish: Wish, most: int) -> None:
    """Asked again, it is as new as ever. Of more than `most` the oldest goes."""
    mine = asked_for_more.c.viewer_id == viewer_id
    connection.execute(
        upsert(asked_for_more)
        .values(viewer_id=viewer_id, item_id=wish.item_id, since=wish.since)
        .on_conflict_do_update(index_elements=["viewer_id", "item_id"], set_={"since": wish.since})
    )
    newest = select(asked_for_more.c.item_id).where(mine).order_by(asked_for_more.c.since.desc()).limit(most)
    connection.execute(delete(asked_for_more).where(mine, asked_for_more.c.item_id.not_in(newest.scalar_subquery())))


def delete_wish(connection: Connection, viewer_id: ViewerId, item_id: ItemId) -> None:
    """Take it back, if it is there."""
    connection.execute(
        delete(asked_for_more).where(asked_for_more.c.viewer_id == viewer_id, asked_for_more.c.item_id == item_id)
    )
