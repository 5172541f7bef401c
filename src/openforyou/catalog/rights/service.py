"""What one can do with rights: give, refuse, take back, look at what was said, and check all of it against the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from openforyou.catalog import store as catalog_store
from openforyou.catalog.credentials import store as credentials_store
from openforyou.catalog.errors import ItemNotFound, LearningRefused
from openforyou.catalog.rights import rules, store
from openforyou.catalog.rights.errors import RightRefused
from openforyou.catalog.rights.secrets import known_secrets
from openforyou.catalog.rights.types import (
    ITEM_SUBJECT,
    VIEWER_SUBJECT,
    Act,
    Decision,
    Party,
    Placed,
    RightEvent,
    Told,
    Voice,
)
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.clock import Clock
from openforyou.core.errors import NotAllowed
from openforyou.core.ids import CreatorId, ItemId, ViewerId, encode_id
from openforyou.storage.database import Database

Places = Callable[[Collection[RightEvent]], Mapping[int, int]]
"""Where events stand in the log, by event."""
MINORS = "the creator is a minor, and no guardian has decided yet"
"""Evidence of the *no* that every item of a minor begins with."""
STEAD = Voice(Party.GUARDIAN, "in a guardian's stead", MINORS)


class Rights:
    """On one database. Safe for several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    # What holds

    def of_item(self, item_id: ItemId) -> frozenset[Right]:
        """Those that hold now."""
        with self._database.connect() as connection:
            return store.rights_of(connection, ITEM_SUBJECT, item_id, self._clock.now())

    def of_items(self, ids: Collection[int]) -> dict[int, frozenset[Right]]:
        """The same of several."""
        with self._database.connect() as connection:
            return store.rights_by_subject(connection, ITEM_SUBJECT, ids, self._clock.now())

    def of_viewer(self, viewer_id: ViewerId) -> frozenset[Right]:
        """Those that a viewer gave over their history."""
        with self._database.connect() as connection:
            return store.rights_of(connection, VIEWER_SUBJECT, viewer_id, self._clock.now())

    # Choosing

    def choose_for_item(self, item_id: ItemId, creator_id: CreatorId, wanted: Collection[Right], evidence: str) -> None:
        """A creator gives and withdraws, so that exactly `wanted` hold.

        Raises `ItemNotFound`, `LearningRefused`, `RightRefused` where somebody else said no, `NotAllowed`.
        """
        self.choose_for_items({item_id: wanted}, creator_id, evidence)

    def choose_for_items(
        self, wanted: Mapping[ItemId, Collection[Right]], creator_id: CreatorId, evidence: str
    ) -> None:
        """The same for several of one's items, all or none."""
        self._require_own(wanted, creator_id)
        for chosen in wanted.values():
            if not set(chosen) <= set(ITEM_RIGHTS):
                raise NotAllowed("An item carries no such right.", hint="`audio` is given over a sound, by its owner.")
        voice = Voice(Party.CREATOR, f"creator:{encode_id(creator_id)}", evidence)
        self.choose(ITEM_SUBJECT, wanted, voice)

    def choose_for_viewer(self, viewer_id: ViewerId, wanted: Collection[Right], evidence: str) -> None:
        """Give and withdraw `learn` over a viewer's own history. Raises `RightRefused`, `NotAllowed`."""
        if not set(wanted) <= {Right.LEARN}:
            raise NotAllowed("A viewer can give `learn` alone.", hint="The other rights belong to items.")
        self.choose(
            VIEWER_SUBJECT, {viewer_id: wanted}, Voice(Party.VIEWER, f"viewer:{encode_id(viewer_id)}", evidence)
        )

    def decline_for_items(
        self, ids: Collection[ItemId], creator_id: CreatorId, rights: Collection[Right], evidence: str
    ) -> None:
        """Put a creator's no on record, where none stands and nothing was given. Raises `ItemNotFound`."""
        self._require_own(ids, creator_id)
        self._decline(ITEM_SUBJECT, ids, rights, Voice(Party.CREATOR, f"creator:{encode_id(creator_id)}", evidence))

    def decline_for_viewer(self, viewer_id: ViewerId, evidence: str) -> None:
        """The same of a viewer's no to being learned from."""
        voice = Voice(Party.VIEWER, f"viewer:{encode_id(viewer_id)}", evidence)
        self._decline(VIEWER_SUBJECT, [viewer_id], [Right.LEARN], voice)

    def _decline(self, kind: str, subjects: Collection[int], rights: Collection[Right], voice: Voice) -> None:
        now = self._clock.now()
        with self._database.begin() as connection:
            store.hold(connection, kind, subjects)
            found = rules.questions(store.events_of(connection, kind, subjects))
            said: list[Decision] = []
            for right in sorted(rights):
                asked = {one: found.get((kind, one, right), rules.Question()) for one in subjects}
                unsaid = [one for one, question in asked.items() if not question.grants and question.no < voice.by.rank]
                said += voice.says(Act.REFUSE, right, kind, unsaid, now)
            if said:
                store.record(connection, said, now)

    def choose(self, kind: str, wanted: Mapping[Any, Collection[Right]], voice: Voice) -> list[RightEvent]:
        """Give and withdraw, so that exactly `wanted` hold of each subject, in one transaction.

        What is withdrawn is withdrawn even if it was only to begin. Raises `LearningRefused` or `RightRefused`, and
        nothing is done, where a *no* of more weight forbids what is wanted.
        """
        now = self._clock.now()
        with self._database.begin() as connection:
            store.hold(connection, kind, list(wanted))
            found = rules.questions(store.events_of(connection, kind, list(wanted)))
            held = store.rights_by_subject(connection, kind, list(wanted), now)
            said: list[Decision] = []
            for subject, chosen in wanted.items():
                for right in sorted(set(Right) - set(chosen)):
                    if right in held[subject] or found.get((kind, subject, right), rules.Question()).grants:
                        said += voice.says(Act.WITHDRAW, right, kind, [subject], now)
                for right in sorted(set(chosen) - held[subject]):
                    self._require_open(connection, found.get((kind, subject, right)), voice, right, subject)
                    said += voice.says(Act.GRANT, right, kind, [subject], now)
            return store.record(connection, said, now)

    def decide(self, decisions: Iterable[Decision]) -> list[RightEvent]:
        """Put decisions about subjects of one kind on record, as they are: an operator's, or a guardian's.

        Raises `BadRight`.
        """
        with self._database.begin() as connection:
            return store.record(connection, list(decisions), self._clock.now())

    def _require_own(self, ids: Collection[ItemId], creator_id: CreatorId) -> None:
        with self._database.connect() as connection:
            found = catalog_store.items_by_id(connection, ids, at=self._clock.now(), right=None)
        for item_id in ids:
            if item_id not in found or found[item_id].creator_id != creator_id:
                raise ItemNotFound(encode_id(item_id))

    def _require_open(
        self, connection: Connection, question: rules.Question | None, voice: Voice, right: Right, subject: int
    ) -> None:
        """Raises `LearningRefused` or `RightRefused` where this voice cannot give the right."""
        no = question.by if question is not None and question.no > voice.by.rank else None
        if no is Party.CREDENTIAL and credentials_store.opt_outs_of(connection, [subject]):
            raise LearningRefused
        if no is Party.GUARDIAN:
            raise RightRefused(f"`{right}` is a guardian's to give.", hint="Ask your guardian: Settings, Guardian.")
        if no is not None:
            raise RightRefused(
                f"`{right}` was refused by: {no.value}.", hint="Only an operator can open it again, on evidence."
            )

    # Looking

    def history(self, kind: str, ids: Collection[int]) -> list[RightEvent]:
        """All that was ever said about subjects, in the order in which it counts."""
        with self._database.connect() as connection:
            return store.events_of(connection, kind, ids)

    def told(self, kind: str, ids: Collection[int], places: Places, limit: int | None = None) -> list[Told]:
        """The same, newest first, with where each stands in the log and the secret that opens it: for its owner."""
        with self._database.connect() as connection:
            if limit is not None:
                ids = store.last_told_of(connection, kind, ids, limit)
            events = store.events_of(connection, kind, ids)
            secrets = known_secrets(connection, kind, ids)
        stands = {one.id for one in rules.standing(events)}
        now = self._clock.now()
        newest = events[::-1][:limit]
        at = places(newest)
        return [
            Told(
                Placed(one, at.get(one.id)),
                secrets.get(one.decision.subject_id),
                one.id in stands and (one.decision.until is None or one.decision.until > now),
            )
            for one in newest
        ]
