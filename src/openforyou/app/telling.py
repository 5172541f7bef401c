"""What the rooms can tell of a person besides what lies in the tables: what is inferred, what learned, who looked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openforyou.core.ids import ViewerId, encode_id
from openforyou.core.words import topics
from openforyou.privacy.person.types import Document, Person
from openforyou.privacy.vault import store as vault_store
from openforyou.privacy.vault.types import Field
from openforyou.recommend.inferred import Felt, Inferred

if TYPE_CHECKING:
    from openforyou.app.platform import Platform

NOTE = "Worked out at this moment from what you watched, as for your next feed, and kept nowhere."
OFF = "Your feed uses nothing of what you do: nothing is inferred."
WHO_LOOKED = (
    "From the entries of who keeps your key. Each that opened something has its record in the public log: by its "
    "`entry` you find it there, and by the `salt`, which only you are told, you show that it is about you."
)


class Telling:
    """On one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def documents(self, person: Person) -> Iterable[Document]:
        """Each is worked out when it is asked for."""
        platform = self._platform
        yield Document(
            "opened",
            "What was sealed, opened for you",
            "Who you are to us. Nobody here reads it but you, and whoever was granted it: they are in “Who looked”.",
            self._opened(person),
            {"field": "which", "value": "what is in it"},
            "Opened at this moment, by who keeps your key. The secret behind your marks in the log stays closed.",
        )
        found = platform.feed.inferred(ViewerId(person.viewer_id))
        profiled = platform.events.controls(ViewerId(person.viewer_id)).profiling
        yield Document(
            "interests",
            "What is inferred of you",
            "By topic and by creator, how the clips count that you watched: above 0 you are shown more of it, below "
            "less. And interests, each told by the clips that stand nearest to it.",
            self._interests(found),
            _INTERESTS,
            NOTE if profiled else OFF,
        )
        yield Document(
            "model_place",
            "Where the model in service places you",
            "A list of numbers without a meaning of their own, and the clips that stand nearest to it.",
            _placed(found, self._titles(found.next_up)),
            {"model": "which model", "place": "the numbers", "nearest": "clips nearest to you by this model"},
            NOTE if found.model else "No model serves now.",
        )
        yield Document(
            "learned_from_you",
            "Which models learned from you",
            "From your history and, where you publish, from each clip. With proofs on the page “What learned from me”.",
            self._learned(person),
            {"learned": "whether it did", "since": "since when", "right": "by which right"},
            "The weights of a model go within the stated deadline once you take the right back.",
        )
        yield Document(
            "who_looked",
            "Who looked",
            "Every look of the staff at data of yours: in which role, at what, why and when.",
            platform.access.looks_at(person),
            _LOOKS,
            WHO_LOOKED,
        )
        yield Document(
            "opened_for_you",
            "When it was opened for you",
            "Each time that what is sealed of you was opened in your own name: when you signed in, or took this copy.",
            platform.access.own_openings(person),
            {"at": "when", "fields": "what"},
            "Kept for 90 days. One that was not you: change your password, and write to the operator.",
        )

    def names(self, kind: str, ids: Iterable[int]) -> Mapping[int, str]:
        """What people call items and creators; of items whoever may be shown."""
        catalog = self._platform.catalog
        if kind == "creator":
            return {one: f"@{found.handle}" for one, found in catalog.creators(ids).items()}
        return {one: found.title for one, found in catalog.items(ids).items()}

    def _opened(self, person: Person) -> Iterator[dict[str, Any]]:
        for subject in person.subjects:
            with self._platform.database.connect() as connection:
                sealed = vault_store.get(connection, subject, [one for one in Field if one is not Field.EVENT_SECRET])
            for field, value in self._platform.keeper.open_own(subject, sealed).items() if sealed else ():
                words = value.decode()
                yield {"field": field.value, "value": json.loads(words) if words.startswith("{") else words}

    def _titles(self, ids: Iterable[int]) -> dict[int, str]:
        return {one: item.title for one, item in self._platform.catalog.items(ids).items()}

    def _interests(self, found: Inferred) -> Iterator[dict[str, Any]]:
        items = self._platform.catalog.items([one.item_id for one in found.felt])
        by_topic: dict[str, list[Felt]] = defaultdict(list)
        by_creator: dict[int, list[Felt]] = defaultdict(list)
        for one in found.felt:
            by_creator[one.creator_id].append(one)
            if one.item_id in items:
                for topic in topics(f"{items[one.item_id].title}\n{items[one.item_id].caption}"):
                    by_topic[topic].append(one)
        handles = self._platform.catalog.creators(by_creator)
        yield from _affinities("topic", {f"#{topic}": each for topic, each in by_topic.items()}, found.prior)
        named = {f"@{handles[one].handle}": each for one, each in by_creator.items() if one in handles}
        yield from _affinities("creator", named, found.prior)
        for number, near in enumerate(found.interests, 1):
            titles = self._titles(near)
            told = [titles.get(one, encode_id(one)) for one in near]
            yield {"kind": "interest", "name": str(number), "affinity": None, "clips": len(near), "nearest": told}

    def _learned(self, person: Person) -> Iterator[dict[str, Any]]:
        asking = self._platform.asking
        subjects = [("viewer", person.viewer_id)]
        subjects += [] if person.creator_id is None else asking.items_of(person.creator_id)
        for answer in asking.learned_from(subjects).answers:
            yield answer.as_dict()


_LOOKS = {
    "role": "their duty",
    "staff": "by which id they stand in the public log",
    "purpose": "from the published list",
    "case": "the kind of case",
    "fields": "what it opened",
    "asked_at": "when it was asked for",
    "standing": "what became of it",
    "granted_at": "when a second person granted it",
    "until": "when it ended, or ends",
    "reads": "each time that it was read",
    "is_emergency": "whether it was opened for a danger to life, and reviewed afterwards",
    "delayed_days": "by how many days you are told later",
    "entry": "its record's entry",
    "salt": "shows that the record is about you",
}
_INTERESTS = {
    "kind": "topic, creator or interest",
    "name": "which",
    "affinity": "sum of strength × feeling over its clips, divided by the sum of strengths and a prior",
    "clips": "how many clips it is worked out of",
    "strength": "sum of their strengths: each is 1 when it is watched, and fades",
    "prior": "added below the line, so that few clips say little",
    "nearest": "of an interest, the clips that stand nearest to it",
}


def _affinities(kind: str, groups: Mapping[str, list[Felt]], prior: float) -> Iterator[dict[str, Any]]:
    """Strongest first; the sum that the feed makes of clips that are wholly alike (`recommend/query/taste.py`)."""
    told = []
    for name, each in groups.items():
        strength = sum(one.strength for one in each if one.feeling)
        affinity = sum(one.strength * one.feeling for one in each) / (strength + prior)
        row = {"kind": kind, "name": name, "affinity": round(affinity, 4), "clips": len(each)}
        told.append(row | {"strength": round(strength, 4), "prior": prior})
    yield from sorted(told, key=lambda row: (-float(str(row["affinity"])), str(row["name"])))


def _placed(found: Inferred, titles: Mapping[int, str]) -> list[dict[str, Any]]:
    if not found.place:
        return []
    near = [titles.get(one, encode_id(one)) for one in found.next_up]
    return [{"model": found.model, "place": list(found.place), "nearest": near}]
