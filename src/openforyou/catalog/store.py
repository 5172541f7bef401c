"""The only SQL of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    DateTime,
    Row,
    any_,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from openforyou.catalog.credentials import store as credentials_store
from openforyou.catalog.credentials.types import CredentialState
from openforyou.catalog.rights.store import right_holds
from openforyou.catalog.rights.types import ITEM_SUBJECT
from openforyou.catalog.tables import TAKEN_ONCE, articles, creators, features, items, renditions
from openforyou.catalog.types import (
    Creator,
    Draft,
    Item,
    ItemKind,
    ItemStatus,
    Publication,
    Rendition,
    Right,
    SoundChoice,
)
from openforyou.core.ids import AccountId, CreatorId, ItemId
from openforyou.core.words import codes

# Statements of every feed request, built once: building one anew costs more than running it. Ids go as one array.
_IDS = bindparam("ids", type_=ARRAY(BigInteger))
_CREATORS_BY_ID = select(*(creators.c[one.name] for one in fields(Creator))).where(creators.c.id == any_(_IDS))
_FILE = func.json_build_array(
    renditions.c.name, renditions.c.key, renditions.c.width, renditions.c.height, renditions.c.size_bytes
)
_PLAYABLE = (
    select(func.json_agg(aggregate_order_by(_FILE, renditions.c.height.desc())))
    .where(renditions.c.item_id == items.c.id)
    .scalar_subquery()
    .label("playable")
)
_BY_ID = select(items, _PLAYABLE).where(items.c.id == any_(_IDS))
_PERMITTED = {
    right: _BY_ID.where(
        items.c.status == "published",
        *(
            right_holds(needed, ITEM_SUBJECT, items.c.id, bindparam("at", type_=DateTime(timezone=True)))
            for needed in sorted({Right.SHOW, right})
        ),
    )
    for right in Right
}
OFFERED = (
    _PERMITTED[Right.RECOMMEND]
    .with_only_columns(
        *(_PLAYABLE if one.name == "renditions" else items.c[one.name] for one in fields(Item)),
        *(creators.c[one.name].label(f"by_{one.name}") for one in fields(Creator)),
    )
    .join(creators, creators.c.id == items.c.creator_id)
)
"""What a feed may offer of `ids` at `at`: the columns of an `Item`, then those of its `Creator`, in their order."""


# Creators


def insert_creator(connection: Connection, creator: Creator, *, guarded: bool = False) -> bool:
    """False when the handle (or the account) has one already."""
    done = connection.execute(
        upsert(creators)
        .values(
            id=creator.id,
            handle=creator.handle,
            name=creator.name,
            bio=creator.bio,
            account_id=creator.account_id,
            created_at=creator.created_at,
            guarded=guarded,
        )
        .on_conflict_do_nothing()
        .returning(creators.c.id)
    )
    return done.first() is not None


def find_creator(
    connection: Connection,
    *,
    handle: str | None = None,
    creator_id: CreatorId | None = None,
    account_id: AccountId | None = None,
) -> Creator | None:
    """By exactly one of the three."""
    given = {"handle": handle, "id": creator_id, "account_id": account_id}
    named = {key: value for key, value in given.items() if value is not None}
    assert len(named) == 1, "look a creator up by one key"
    ((key, value),) = named.items()
    wanted = select(*(creators.c[one.name] for one in fields(Creator))).where(creators.c[key] == value)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else Creator(*row)


def rename(connection: Connection, creator_id: CreatorId, handle: str) -> None:
    """Another handle, that nobody has."""
    connection.execute(update(creators).where(creators.c.id == creator_id).values(handle=handle))


def is_guarded(connection: Connection, creator_id: CreatorId) -> bool:
    """Whether a creator is a minor, whose guardian says what may be done with their items."""
    return bool(connection.scalar(select(creators.c.guarded).where(creators.c.id == creator_id)))


def set_guarded(connection: Connection, account_id: AccountId, *, guarded: bool) -> None:
    """Put the creator of an account, if it has one, under a guardian's word, or out of it."""
    connection.execute(update(creators).where(creators.c.account_id == account_id).values(guarded=guarded))


def guarded_accounts(connection: Connection) -> dict[int, bool]:
    """Whether the creator of each account that has one is guarded."""
    rows = connection.execute(
        select(creators.c.account_id, creators.c.guarded).where(creators.c.account_id.is_not(None))
    )
    return {row.account_id: row.guarded for row in rows}


def item_ids_of(connection: Connection, creator_id: CreatorId) -> list[ItemId]:
    """All of a creator's items that were not withdrawn or refused, oldest first."""
    gone = (ItemStatus.WITHDRAWN.value, ItemStatus.REFUSED.value)
    wanted = select(items.c.id).where(items.c.creator_id == creator_id, items.c.status.not_in(gone))
    return [ItemId(one) for one in connection.scalars(wanted.order_by(items.c.created_at, items.c.id))]


def creators_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Creator]:
    """Those that exist, by id."""
    rows = connection.execute(_CREATORS_BY_ID, {"ids": list(ids)})
    return {row[0]: Creator(*row) for row in rows}


