"""What one can do with the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection

from openforyou.catalog import store
from openforyou.catalog.credentials import store as credentials_store
from openforyou.catalog.credentials.types import Credentials, OptOut
from openforyou.catalog.errors import AlreadyTaken, CreatorNotFound, HandleTaken, ItemNotFound
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.service import STEAD, Rights
from openforyou.catalog.rights.types import ITEM_SUBJECT, Act
from openforyou.catalog.rules import checked_caption, checked_handle, checked_title, plain_handle
from openforyou.catalog.standing import store as standing
from openforyou.catalog.types import ITEM_RIGHTS, Creator, Draft, Grant, Item, ItemKind, ItemStatus, Publication, Right
from openforyou.core.clock import Clock
from openforyou.core.ids import AccountId, CreatorId, ItemId, encode_id, new_id
from openforyou.core.languages import primary_tag
from openforyou.storage.database import Database

PAGE_ITEMS = 60
OnWithdrawal = Callable[[Connection, ItemId], None]
"""What else goes with an item, in the transaction that withdraws it."""


def nothing_more(connection: Connection, item_id: ItemId) -> None:
    """Nothing goes with it."""


class Catalog:
    """Creators, items and rights on one database."""

    def __init__(self, database: Database, clock: Clock, on_withdrawal: OnWithdrawal = nothing_more) -> None:
        self._database = database
        self._clock = clock
        self._on_withdrawal = on_withdrawal
        self.rights = Rights(database, clock)
        # By these names the house asks for what is asked most.
        self.item_rights = self.rights.of_item
        self.set_item_rights = self.rights.choose_for_item
        self.viewer_rights = self.rights.of_viewer
        self.set_viewer_rights = self.rights.choose_for_viewer

    # Creators

    def add_creator(
        self, handle: str, name: str, *, account_id: AccountId | None = None, bio: str = "", guarded: bool = False
    ) -> Creator:
        """A new creator; `guarded`: a minor. Raises `HandleTaken`, `BadInput`."""
        creator = Creator(
            id=CreatorId(new_id()),
            handle=checked_handle(handle),
            name=checked_title(name),
            bio=checked_caption(bio),
            account_id=account_id,
            created_at=self._clock.now(),
        )
        with self._database.begin() as connection:
            if not store.insert_creator(connection, creator, guarded=guarded):
                raise HandleTaken(creator.handle)
        return creator

    def creator(self, handle: str) -> Creator:
        """By handle. Raises `CreatorNotFound`."""
        plain = plain_handle(handle)
        if not plain.isprintable():  # the database would refuse to be asked
            raise CreatorNotFound(repr(plain[:40]))
        with self._database.connect() as connection:
            found = store.find_creator(connection, handle=plain)
        if found is None:
            raise CreatorNotFound(f"@{plain[:40]}")
        return found

    def creator_of_account(self, account_id: AccountId) -> Creator | None:
        """The creator that an account publishes as."""
        with self._database.connect() as connection:
            return store.find_creator(connection, account_id=account_id)

    def creators(self, ids: Iterable[int]) -> dict[int, Creator]:
        """Those that exist, by id."""
        with self._database.connect() as connection:
            return store.creators_by_id(connection, ids)

    # Items

    def queue(self, item_id: ItemId, creator_id: CreatorId, draft: Draft, source_key: str, evidence: str) -> None:
        """Take a file in, to be processed: the item and the rights that came with it, in one transaction.

        `source_key` is the blob that holds the file, `evidence` how we know that the rights were given. What a minor
        ticks gives nothing: their guardian decides.
        Raises `AlreadyTaken`, `BadInput`.
        """
        checked_title(draft.title)
        checked_caption(draft.caption)
        assert draft.language == primary_tag(draft.language), f"{draft.language} is no primary tag"
        now = self._clock.now()
        with self._database.begin() as connection:
            if not store.insert_item(connection, item_id, creator_id, draft, source_key):
                here = store.item_of_source(connection, creator_id, draft.source_sha256)
                raise AlreadyTaken(draft.source_name, here.id if here is not None else 0)
            if self._is_guarded(connection, item_id, creator_id):
                return
            granted_by = f"creator:{encode_id(creator_id)}"
            grants = [Grant(right, item_id, granted_by, evidence, now, None) for right in sorted(draft.rights)]
            rights_store.insert_grants(connection, ITEM_SUBJECT, grants)

    def _is_guarded(self, connection: Connection, item_id: ItemId, creator_id: CreatorId) -> bool:
        """Whether a new item is a minor's: then every right over it is refused until a guardian decides."""
        if not store.is_guarded(connection, creator_id):
            return False
        now = self._clock.now()
        said = [one for right in ITEM_RIGHTS for one in STEAD.says(Act.REFUSE, right, ITEM_SUBJECT, [item_id], now)]
        rights_store.record(connection, said, now)
        return True

    def publish_article(
        self, item_id: ItemId, creator_id: CreatorId, draft: Draft, publication: Publication, html: str
    ) -> None:
        """An article with its text, whole and at once, without any right yet. Raises `AlreadyTaken`, `BadInput`.

        `html` has been made safe. Nothing is left to process, so nobody ever sees it queued.
        """
        assert draft.kind is ItemKind.ARTICLE
        assert not draft.rights, "rights are given once it is known whose it is"
        checked_title(draft.title)
        checked_caption(draft.caption)
        with self._database.begin() as connection:
            if not store.insert_item(connection, item_id, creator_id, draft, ""):
                here = store.item_of_source(connection, creator_id, draft.source_sha256)
                raise AlreadyTaken(draft.source_name, here.id if here is not None else 0)
            store.set_status(connection, item_id, ItemStatus.PROCESSING)
            store.publish(connection, item_id, publication, self._clock.now())
            store.put_article(connection, item_id, html)
            self._is_guarded(connection, item_id, creator_id)

    def article(self, item_id: ItemId) -> str:
        """The text of an article as safe HTML; "" for what is none."""
        with self._database.connect() as connection:
            return store.article(connection, item_id)

    def items(self, ids: Iterable[int], *, right: Right = Right.SHOW) -> dict[int, Item]:
        """Published items that carry `right` now, by id."""
        with self._database.connect() as connection:
            return store.items_by_id(connection, ids, at=self._clock.now(), right=right)

    def maker_of(self, item_id: ItemId) -> CreatorId:
        """Whose an item is, shown or not. Raises `ItemNotFound`."""
        with self._database.connect() as connection:
            found = store.items_by_id(connection, [item_id], at=self._clock.now(), right=None).get(item_id)
        if found is None:
            raise ItemNotFound(encode_id(item_id))
        return found.creator_id

    def items_for(self, ids: Iterable[int], creator_id: CreatorId) -> dict[int, Item]:
        """Of those items what may be shown, and what is this creator's own in whatever state."""
        with self._database.connect() as connection:
            found = store.items_by_id(connection, ids, at=self._clock.now(), right=None)
        shown = self.items(found)
        return {item.id: item for item in found.values() if item.id in shown or item.creator_id == creator_id}

    def titles_of_sounds(self, sounds: Collection[int]) -> dict[int, str]:
        """A clip by which people know each sound, by sound; those that no clip has any more are left out."""
        if not sounds:
            return {}
        with self._database.connect() as connection:
            return store.titles_of_sounds(connection, sounds, at=self._clock.now())

    def newest(self, limit: int) -> list[int]:
        """Ids of what was published last and may be recommended."""
        with self._database.connect() as connection:
            return store.newest_ids(connection, at=self._clock.now(), limit=limit)

    def item(self, item_id: ItemId) -> Item:
        """One that anyone may see. Raises `ItemNotFound`."""
        found = self.items([item_id])
        if item_id not in found:
            raise ItemNotFound(encode_id(item_id))
        return found[item_id]

    def own_item(self, item_id: ItemId, creator_id: CreatorId) -> Item:
        """One of a creator's own, in any state. Raises `ItemNotFound`, also for somebody else's."""
        with self._database.connect() as connection:
            found = store.items_by_id(connection, [item_id], at=self._clock.now(), right=None)
        if item_id not in found or found[item_id].creator_id != creator_id:
            raise ItemNotFound(encode_id(item_id))
        return found[item_id]

    def owner_of(self, item_id: ItemId) -> CreatorId:
        """Who made an item, in whatever state it is. For an operator. Raises `ItemNotFound`."""
        with self._database.connect() as connection:
            found = store.items_by_id(connection, [item_id], at=self._clock.now(), right=None)
        if item_id not in found:
            raise ItemNotFound(encode_id(item_id))
        return found[item_id].creator_id

    def items_of(
        self, creator_id: CreatorId, *, everything: bool = False, before: datetime | None = None
    ) -> list[Item]:
        """A creator's items, newest first, a page at a time; `everything` also shows what waits or was refused."""
        with self._database.connect() as connection:
            return store.items_of_creator(
                connection,
                creator_id,
                at=self._clock.now(),
                everything=everything,
                limit=PAGE_ITEMS,
                before=before,
            )

    def withdraw(self, item_id: ItemId, creator_id: CreatorId) -> None:
        """Take an item out of everything at once. Raises `ItemNotFound`."""
        self.own_item(item_id, creator_id)
        now = self._clock.now()
        with self._database.begin() as connection:
            standing.withdraw(connection, item_id, now)
            self._on_withdrawal(connection, item_id)

    # Where it comes from

    def credentials(self, item_id: ItemId) -> tuple[Credentials, datetime] | None:
        """What was read of a shown item's source, and when; None where it was taken in before that was read.

        Raises `ItemNotFound`.
        """
        self.item(item_id)
        with self._database.connect() as connection:
            return credentials_store.credentials_of(connection, item_id)

    def opt_outs(self, ids: Collection[int]) -> dict[int, list[OptOut]]:
        """The refusals of the right `learn` that came with items, by item; only those that have any."""
        if not ids:
            return {}
        with self._database.connect() as connection:
            return credentials_store.opt_outs_of(connection, ids)
