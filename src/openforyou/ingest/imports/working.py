"""One import at work: every entry to its end, such that it can be killed anywhere and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from openforyou.catalog.types import ItemStatus, Right
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId
from openforyou.core.progress import Progress, silent
from openforyou.ingest.imports import rules, store
from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.errors import BadArchive
from openforyou.ingest.imports.registry import importer_of
from openforyou.ingest.imports.taking import Taken, Taking
from openforyou.ingest.imports.types import Asked, Entry, EntryKind, Found, Line, Outcome, Skipped
from openforyou.ingest.service import WAITING
from openforyou.storage.database import Database

DEAD_LINKS_MAX = 20
"""So many links in a row that give no film: they have expired, and nobody is asked for thousands more of them."""
DEAD_LINKS = "The links of this export do not answer any more: ask for the export again, and import it at once."
WRITE_EVERY = 500
"""Entries that do not come in are recorded so many at a time."""


def never() -> bool:
    """Goes on to the end."""
    return False


class Pace(NamedTuple):
    """How an import goes on. `finish`: bring each item to its end at once; `stops` is asked before each entry."""

    progress: Progress = silent
    finish: bool = False
    stops: Callable[[], bool] = never


class Work:
    """One import: every entry to its end."""

    def __init__(self, database: Database, taking: Taking, found: Found, asked: Asked, known: dict[str, Any]) -> None:
        self._database, self._taking, self._found, self._asked, self._known = database, taking, found, asked, known
        self._waiting: list[dict[str, Any]] = []
        self._seen: set[str] = set()
        self._kept: set[str] = set()
        self._dead_links = 0
        self.lines: list[Line] = []

    def run(self, archive: Archive, folder: Path, pace: Pace) -> bool:
        """True at the end, False where it stopped before."""
        total = len(self._found.entries) + len(self._found.skipped)
        for skipped in self._found.skipped:
            self._skip(skipped)
        try:
            for entry in self._found.entries:
                if pace.stops():
                    return False
                pace.progress(len(self.lines), total, entry.title)
                self._one(entry, archive, folder, pace)
        finally:
            self._write(0)
        pace.progress(total, total, "")
        return True

    def _one(self, entry: Entry, archive: Archive, folder: Path, pace: Pace) -> None:
        row = self._known.get(entry.external_id)
        if entry.external_id in self._seen:
            self.lines.append(line_of(entry, Outcome.SKIPPED, "It is in the archive twice."))
            return
        self._seen.add(entry.external_id)
        if row is not None and row.outcome in (Outcome.TAKEN, Outcome.HERE):
            self._again(entry, row, pace)
            return
        why = rules.why_not(entry, can_fetch=self._taking.fetcher is not None)
        if why:
            self._skip(Skipped(rules.title(entry), why, entry.external_id, entry))
        else:
            self._take(entry, archive, folder, pace, row)

    def _take(self, entry: Entry, archive: Archive, folder: Path, pace: Pace, row: Any) -> None:
        is_fetched = entry.kind is EntryKind.VIDEO and not entry.media
        if is_fetched and self._dead_links >= DEAD_LINKS_MAX:
            self._skip(Skipped(rules.title(entry), DEAD_LINKS, entry.external_id, entry))
            return
        self._record(entry, Outcome.BEGUN, "")
        key = (self._taking.creator_id, self._found.platform, entry.external_id)
        try:
            taken = self._taking.take(entry, archive, folder)
            outcome = Outcome.TAKEN if self._is_ours(taken, row) else Outcome.HERE
            reason = "" if outcome is Outcome.TAKEN else "The same file is here already, uploaded before."
            with self._database.begin() as connection:
                store.set_outcome(connection, key, outcome, reason, taken.item_id)
            line = line_of(entry, outcome, reason, taken.item_id)
            self.lines.append(self._finished(line, key, pace) if pace.finish else line)
            self._dead_links = 0 if is_fetched else self._dead_links
        except BadInput as error:
            self._dead_links += is_fetched
            with self._database.begin() as connection:
                store.set_outcome(connection, key, Outcome.REFUSED, str(error), None)
            self.lines.append(line_of(entry, Outcome.REFUSED, str(error)))

    def _is_ours(self, taken: Taken, row: Any) -> bool:
        """Whether an import made the item: just now, or one that was killed right after."""
        if not taken.was_here:
            return True
        if row is None or row.outcome != Outcome.BEGUN:
            return False
        item = self._taking.catalog.own_item(taken.item_id, self._taking.creator_id)
        return bool(item.created_at >= row.began_at)

    def _again(self, entry: Entry, row: Any, pace: Pace) -> None:
        """Taken in by an earlier run. Rights that are asked for now are asked for of it, too."""
        key = (self._taking.creator_id, self._found.platform, entry.external_id)
        asked = rules.asked_for(self._asked, entry.privacy)
        word = self._asked.word or row.word
        if row.outcome == Outcome.TAKEN and (not asked <= {Right(name) for name in row.asked} or word != row.word):
            more = asked | {Right(name) for name in row.asked}
            with self._database.begin() as connection:
                store.set_asked(connection, key, more, word, given=False)
        line = line_of(entry, Outcome(row.outcome), "It is here already.", row.item_id)
        self.lines.append(self._finished(line, key, pace) if pace.finish and row.outcome == Outcome.TAKEN else line)

    def _finished(self, line: Line, key: tuple[CreatorId, str, str], pace: Pace) -> Line:
        """The item brought to its end: published, or refused with the reason."""
        assert line.item_id is not None, "only items are brought to an end"
        if self._taking.catalog.own_item(line.item_id, self._taking.creator_id).status not in WAITING:
            return line

        def goes_on(done: int, total: int, message: str = "") -> None:  # noqa: ARG001 - the whole's bar stays
            if pace.stops():
                raise KeyboardInterrupt

        ended = self._taking.ingest.finish(line.item_id, goes_on)
        if ended.status is not ItemStatus.REFUSED:
            return line
        reason = f"{ended.error} {ended.hint}".strip()
        with self._database.begin() as connection:
            store.set_outcome(connection, key, Outcome.REFUSED, reason, None)
        return replace(line, outcome=Outcome.REFUSED, reason=reason, item_id=None)

    def _skip(self, skipped: Skipped) -> None:
        self.lines.append(skipped_line(skipped))
        row = self._known.get(skipped.external_id)
        if skipped.entry is not None and skipped.external_id and (row is None or row.item_id is None):
            if skipped.external_id in self._kept:
                return
            self._kept.add(skipped.external_id)
            self._waiting.append(store.row_of(skipped.entry, Outcome.SKIPPED, skipped.reason, (), ""))
            self._write(WRITE_EVERY)

    def _record(self, entry: Entry, outcome: Outcome, reason: str) -> None:
        asked = rules.asked_for(self._asked, entry.privacy)
        row = store.row_of(entry, outcome, reason, asked, self._asked.word)
        with self._database.begin() as connection:
            store.put_entries(connection, self._taking.creator_id, self._found.owner, [row])

    def _write(self, least: int) -> None:
        if len(self._waiting) > least:
            with self._database.begin() as connection:
                store.put_entries(connection, self._taking.creator_id, self._found.owner, self._waiting)
            self._waiting.clear()


def found_in(archive: Archive) -> Found:
    """What the importer that knows it finds in an archive. Raises `UnknownArchive`, `BadArchive`."""
    importer = importer_of(archive)
    entries: list[Entry] = []
    skipped = list(archive.refused)
    try:
        for each in importer.entries(archive):
            if isinstance(each, Entry):
                entries.append(each)
            else:
                skipped.append(each)
    except BadArchive as error:
        if not entries:
            raise
        skipped.append(Skipped(archive.name, str(error)))
    return Found(importer.name, importer.title, importer.owner(archive), tuple(entries), tuple(skipped))


def line_of(entry: Entry, outcome: Outcome, reason: str, item_id: ItemId | None = None) -> Line:
    """One entry as it ended."""
    return Line(
        external_id=entry.external_id,
        kind=entry.kind.value,
        title=rules.title(entry),
        outcome=outcome,
        reason=reason,
        item_id=None if item_id is None else ItemId(item_id),
        created_at=entry.created_at,
        privacy=entry.privacy,
        files=entry.media,
    )


def skipped_line(skipped: Skipped) -> Line:
    """The same of what does not come in."""
    if skipped.entry is not None:
        return line_of(skipped.entry, Outcome.SKIPPED, skipped.reason)
    return Line(skipped.external_id, "", skipped.what, Outcome.SKIPPED, skipped.reason)
