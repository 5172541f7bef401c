"""What one can do with sounds: register, look up, give and withdraw the right to use them."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from time import monotonic

from sqlalchemy import Connection

from openforyou.catalog.rights import store as rights_store
from openforyou.catalog.rights.types import SOUND_SUBJECT, Voice
from openforyou.catalog.sounds import rules, store
from openforyou.catalog.sounds.errors import SoundKnown, SoundNotAllowed, SoundNotFound
from openforyou.catalog.sounds.types import About, Access, Audience, Credit, Heard, Sound
from openforyou.catalog.types import Grant, Right, SoundUse
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId, SoundId, encode_id
from openforyou.storage.database import Database

SHOWN_MAX = 60
CREDITS_FOR_S = 5.0
CREDITS_MAX = 20_000


class Sounds:
    """The library and the registered works, on one database. Safe from several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._credits: dict[int, tuple[float, Credit | None]] = {}

    # Looking

    def sound(self, sound_id: SoundId) -> Sound:
        """One of them. Raises `SoundNotFound`."""
        found = self.sounds([sound_id])
        if sound_id not in found:
            raise SoundNotFound(encode_id(sound_id))
        return found[sound_id]

    def sounds(self, ids: Collection[int]) -> dict[SoundId, Sound]:
        """Those that exist, by id."""
        with self._database.connect() as connection:
            return store.by_id(connection, ids)

    def of_file(self, sha256: str) -> Sound | None:
        """The one that was made of that very file."""
        with self._database.connect() as connection:
            return store.sound_of_file(connection, sha256)

    def search(self, words: str = "", limit: int = SHOWN_MAX) -> list[Sound]:
        """Newest first; `words` are looked for in titles and owners."""
        plain = "".join(letter for letter in words if letter.isprintable())[:200]
        with self._database.connect() as connection:
            return store.search(connection, plain, limit)

    def access(self, ids: Collection[int]) -> dict[SoundId, Access]:
        """Who may use each, by sound."""
        with self._database.connect() as connection:
            return store.access(connection, ids, self._clock.now())

    def usable(self, sound_id: SoundId, creator_id: CreatorId | None) -> Sound:
        """A sound that a creator (None: just anybody) may use. Raises `SoundNotFound`, `SoundNotAllowed`."""
        sound = self.sound(sound_id)
        if not self.access([sound_id])[sound_id].allows(creator_id):
            raise SoundNotAllowed(sound.title, sound.owner_name)
        return sound

    def users(self, sound_id: SoundId, limit: int = SHOWN_MAX) -> list[ItemId]:
        """Items with it that anybody may see, newest first."""
        with self._database.connect() as connection:
            return store.users(connection, sound_id, self._clock.now(), limit)

    def heard_in(self, item_ids: Collection[int]) -> dict[ItemId, list[SoundUse]]:
        """Which registered sounds items have."""
        with self._database.connect() as connection:
            found: dict[ItemId, list[SoundUse]] = {}
            for item_id, use in store.uses_of(connection, item_ids):
                found.setdefault(item_id, []).append(use)
            return found

    def credits(self, ids: Iterable[int]) -> dict[int, Credit]:
        """What is said beside items set to these sounds; ids of no registered sound are left out. Remembered."""
        wanted, now = set(ids), monotonic()
        with self._lock:
            known = {one: kept for one in wanted if (kept := self._credits.get(one)) and kept[0] > now}
        if missing := wanted - known.keys():
            found = self.sounds(missing)
            fresh = {one: (now + CREDITS_FOR_S, _credit(found.get(SoundId(one)))) for one in missing}
            with self._lock:
                if len(self._credits) > CREDITS_MAX:
                    self._credits.clear()
                self._credits |= fresh
            known |= fresh
        return {one: credit for one, (_, credit) in known.items() if credit is not None}

    def works(self, known: Collection[int]) -> list[tuple[SoundId, bytes]]:
        """Id and landmarks of every registered work that is not among the `known`."""
        with self._database.connect() as connection:
            return store.registered(connection, known)

    # Registering, giving and withdrawing

    def register(self, sound: Sound, sha256: str, heard: Heard, access: Access, granted_by: str) -> None:
        """Keep a sound and who may use it. Raises `SoundKnown`, `BadInput`."""
        about = About(sound.title, sound.owner_name, sound.licence, sound.owner_id, sound.evidence)
        rules.checked(about, access.audience)
        with self._database.begin() as connection:
            if not store.insert_sound(connection, sound, sha256, heard):
                raise SoundKnown(sound.title, sound.owner_name)
            self._give(connection, sound, access, granted_by)

    def give(
        self, sound_id: SoundId, access: Access, granted_by: str, evidence: str = "", *, told: str = ""
    ) -> list[ItemId]:
        """Make it so that exactly these may use the sound; answers with the items that are held because of it.

        `told` are the words for their creators, where the sound and its owner shall not be named.

        An item of somebody who lost the right leaves every feed and page in the same transaction. Raises
        `SoundNotFound`, `BadInput`.
        """
        sound = self.sound(sound_id)
        rules.checked(
            About(sound.title, sound.owner_name, sound.licence, sound.owner_id, sound.evidence), access.audience
        )
        with self._database.begin() as connection:
            store.lock(connection, [sound_id], alone=True)
            voice = Voice(rights_store.party_of(granted_by), granted_by, evidence or "chosen anew")
            said = (voice, self._clock.now())
            rights_store.end_rights(connection, SOUND_SUBJECT, sound_id, [Right.AUDIO], said)
            self._give(connection, sound, access, granted_by, evidence)
            return self._hold(connection, sound, told)

    def _give(self, connection: Connection, sound: Sound, access: Access, granted_by: str, evidence: str = "") -> None:
        to: list[CreatorId | None] = []
        if access.audience is Audience.EVERYONE:
            to = [None]
        elif access.audience is Audience.CREATORS:
            to = [*sorted(access.creators)]
            if not to:
                raise BadInput("No creator is named.", hint="Name at least one, or give it to nobody.", field="audio")
        words = evidence or sound.evidence or f"by the licence {sound.licence.value}"
        now = self._clock.now()
        grants = [Grant(Right.AUDIO, sound.id, granted_by, words, now, None, given_to=one) for one in to]
        rights_store.insert_grants(connection, SOUND_SUBJECT, grants)

    def _hold(self, connection: Connection, sound: Sound, told: str = "") -> list[ItemId]:
        allowed = store.access(connection, [sound.id], self._clock.now())[sound.id]
        held = [
            ItemId(row.id)
            for row in store.published_with(connection, sound.id)
            if not allowed.allows(CreatorId(row.creator_id))
        ]
        if held:
            words = told or f"The right to use “{sound.title}” by {sound.owner_name} was withdrawn."
            store.hold(connection, held, f"{words} {rules.WAYS_ON}")
        return held

    # Inside somebody else's transaction

    def forbidden(
        self, connection: Connection, creator_id: CreatorId, uses: Sequence[SoundUse]
    ) -> list[tuple[SoundUse, Sound]]:
        """What is heard in an item and its creator may not use now. The rights stand until the transaction ends."""
        ids = {use.sound_id for use in uses}
        if not ids:
            return []
        store.lock(connection, ids, alone=False)
        allowed = store.access(connection, ids, self._clock.now())
        known = store.by_id(connection, ids)
        return [(use, known[use.sound_id]) for use in uses if not allowed[use.sound_id].allows(creator_id)]

    def put_uses(self, connection: Connection, item_id: ItemId, uses: Sequence[SoundUse]) -> None:
        """Keep what is heard in an item."""
        store.put_uses(connection, item_id, uses)


def _credit(sound: Sound | None) -> Credit | None:
    return None if sound is None else Credit(sound.id, sound.title, sound.owner_name, sound.licence)
