"""The copy that a person takes along: one zip file, with a page to read and a JSON file a topic for programs.

Rows are written as they are read, so that a viewer with a hundred thousand events takes no more memory than one with a
hundred. Each file is `{"title", "what", "note", "columns", "rows": [...]}`, a row a line; ids are in their public form,
bytes in hexadecimal digits, moments in ISO 8601 with their zone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import orjson

from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput
from openforyou.core.ids import MAX_ID, decode_id, encode_id
from openforyou.core.progress import Progress, silent
from openforyou.privacy.person import store
from openforyou.privacy.person.page import Shown, page
from openforyou.privacy.person.places import PLACES, TOPICS, Fate, Place
from openforyou.privacy.person.types import Document, Documents, Person
from openforyou.storage.database import Database
from openforyou.storage.schema import metadata

PIECE_BYTES = 1 << 16
SHOWN_MAX = 100
"""Rows of a topic on the page; the file has all."""
FORM = "openforyou-your-data-1"
Names = Callable[[str, Iterable[int]], Mapping[int, str]]
"""What people call items or creators, by kind (`item`, `creator`) and id."""


def nameless(kind: str, ids: Iterable[int]) -> Mapping[int, str]:  # noqa: ARG001 - the form of `Names`
    """Nobody knows them by name."""
    return {}


class Export:
    """On one database. `more` are documents of the rooms above."""

    def __init__(self, database: Database, clock: Clock, more: Documents, names: Names = nameless) -> None:
        self._database = database
        self._clock = clock
        self._more = more
        self._names = names

    def counts(self, person: Person) -> dict[str, int]:
        """How many rows each topic has, without those that have none. Raises `Unmapped`."""
        store.require_mapped()
        found: dict[str, int] = defaultdict(int)
        with self._database.connect() as connection:
            for place in PLACES:
                found[place.topic] += store.count(connection, place, person)
        return {topic: count for topic, count in found.items() if count}

    def write(self, person: Person, file: IO[bytes], progress: Progress = silent) -> dict[str, int]:
        """The zip into `file`; answers how many rows each JSON file has. Raises `Unmapped` before a byte is written."""
        store.require_mapped()
        now = self._clock.now()
        shown: list[Shown] = []
        with ZipFile(file, "w", ZIP_DEFLATED) as archive, self._database.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ")  # all of it is of one moment
            documents = [self._document(connection, topic, person) for topic in TOPICS]
            documents += self._more(person)
            for number, one in enumerate(documents):
                progress(number, len(documents), one.title)
                kept = _Kept()
                with archive.open(f"{one.name}.json", "w", force_zip64=True) as out:
                    for piece in _pieces(one, kept):
                        out.write(piece)
                shown.append(Shown(one, tuple(kept.first), kept.count))
            archive.writestr("index.html", page(shown, now, self._named(shown)))
            told = {"form": FORM, "made_at": now.isoformat(), "files": [_shape(each) for each in shown]}
            archive.writestr("shape.json", orjson.dumps(told, option=orjson.OPT_INDENT_2))
        progress(len(documents), len(documents), "done")
        return {each.document.name: each.count for each in shown}

    def _document(self, connection: Any, topic: str, person: Person) -> Document:
        places = [place for place in PLACES if place.topic == topic]
        title, what = TOPICS[topic]

        def rows() -> Iterator[Mapping[str, Any]]:
            for place in places:
                ids = {str(one.name): _is_id(place, one.name) for one in metadata.tables[place.table].columns}
                for row in store.rows(connection, place, person):
                    yield {name: told(value, is_id=ids[name]) for name, value in row.items()}

        columns = {
            str(column.name): str(column.info["purpose"])
            for place in places
            for column in metadata.tables[place.table].columns
            if column.name not in place.hidden
        }
        return Document(topic, title, what, rows(), columns, _note(places))

    def _named(self, shown: Iterable[Shown]) -> dict[str, str]:
        """Names of what the page shows, by public id."""
        found: dict[str, str] = {}
        for kind in ("item", "creator"):
            ids = {row.get(f"{kind}_id") for each in shown for row in each.rows} - {None}
            numbers = {_number(one): str(one) for one in ids if isinstance(one, str)}
            found |= {numbers[one]: name for one, name in self._names(kind, numbers).items()}
        return found


def told(value: Any, *, is_id: bool = False) -> Any:
    """A value as JSON holds it."""
    kind = type(value)  # asked for each value of each row: looked up, and not tried one by one
    if kind in _PLAIN:
        return value
    if kind is int:
        return _public(value) if is_id and 0 < value <= MAX_ID else value
    if kind is datetime:
        return value.isoformat()
    if kind in (bytes, memoryview):
        return bytes(value).hex()
    if kind in (list, tuple):
        return [told(one, is_id=is_id) for one in value]
    return str(value)


_PLAIN = frozenset({bool, str, float, dict, type(None)})


@lru_cache(maxsize=10_000)
def _public(number: int) -> str:
    return encode_id(number)


class _Kept:
    """The first rows of a document, for the page, and how many there are."""

    def __init__(self) -> None:
        self.first: list[Mapping[str, Any]] = []
        self.count = 0

    def take(self, row: Mapping[str, Any]) -> None:
        if self.count < SHOWN_MAX:
            self.first.append(row)
        self.count += 1


def _pieces(document: Document, kept: _Kept) -> Iterator[bytes]:
    head = {"title": document.title, "what": document.what, "note": document.note, "columns": dict(document.columns)}
    yield orjson.dumps(head)[:-1] + b',"rows":[\n'
    piece = bytearray()
    for row in document.rows:
        piece += b",\n" if kept.count else b""
        piece += orjson.dumps(row)
        kept.take(row)
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece) + b"\n]}\n"


def _is_id(place: Place, name: str) -> bool:
    return name.endswith(("_id", "_ids")) or name == "given_to" or (name == "id" and place.table != "events")


def _note(places: Iterable[Place]) -> str:
    """How long it is kept, what happens to it when its owner goes, and what of it is not told."""
    words: list[str] = []
    for place in places:
        table = metadata.tables[place.table]
        words.append(f"Kept: {table.info['retention']}.")
        if place.fate is not Fate.GONE:
            stays = "emptied" if place.fate is Fate.EMPTIED else "stays"
            words.append(f"When you go: {stays}, because {place.why}.")
        words += [f"Not here: {name}, because {why}." for name, why in place.hidden.items()]
    return " ".join(dict.fromkeys(words))


def _shape(each: Shown) -> dict[str, Any]:
    one = each.document
    return {
        "file": f"{one.name}.json",
        "title": one.title,
        "what": one.what,
        "note": one.note,
        "rows": each.count,
        "columns": dict(one.columns),
    }


def _number(public: str) -> int:
    try:
        return decode_id(public)
    except BadInput:
        return 0
