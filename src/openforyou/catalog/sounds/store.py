"""The only SQL of sounds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.catalog.rights.store import holds_at, right_holds
from openforyou.catalog.rights.types import ITEM_SUBJECT, SOUND_SUBJECT
from openforyou.catalog.sounds.tables import item_sounds, sounds
from openforyou.catalog.sounds.types import Access, Audience, Heard, Licence, Sound
from openforyou.catalog.tables import items, rights
from openforyou.catalog.types import Right, SoundUse
from openforyou.core.ids import CreatorId, ItemId, SoundId

_KNOWN = tuple(sounds.c[name] for name in Sound.__dataclass_fields__)


def insert_sound(connection: Connection, sound: Sound, sha256: str, heard: Heard) -> bool:
    """False when the same file is here."""
    told = {name: getattr(sound, name) for name in Sound.__dataclass_fields__}
    told |= {"licence": sound.licence.value, "beats_ms": list(sound.beats_ms)}
    done = connection.execute(
        upsert(sounds)
        .values(**told, sha256=sha256, landmarks=heard.landmarks)
        .on_conflict_do_nothing()
        .returning(sounds.c.id)
    )
    return done.first() is not None


def sound_of_file(connection: Connection, sha256: str) -> Sound | None:
    """The sound that was made of that very file."""
    return next(iter(_sounds(connection.execute(select(*_KNOWN).where(sounds.c.sha256 == sha256)))), None)


def by_id(connection: Connection, ids: Collection[int]) -> dict[SoundId, Sound]:
    """Those that exist."""
    rows = connection.execute(select(*_KNOWN).where(sounds.c.id.in_(list(ids))))
    return {sound.id: sound for sound in _sounds(rows)}


def search(connection: Connection, words: str, limit: int) -> list[Sound]:
    """Sounds whose title or owner holds each of the words, newest first; all for none. Without its file none is."""
    wanted = select(*_KNOWN).where(sounds.c.audio_key != "")
    for word in words.split():
        named = (column.icontains(word, autoescape=True) for column in (sounds.c.title, sounds.c.owner_name))
        wanted = wanted.where(or_(*named))
    return _sounds(connection.execute(wanted.order_by(sounds.c.created_at.desc(), sounds.c.id).limit(limit)))


def registered(connection: Connection, known: Collection[int]) -> list[tuple[SoundId, bytes]]:
    """Id and landmarks of every work that is not among the `known`. A work never changes; it is empty once its owner
    has left."""
    new = select(sounds.c.id, sounds.c.landmarks).where(sounds.c.id.not_in(list(known)), sounds.c.landmarks != b"")
    rows = connection.execute(new)
    return [(SoundId(row.id), row.landmarks) for row in rows]


# Rights


def access(connection: Connection, ids: Collection[int], at: datetime) -> dict[SoundId, Access]:
    """Who may use each of the sounds at a moment."""
    rows = connection.execute(
        select(rights.c.subject_id, rights.c.given_to).where(
            rights.c.subject_kind == SOUND_SUBJECT,
            rights.c.subject_id.in_(list(ids)),
            rights.c.right == Right.AUDIO.value,
            holds_at(at),
        )
    ).all()
    owners = connection.execute(select(sounds.c.id, sounds.c.owner_id).where(sounds.c.id.in_(list(ids))))
    found = {}
    for row in owners:
        given = [grant.given_to for grant in rows if grant.subject_id == row.id]
        named = frozenset(CreatorId(one) for one in given if one is not None)
        audience = Audience.EVERYONE if None in given else Audience.CREATORS if named else Audience.NOBODY
        own = frozenset() if row.owner_id is None else frozenset({CreatorId(row.owner_id)})
        found[SoundId(row.id)] = Access(audience, named | own)
    return found


def lock(connection: Connection, ids: Iterable[int], *, alone: bool) -> None:
    """Hold sounds until the transaction ends: many may publish with one, nobody while its right is changed."""
    wanted = select(sounds.c.id).where(sounds.c.id.in_(sorted(ids))).order_by(sounds.c.id)
    connection.execute(wanted.with_for_update(read=not alone)).all()


# Items


def put_uses(connection: Connection, item_id: ItemId, uses: Sequence[SoundUse]) -> None:
    """What is heard in an item, instead of what was said of it before."""
    connection.execute(delete(item_sounds).where(item_sounds.c.item_id == item_id))
    rows = [
        {
            "item_id": item_id,
            "sound_id": use.sound_id,
            "from_ms": use.from_ms,
            "until_ms": use.until_ms,
            "is_chosen": use.is_chosen,
        }
        for use in uses
    ]
    if rows:
        connection.execute(insert(item_sounds), rows)


def uses_of(connection: Connection, item_ids: Collection[int]) -> list[tuple[ItemId, SoundUse]]:
    """Which registered sounds the items have, in the order in which they are heard."""
    rows = connection.execute(
        select(item_sounds).where(item_sounds.c.item_id.in_(list(item_ids))).order_by(item_sounds.c.from_ms)
    )
    return [
        (ItemId(row.item_id), SoundUse(SoundId(row.sound_id), row.from_ms, row.until_ms, row.is_chosen)) for row in rows
    ]


def users(connection: Connection, sound_id: SoundId, at: datetime, limit: int) -> list[ItemId]:
    """The published items with a sound that anybody may see, newest first."""
    used = select(item_sounds.c.item_id).where(item_sounds.c.sound_id == sound_id)
    rows = connection.scalars(
        select(items.c.id)
        .where(items.c.id.in_(used), items.c.status == "published")
        .where(right_holds(Right.SHOW, ITEM_SUBJECT, items.c.id, at))
        .order_by(items.c.published_at.desc())
        .limit(limit)
    )
    return [ItemId(one) for one in rows]


def published_with(connection: Connection, sound_id: SoundId) -> list[Row[*tuple[Any, ...]]]:
    """Every published item with a sound, as `id, creator_id`."""
    used = select(item_sounds.c.item_id).where(item_sounds.c.sound_id == sound_id)
    wanted = select(items.c.id, items.c.creator_id).where(items.c.id.in_(used), items.c.status == "published")
    return list(connection.execute(wanted))


def hold(connection: Connection, ids: Collection[int], reason: str) -> None:
    """Take items out of everything until their creators have chosen what they shall sound like."""
    connection.execute(
        update(items)
        .where(items.c.id.in_(list(ids)))
        .values(status="needs_sound", reason=reason, changed_at=func.now())
    )


def _sounds(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Sound]:
    return [Sound(**{**row._mapping, "licence": Licence(row.licence), "beats_ms": tuple(row.beats_ms)}) for row in rows]
