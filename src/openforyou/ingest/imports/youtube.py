"""YouTube by Google Takeout: a table of videos, and files that are named by title. Folders and columns are localised,
and no audience counts come along."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.reading import headline, is_video, moment, rows_of, text
from openforyou.ingest.imports.types import Entry, EntryKind, Owner, Privacy, Skipped

VIDEO_ID, CHANNEL_ID = re.compile(r"[A-Za-z0-9_-]{11}"), re.compile(r"UC[A-Za-z0-9_-]{22}")
PRIVACY = {
    "public": Privacy.PUBLIC, "öffentlich": Privacy.PUBLIC, "publique": Privacy.PUBLIC, "público": Privacy.PUBLIC,
    "pubblico": Privacy.PUBLIC, "openbaar": Privacy.PUBLIC, "公開": Privacy.PUBLIC,
    "unlisted": Privacy.LIMITED, "nicht gelistet": Privacy.LIMITED, "non répertoriée": Privacy.LIMITED,
    "oculto": Privacy.LIMITED, "non in elenco": Privacy.LIMITED, "verborgen": Privacy.LIMITED,
    "private": Privacy.PRIVATE, "privat": Privacy.PRIVATE, "privée": Privacy.PRIVATE, "privado": Privacy.PRIVATE,
    "privato": Privacy.PRIVATE, "privé": Privacy.PRIVATE, "非公開": Privacy.PRIVATE,
}  # fmt: skip
COLUMNS = {
    "title": ("video title", "videotitel", "titre de la vidéo", "título del vídeo", "título do vídeo", "titolo video",
              "titolo del video", "動画のタイトル", "title", "titel", "titre", "título", "titolo"),
    "description": ("description", "beschreibung", "descripción", "descrição", "descrizione", "beschrijving", "説明"),
    "privacy": ("privacy", "datenschutz", "sichtbarkeit", "confidentialité", "privacidad", "privacidade",
                "visibility", "公開設定"),
    "created": ("publish timestamp", "create timestamp", "veröffentlichung", "erstellung", "timestamp", "zeitstempel",
                "horodatage", "marca de tiempo", "data e hora", "tijdstempel"),
    "language": ("language", "sprache", "langue", "idioma", "lingua", "taal"),
}  # fmt: skip
"""How a column's header goes on, in the languages that were seen. Ids are known by their form, in any language."""


class YouTube:
    """Uploads of one channel."""

    name = "youtube"
    title = "YouTube"
    hint = "takeout.google.com → YouTube and YouTube Music → videos and their metadata, zip."

    def recognises(self, archive: Archive) -> bool:
        return next(_videos(archive), None) is not None

    def owner(self, archive: Archive) -> Owner:
        channels = {_form(row, CHANNEL_ID, "channel") for row in _videos(archive)} - {""}
        if len(channels) != 1:  # None is named, or videos of several channels: nobody's proof covers all.
            return Owner(self.name)
        return Owner(self.name, id=channels.pop())

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
        for row in _videos(archive):
            rows[_form(row, VIDEO_ID, "video id", "video-id")].append(row)
        files = _Files(archive)
        for number, found in rows.items():
            yield _entry(number, found[0], files)
        for name in files.left():
            yield Skipped(name, "Which video this is, the archive does not say: upload it by hand.")


class _Files:
    """The files of videos by title, as Takeout writes it: shortened, signs replaced, `(1)` behind the second."""

    def __init__(self, archive: Archive) -> None:
        self._by_title: dict[str, list[str]] = defaultdict(list)
        for name in archive.names:
            if is_video(name):
                self._by_title[_plain(re.sub(r"\(\d+\)$", "", PurePosixPath(name).stem))].append(name)
        self._given: set[str] = set()

    def take(self, title: str) -> tuple[str, bool]:
        """The file of a video with this title, and whether others could be meant as well."""
        wanted = _plain(title)
        fitting = [key for key in self._by_title if key and (key == wanted or _is_start(key, wanted))]
        best = max(fitting, key=len, default="")
        names = self._by_title.get(best, [])
        free = [name for name in names if name not in self._given]
        if not free:
            return "", False
        self._given.add(free[0])
        return free[0], len(names) > 1

    def left(self) -> list[str]:
        return [name for names in self._by_title.values() for name in names if name not in self._given]


def _is_start(key: str, wanted: str) -> bool:
    """Takeout cuts a title after some fifty letters."""
    return len(key) >= 30 and wanted.startswith(key)


def _plain(title: str) -> str:
    return "".join(letter for letter in title.casefold() if letter.isalnum())


def _videos(archive: Archive) -> Iterator[dict[str, str]]:
    """Rows of every table that lists videos with a channel's name or a title beside an id."""
    for name in archive.find("*.csv"):
        if PurePosixPath(name).stem.casefold().startswith(("subscriptions", "comments", "playlists", "channel")):
            continue
        try:
            for row in rows_of(archive, name):
                has_id = VIDEO_ID.fullmatch(_form(row, VIDEO_ID, "video id", "video-id"))
                if has_id and (_column(row, "title") or _column(row, "privacy")):
                    yield row
        except BadArchive:
            continue


def _entry(number: str, row: Mapping[str, str], files: _Files) -> Entry | Skipped:
    title = text(_column(row, "title"))
    name, is_doubtful = files.take(title)
    privacy = PRIVACY.get(_column(row, "privacy").strip().casefold(), Privacy.UNKNOWN)
    if _column(row, "privacy") and privacy is Privacy.UNKNOWN:
        privacy = Privacy.LIMITED  # A word in a language that is not known: the careful reading.
    entry = Entry(
        kind=EntryKind.VIDEO,
        external_id=number,
        title=headline(title),
        caption=text(_column(row, "description")),
        created_at=None if is_doubtful else moment(_column(row, "created")),
        # Of several files by one name it cannot be told which is this one: then nobody is shown it unasked.
        privacy=Privacy.PRIVATE if is_doubtful else privacy,
        media=(name,) if name else (),
        source_url=f"https://www.youtube.com/watch?v={number}",
        language=_column(row, "language").strip(),
    )
    if not name:
        return Skipped(title or number, "Its file is not in the archive.", number, entry)
    return entry


def _column(row: Mapping[str, str], what: str) -> str:
    for words in COLUMNS[what]:
        for header, value in row.items():
            if words in header and value:
                return value
    return ""


def _form(row: Mapping[str, str], form: re.Pattern[str], *headers: str) -> str:
    """The value in a column so called that has this form; else the first of this form whose header names an id."""
    for words in headers:
        for header, value in row.items():
            if words in header and form.fullmatch(value.strip()):
                return value.strip()
    found = [value.strip() for header, value in row.items() if "id" in header and form.fullmatch(value.strip())]
    return found[0] if found else ""
