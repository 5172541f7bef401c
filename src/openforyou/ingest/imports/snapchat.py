"""Snapchat Memories: "My Data". A table of memories, files since 2024, links that expire within days before.

Where a memory was recorded stands in the table and stays there: it is not read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import (
    at,
    first,
    is_picture,
    is_video,
    json_of,
    listed,
    moment,
    text,
    web_address,
)
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

TABLE = "memories_history.json"
_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})_(.+)-main", re.I)
ZIP_SECONDS = 2
"""A zip tells times in steps of two seconds."""


class Snapchat:
    """Memories. Every one was private there: who hands them in says explicitly what may be shown."""

    name = "snapchat"
    title = "Snapchat Memories"
    hint = "accounts.snapchat.com → My Data → with memories, as JSON, and the files in the export."

    def recognises(self, archive: Archive) -> bool:
        return bool(archive.find(TABLE)) or any(_FILE.search(PurePosixPath(name).name) for name in archive.names)

    def owner(self, archive: Archive) -> Owner:
        for name in archive.find("json/account.json", "account.json"):
            try:
                data = json_of(archive, name)
            except BadArchive:
                continue
            told = first(data, "Basic Information", "Basic info")
            handle = text(first(told, "Username", "User name")) or text(at(data, "Username"))
            if handle:
                return Owner(self.name, handle.casefold())
        return Owner(self.name)

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        files = _Files(archive)
        for name in archive.find(TABLE):
            try:
                rows = listed(json_of(archive, name))
            except BadArchive as error:
                yield Skipped(name, str(error))
                continue
            for row in rows:
                yield _entry(row, files)
        for name in files.left():
            yield _of_file(name)


class _Files:
    """`YYYY-MM-DD_<id>-main.mp4`, by id, and by day and moment where the table does not tell the id."""

    def __init__(self, archive: Archive) -> None:
        self._by_id: dict[str, str] = {}
        self._by_day: dict[str, list[tuple[str, datetime | None]]] = defaultdict(list)
        self._given: set[str] = set()
        for name in archive.names:
            found = _FILE.search(PurePosixPath(name).name)
            if found is not None and (is_video(name) or is_picture(name)):
                self._by_id[found[2].casefold()] = name
                self._by_day[found[1]].append((name, archive.modified_at(name)))

    def take(self, ids: list[str], when: datetime | None, wants_video: bool) -> str:
        """The file that is surely meant: of this id, else of this moment, else the only one of its kind that day."""
        for one in ids:
            if (name := self._by_id.get(one.casefold())) and name not in self._given:
                self._given.add(name)
                return name
        if when is None:
            return ""
        free = [
            (name, changed)
            for name, changed in self._by_day.get(when.date().isoformat(), [])
            if name not in self._given and is_video(name) is wants_video
        ]
        same = [name for name, at in free if at and abs((at - when).total_seconds()) <= ZIP_SECONDS]
        found = same if len(same) == 1 else [name for name, _ in free]
        if len(found) != 1:
            return ""
        self._given.add(found[0])
        return found[0]

    def left(self) -> list[str]:
        return [name for name in self._by_id.values() if name not in self._given]


def _entry(row: dict[str, Any], files: _Files) -> Entry | Skipped:
    date = text(first(row, "Date", "Creation Timestamp"))
    when = moment(date)
    is_film = "video" in text(first(row, "Media Type", "Type")).casefold()
    links = [web_address(first(row, key)) for key in ("Media Download Url", "Download Link")]
    link = next((one for one in links if one), "")
    ids = [one for address in links for one in _ids(address)]
    name = files.take(ids, when, is_film)
    if name:
        found = _FILE.search(PurePosixPath(name).name)
        ids = [*ids, found[2]] if found is not None else ids
    what = f"Memory of {date}" if date else "A memory"
    if not ids and not date:
        return Skipped(what, "It has neither a date nor a file.")
    entry = Entry(
        kind=EntryKind.VIDEO if is_film else EntryKind.PHOTOS,
        external_id=ids[0].casefold() if ids else f"{date}|{text(first(row, 'Media Type'))}",
        title=f"Memory of {when:%-d %B %Y}" if when else "Memory",
        created_at=when,
        privacy=Privacy.PRIVATE,
        media=(name,) if name else (),
        link="" if name else link,
    )
    if not name and not link:
        return Skipped(what, "Its file is not in the archive, and there is no link to it.", entry.external_id, entry)
    return entry


def _of_file(name: str) -> Entry | Skipped:
    """A file that no row of the table names for sure."""
    found = _FILE.search(PurePosixPath(name).name)
    assert found is not None, "only such files are kept"
    when = moment(found[1])
    return Entry(
        kind=EntryKind.VIDEO if is_video(name) else EntryKind.PHOTOS,
        external_id=found[2].casefold(),
        title=f"Memory of {when:%-d %B %Y}" if when else "Memory",
        created_at=when,
        privacy=Privacy.PRIVATE,
        media=(name,),
    )


def _ids(address: str) -> list[str]:
    """The ids in a link: `mid` and `sid`."""
    asked = parse_qs(urlsplit(address).query) if address else {}
    return [value for key in ("mid", "sid") for value in asked.get(key, []) if value]