# Items


def insert_item(connection: Connection, item_id: ItemId, creator_id: CreatorId, draft: Draft, source_key: str) -> bool:
    """A queued item. False when the same creator's same file is here or on its way."""
    done = connection.execute(
        upsert(items)
        .values(
            id=item_id,
            creator_id=creator_id,
            kind=draft.kind.value,
            status=ItemStatus.QUEUED.value,
            title=draft.title,
            caption=draft.caption,
            region=draft.region,
            cross_post=draft.cross_post,
            language=draft.language,
            posted_at=draft.posted_at,
            source_url=draft.source_url,
            **_sound(draft.sound),
            words=sorted(codes(f"{draft.title}\n{draft.caption}")),
            source_name=draft.source_name,
            source_key=source_key,
            source_sha256=draft.source_sha256,
            urgency=draft.urgency.value,
        )
        .on_conflict_do_nothing()
        .returning(items.c.id)
    )
    return done.first() is not None


def item_of_source(connection: Connection, creator_id: CreatorId, sha256: str) -> Row[*tuple[Any, ...]] | None:
    """The living item made of that file, as `id, status`."""
    return connection.execute(
        select(items.c.id, items.c.status).where(
            items.c.creator_id == creator_id,
            items.c.source_sha256 == sha256,
            items.c.status.in_(TAKEN_ONCE),
        )
    ).one_or_none()


def publish(connection: Connection, item_id: ItemId, publication: Publication, at: datetime) -> bool:
    """Take in everything and make it visible, or hold it; False when it was withdrawn meanwhile."""
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status == "processing")
        .values(
            status="held" if publication.held_because else "published",
            published_at=items.c.published_at if publication.held_because else func.coalesce(items.c.published_at, at),
            reason=publication.held_because,
            changed_at=func.now(),
            duration_ms=publication.duration_ms,
            width=publication.width,
            height=publication.height,
            has_sound=publication.has_sound,
            sound_id=publication.sound_id,
            poster_key=publication.poster_key,
            preview_key=publication.preview_key,
            credentials=publication.credentials.state.value,
            signed_by=publication.credentials.signed_by,
            ai_made=publication.credentials.ai_made,
        )
    )
    if done.rowcount != 1:
        return False
    connection.execute(delete(renditions).where(renditions.c.item_id == item_id))
    files = [
        {
            "item_id": item_id,
            "name": rendition.name,
            "key": rendition.key,
            "width": rendition.width,
            "height": rendition.height,
            "size_bytes": rendition.size_bytes,
        }
        for rendition in publication.renditions
    ]
    if files:
        connection.execute(insert(renditions), files)
    put_features(connection, item_id, publication.features)
    credentials_store.put(connection, item_id, publication.credentials, at)
    return True


def put_article(connection: Connection, item_id: ItemId, html: str) -> None:
    """The text of an article, which has been made safe."""
    connection.execute(insert(articles).values(item_id=item_id, html=html))


def article(connection: Connection, item_id: ItemId) -> str:
    """The text of an article; "" for what is none."""
    return connection.scalar(select(articles.c.html).where(articles.c.item_id == item_id)) or ""


def put_features(connection: Connection, item_id: ItemId, vectors: Mapping[str, NDArray[np.float32]]) -> None:
    """Content features by encoder."""
    for encoder, vector in vectors.items():
        assert np.isfinite(vector).all(), f"{encoder} made a vector that is not finite"
        row = {"item_id": item_id, "encoder": encoder, "vector": vector.astype("<f4").tobytes()}
        connection.execute(
            upsert(features).values(row).on_conflict_do_update(index_elements=["item_id", "encoder"], set_=row)
        )


def queue_again(connection: Connection, item_id: ItemId, sound: SoundChoice, source_key: str) -> bool:
    """Have an item that needs a sound, or is published, made anew with another; False when it is neither now."""
    done = connection.execute(
        update(items)
        .where(items.c.id == item_id, items.c.status.in_(["needs_sound", "published"]))
        .values(status="queued", attempts=0, source_key=source_key, changed_at=func.now(), **_sound(sound))
    )
    return done.rowcount == 1


def source_of(connection: Connection, item_id: ItemId) -> str:
    """The key under which an item's upload was stored, whether or not it is still there."""
    return connection.scalar(select(items.c.source_key).where(items.c.id == item_id)) or ""


def _sound(sound: SoundChoice) -> dict[str, Any]:
    return {
        "sound_source": sound.source.value,
        "library_sound_id": sound.sound_id,
        "library_from_ms": sound.from_ms,
    }


def set_status(connection: Connection, item_id: ItemId, status: ItemStatus, reason: str = "") -> None:
    """Refuse, withdraw, or queue again."""
    connection.execute(
        update(items).where(items.c.id == item_id).values(status=status.value, reason=reason, changed_at=func.now())
    )


