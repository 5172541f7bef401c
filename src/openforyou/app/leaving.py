"""What the rooms do when somebody goes: rights taken back, clips out of sight, sessions ended, files deleted.

The rows themselves are `privacy/person`'s to remove. Each of these may be done again with the same result, and the
erasure does so where a process was killed.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from openforyou.catalog import store as catalog_store
from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT
from openforyou.catalog.sounds.types import Access, Audience
from openforyou.catalog.standing import store as standing_store
from openforyou.catalog.types import Right
from openforyou.core.ids import AccountId, CreatorId, ItemId, SoundId, ViewerId, encode_id
from openforyou.ingest.imports import store as imports_store
from openforyou.moderation.claims.types import ClaimState, Side
from openforyou.privacy.person import store
from openforyou.privacy.person.places import Key
from openforyou.privacy.person.types import Contested, Person, What

if TYPE_CHECKING:
    from openforyou.app.platform import Platform

LEFT = "they left, and were forgotten"
"""The evidence on record; it is emptied with the rest."""
SOUND_LEFT = "The owner of a sound in it left, and with them the right to use it."
RUNS_MAX = 100_000


class Leaving:
    """On one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def loosen(self, person: Person, what: What, next_viewer: int) -> None:
        """See `Ties`. Rights first: whatever is stopped afterwards, no feed shows and no model learns from them."""
        platform = self._platform
        with platform.database.begin() as connection:
            told = (rights_store.own_voice(VIEWER_SUBJECT, person.viewer_id, LEFT), platform.clock.now())
            rights_store.end_rights(connection, VIEWER_SUBJECT, person.viewer_id, Right, told)
        if what is What.HISTORY:
            assert person.account_id is not None, "whoever has no account leaves whole"
            self._move(AccountId(person.account_id), ViewerId(next_viewer))
            return
        if person.creator_id is not None:
            self._unpublish(CreatorId(person.creator_id), person)
        if person.account_id is not None:
            account_id = AccountId(person.account_id)
            platform.accounts.sessions.end_all(account_id)
            for one, _ in platform.minors.guardians.of_guardian(account_id):
                platform.minors.step_back(account_id, one.id)

    def keys_gone(self, person: Person) -> None:
        """See `Ties`."""
        self._platform.events.forget([ViewerId(person.viewer_id)])
        self._platform.access.forget(person)

    def contested(self, person: Person) -> Contested:
        """See `Ties`."""
        if person.creator_id is None:
            return Contested()
        living = [one.claim for one in self._platform.claims.of(CreatorId(person.creator_id)) if one.claim.is_living]
        named = (item for claim in living for item in (claim.about.item_id, claim.about.other_id) if item is not None)
        until = max((claim.appeal_until or claim.decide_by for claim in living), default=None)
        return Contested(frozenset(named), tuple(encode_id(claim.id) for claim in living), until)

    def remove_files(self, person: Person, items: Collection[int], sounds: Collection[int]) -> int:
        """See `Ties`."""
        platform = self._platform
        keys: list[str] = []
        for item in items:
            keys += platform.blobs.keys(f"items/{encode_id(item)}/")
            keys += platform.blobs.keys(f"uploads/{encode_id(item)}-")
        for sound in sounds:
            keys += platform.blobs.keys(f"sounds/{encode_id(sound)}/")
        if person.creator_id is not None:
            with platform.database.connect() as connection:
                runs = imports_store.runs_of(connection, CreatorId(person.creator_id), RUNS_MAX)
            keys += [run.blob_key for run in runs if run.blob_key]
        for key in keys:
            platform.blobs.delete(key)
        count = len(keys)
        if person.account_id is not None:
            for folder in self._folders(person.account_id):
                count += sum(1 for one in folder.rglob("*") if one.is_file())
                rmtree(folder, ignore_errors=True)
        return count

    def _folders(self, account_id: int) -> list[Path]:
        """What lies on the way in: the studio's desk, and uploads that were begun."""
        data, own = self._platform.settings.data, encode_id(account_id)
        return [data / "studio" / own, data / "uploads-part" / own]

    def _unpublish(self, creator_id: CreatorId, person: Person) -> None:
        platform = self._platform
        with platform.database.connect() as connection:
            items = catalog_store.item_ids_of(connection, creator_id)
            every = store.numbers(connection, Key.ITEM, person)
            sounds = store.numbers(connection, Key.SOUND, person)
        for item in items:
            platform.catalog.withdraw(item, creator_id)
        now = platform.clock.now()
        with platform.database.begin() as connection:
            for one in set(every) - set(items):  # refused or withdrawn before, and perhaps with a right that stands
                voice = rights_store.own_voice(ITEM_SUBJECT, one, LEFT)
                rights_store.end_rights(connection, ITEM_SUBJECT, ItemId(one), Right, (voice, now))
        for sound in sounds:
            nobody = Access(Audience.NOBODY)
            platform.sounds.give(SoundId(sound), nobody, f"owner:{encode_id(creator_id)}", LEFT, told=SOUND_LEFT)
        for case in platform.claims.of(creator_id):
            if case.claim.state is ClaimState.OPEN and case.claim.side_of(creator_id) is Side.CLAIMANT:
                platform.claims.rescind(case.claim.id, creator_id)
        with platform.database.begin() as connection:
            own = catalog_store.find_creator(connection, creator_id=creator_id)
            if own is not None:
                standing_store.unname(connection, own.handle)

    def _move(self, account_id: AccountId, next_viewer: ViewerId) -> None:
        """On to a pseudonym that nobody has seen. A minor's is guarded from its first moment; what a guardian had
        decided is to be decided anew."""
        platform = self._platform
        platform.accounts.move(account_id, next_viewer)
        account = platform.accounts.opened_for_owner(account_id)
        if account.is_minor:
            platform.minors.declare(account)