def items_by_id(
    connection: Connection, ids: Iterable[int], *, at: datetime, right: Right | None = Right.SHOW
) -> dict[int, Item]:
    """Published items that may be shown and carry `right` at `at`; with None any item in any state (its creator's)."""
    wanted = _BY_ID if right is None else _PERMITTED[right]
    given = {"ids": list(ids)} if right is None else {"ids": list(ids), "at": at}
    return _items(connection.execute(wanted, given))


def items_of_creator(
    connection: Connection,
    creator_id: CreatorId,
    *,
    at: datetime,
    everything: bool,
    limit: int,
    before: datetime | None,
) -> list[Item]:
    """Newest first. `everything` is for the creator: also what waits or was refused."""
    wanted = select(items, _PLAYABLE).where(items.c.creator_id == creator_id)
    if not everything:
        wanted = wanted.where(items.c.status == "published", right_holds(Right.SHOW, ITEM_SUBJECT, items.c.id, at))
    if before is not None:
        wanted = wanted.where(items.c.created_at < before)
    return list(_items(connection.execute(wanted.order_by(items.c.created_at.desc()).limit(limit))).values())


def newest_ids(connection: Connection, *, at: datetime, limit: int) -> list[int]:
    """The items published last that carry `recommend`."""
    return list(
        connection.scalars(
            select(items.c.id)
            .where(items.c.status == "published", right_holds(Right.RECOMMEND, ITEM_SUBJECT, items.c.id, at))
            .order_by(items.c.published_at.desc())
            .limit(limit)
        )
    )


def items_of_creators(
    connection: Connection, creator_ids: Iterable[int], *, at: datetime, before: tuple[datetime, int] | None, limit: int
) -> list[Item]:
    """What those creators published and may be shown, newest first; `before` is the last one's time and id."""
    wanted = select(items, _PLAYABLE).where(
        items.c.creator_id.in_(list(creator_ids)),
        items.c.status == "published",
        right_holds(Right.SHOW, ITEM_SUBJECT, items.c.id, at),
    )
    if before is not None:
        wanted = wanted.where(tuple_(items.c.published_at, items.c.id) < before)
    newest = wanted.order_by(items.c.published_at.desc(), items.c.id.desc()).limit(limit)
    return list(_items(connection.execute(newest)).values())


def titles_of_sounds(connection: Connection, sounds: Iterable[int], *, at: datetime) -> dict[int, str]:
    """The title of the oldest published clip set to each sound that may be shown, by sound."""
    rows = connection.execute(
        select(items.c.sound_id, items.c.title)
        .ext(distinct_on(items.c.sound_id))
        .where(
            items.c.sound_id.in_(list(sounds)),
            items.c.status == "published",
            right_holds(Right.SHOW, ITEM_SUBJECT, items.c.id, at),
        )
        .order_by(items.c.sound_id, items.c.published_at, items.c.id)
    )
    return {row.sound_id: row.title for row in rows}


def feature_rows(
    connection: Connection, encoder: str, ids: Sequence[int] | None = None
) -> Sequence[Row[*tuple[Any, ...]]]:
    """`item_id, vector` (bytes of float32) for one encoder, of all items or of `ids`."""
    wanted = select(features.c.item_id, features.c.vector).where(features.c.encoder == encoder)
    if ids is not None:
        wanted = wanted.where(
            features.c.item_id == any_(bindparam(None, list(ids), type_=ARRAY(BigInteger), unique=True))
        )
    return connection.execute(wanted).all()


def _items(rows: Iterable[Row[*tuple[Any, ...]]]) -> dict[int, Item]:
    """Items by id, from rows of `items` with `playable`."""
    return {
        row.id: Item(
            id=row.id,
            creator_id=row.creator_id,
            kind=ItemKind(row.kind),
            status=ItemStatus(row.status),
            title=row.title,
            caption=row.caption,
            region=row.region,
            duration_ms=row.duration_ms,
            width=row.width,
            height=row.height,
            has_sound=row.has_sound,
            poster_key=row.poster_key,
            preview_key=row.preview_key,
            renditions=tuple(Rendition(*file) for file in row.playable or ()),
            reason=row.reason,
            created_at=row.created_at,
            published_at=row.published_at,
            cross_post=row.cross_post,
            language=row.language,
            sound_id=row.sound_id,
            credentials=CredentialState(row.credentials),
            signed_by=row.signed_by,
            ai_made=row.ai_made,
            posted_at=row.posted_at,
            source_url=row.source_url,
        )
        for row in rows
    }


_KIND, _STATUS, _FILES, _CREDENTIALS = (
    [one.name for one in fields(Item)].index(name) for name in ("kind", "status", "renditions", "credentials")
)


def item_of(values: Sequence[Any]) -> Item:
    """From the columns of `OFFERED`, in the order of an `Item`."""
    told = list(values)
    told[_KIND], told[_STATUS] = ItemKind(told[_KIND]), ItemStatus(told[_STATUS])
    told[_FILES] = tuple(Rendition(*file) for file in told[_FILES] or ())
    told[_CREDENTIALS] = CredentialState(told[_CREDENTIALS])
    return Item(*told)
