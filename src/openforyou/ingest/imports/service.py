"""Brings somebody's own archive in, entry by entry, and gives rights only to what is proven to be theirs.

    archive ─► importer ─► entries ─► begun ─► item without rights ─► taken ─── proof? ─► rights that were asked for
                              └─► skipped, with a reason                           └─ none: private to its owner

Killed anywhere on this way and run again, it goes on: what was taken is known by its id elsewhere, what was begun by
the hash of its file, and a right is given after everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from openforyou.catalog import store as items
from openforyou.catalog.rights.rules import answered
from openforyou.catalog.service import Catalog
from openforyou.catalog.types import Item, ItemStatus, Right
from openforyou.core.clock import Clock
from openforyou.core.errors import BadInput, Conflict
from openforyou.core.ids import CreatorId, ItemId
from openforyou.ingest.imports import rules, store
from openforyou.ingest.imports.archive import Archive, ArchiveLimits
from openforyou.ingest.imports.containers import opened
from openforyou.ingest.imports.errors import Unproven
from openforyou.ingest.imports.feed import FEED_BYTES_MAX, Feed
from openforyou.ingest.imports.proofs import NothingProven, Proofs
from openforyou.ingest.imports.reading import host_of, web_address
from openforyou.ingest.imports.taking import Taking
from openforyou.ingest.imports.types import Asked, Elsewhere, Found, Outcome, Owner, Report, Standing
from openforyou.ingest.imports.working import Pace, Work, found_in, line_of, skipped_line
from openforyou.ingest.optouts.service import OptOuts
from openforyou.ingest.service import Ingest
from openforyou.ingest.workspace import workspace
from openforyou.outside.fetcher import Fetcher
from openforyou.storage.blobs import Blobs
from openforyou.storage.database import Database

NOBODY = "nobody"
"""The host of what came over a connection that somebody between us and it could have written to."""
LAPSED = "the proof that the account is theirs has lapsed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where an archive is: a file or folder of this machine, or the address of a feed. `name` is its owner's for it."""

    where: Path | str
    name: str = ""

    @property
    def shown(self) -> str:
        """For messages."""
        return self.name or str(self.where if isinstance(self.where, str) else self.where.name or self.where)


class Imports:
    """Use from any number of threads and processes; a creator's imports go one after another."""

    def __init__(self, catalog: Catalog, ingest: Ingest, database: Database, blobs: Blobs, clock: Clock) -> None:
        self.database, self.catalog, self.ingest, self.blobs, self.clock = database, catalog, ingest, blobs, clock
        self.proofs: Proofs = NothingProven()
        """Strict until somebody who checks is wired in."""
        self.optouts: OptOuts | None = None
        """Who reads what a page says of being learned from, before what comes from there is."""
        self.fetcher: Fetcher | None = None
        """What fetches feeds, and files that an export only links to; None: nothing is fetched."""
        self.limits = ArchiveLimits()

    # Looking

    def look(self, source: Source) -> Found:
        """What is in it; nothing is changed. Raises `BadArchive`, `UnknownArchive`."""
        with self._opened(source) as (_, found):
            return found

    def planned(self, creator_id: CreatorId | None, found: Found, asked: Asked) -> Report:
        """What would become of each entry. Raises `NotYours`."""
        standing = self.standing(creator_id, found.owner, asked)
        known: dict[str, Any] = {}
        if creator_id is not None:
            with self.database.connect() as connection:
                known = store.entries_of(connection, creator_id, found.platform)
        lines = [skipped_line(one) for one in found.skipped]
        for entry in found.entries:
            why = rules.why_not(entry, can_fetch=self.fetcher is not None)
            row = known.get(entry.external_id)
            if row is not None and row.outcome in (Outcome.TAKEN, Outcome.HERE):
                lines.append(line_of(entry, Outcome(row.outcome), "It is here already.", row.item_id))
            else:
                rights = rules.asked_for(asked, entry.privacy) if standing.is_good else frozenset()
                lines.append(replace(line_of(entry, Outcome.SKIPPED if why else Outcome.TAKEN, why), rights=rights))
        return Report(found.platform, found.title, found.owner, standing, tuple(lines))

    def standing(self, creator_id: CreatorId | None, owner: Owner, asked: Asked) -> Standing:
        """Whether rights can be given to what comes from this owner. Raises `NotYours`."""
        proven = () if creator_id is None else self.proofs.proven(creator_id)
        return rules.standing(owner, proven, asked.word)

    # Bringing in

    def bring_in(self, creator_id: CreatorId, source: Source, asked: Asked, pace: Pace = Pace()) -> Report:  # noqa: B008
        """Take in what is new of an archive, and give the rights asked for where it is proven whose it is.

        Raises `BadArchive`, `UnknownArchive`, `NotYours`, and `Conflict` while another import of this creator runs.
        What was taken in before an error stays, and is not taken in again.
        """
        with self._opened(source) as (archive, found), self._alone(creator_id), workspace() as folder:
            standing = self.standing(creator_id, found.owner, asked)
            with self.database.connect() as connection:
                known = store.entries_of(connection, creator_id, found.platform)
            taking = Taking(self.catalog, self.ingest, self.blobs, self.fetcher, creator_id, found.platform)
            work = Work(self.database, taking, found, asked, known)
            is_whole = work.run(archive, folder, pace)
            self.settle(creator_id)
        return Report(found.platform, found.title, found.owner, standing, tuple(work.lines), is_whole)

    @contextmanager
    def _opened(self, source: Source) -> Iterator[tuple[Archive, Found]]:
        with workspace() as folder:
            path, host = source.where, ""
            if isinstance(path, str):
                path, host = self._fetched(path, folder)
            with opened(path, source.shown, self.limits, folder) as archive:
                found = found_in(archive)
                if host:  # Whose it is says its address, not what it claims.
                    found = replace(found, owner=Owner(found.platform, "" if host == NOBODY else host))
                yield archive, found

    def _fetched(self, address: str, folder: Path) -> tuple[Path, str]:
        if self.fetcher is None or not web_address(address):
            raise BadInput(
                f"{address[:80]} cannot be fetched.", hint="Save the feed as a file and hand that in.", field="file"
            )
        answer = self.fetcher.get(address, bytes_max=FEED_BYTES_MAX, accept="application/rss+xml, application/xml, */*")
        if not answer.ok:
            raise BadInput(
                f"{address[:80]} answers with status {answer.status}.", hint="Check the address.", field="file"
            )
        path = folder / "feed.xml"
        path.write_bytes(answer.body)
        return path, host_of(answer.url) if answer.authentic else NOBODY

    @contextmanager
    def _alone(self, creator_id: CreatorId) -> Iterator[None]:
        with self.database.connect() as connection:
            if not store.claim(connection, store.IMPORT_LOCK, creator_id):
                raise Conflict("Another import of this creator is running.", hint="Wait until it has ended.")
            connection.commit()
            try:
                yield
            finally:
                store.release(connection, store.IMPORT_LOCK, creator_id)
                connection.commit()

    # Rights

    def settle(self, creator_id: CreatorId) -> tuple[int, int]:
        """Give the rights asked for where a proof has come, take them back where it has lapsed; how many items each."""
        with self.database.connect() as connection:
            rows = store.taken_entries(connection, creator_id)
            at = self.clock.now()
            there = items.items_by_id(connection, [row.item_id for row in rows], at=at, right=None)
        proven = self.proofs.proven(creator_id)
        given = taken = 0
        for row in rows:
            item = there.get(row.item_id)
            if item is None or item.status in (ItemStatus.WITHDRAWN, ItemStatus.REFUSED):
                continue
            owner = Owner(row.platform, row.owner_handle, row.owner_id)
            stands = bool(row.word) or rules.proves(owner, proven)
            if stands and not row.given and row.asked:
                evidence = rules.standing(owner, proven, row.word).evidence
                if row.licence:
                    evidence = f"{evidence}; its licence there: {row.licence[:200]}"
                rights = frozenset(Right(name) for name in row.asked)
                if Right.LEARN in rights and not self._may_be_learned_from(item, row.platform):
                    rights -= {Right.LEARN}
                self._give(row, rights, evidence, given=True)
                given += 1
            elif not stands and row.given:
                self._give(row, frozenset(), LAPSED, given=False)
                taken += 1
        return given, taken

    def settle_all(self) -> tuple[int, int]:
        """The same for everybody: proofs come and lapse by themselves."""
        with self.database.connect() as connection:
            creators = store.creators_with_entries(connection)
        settled = [self.settle(creator_id) for creator_id in creators]
        return sum(given for given, _ in settled), sum(taken for _, taken in settled)

    def held_back(self, creator_id: CreatorId, ids: Collection[int]) -> dict[int, str]:
        """Whose posts those of a creator's items are said to be that nothing proves to be theirs yet, by item."""
        with self.database.connect() as connection:
            rows = store.held_back(connection, ids)
        if not rows:
            return {}
        proven = self.proofs.proven(creator_id)
        owners = {row.item_id: Owner(row.platform, row.owner_handle, row.owner_id) for row in rows}
        return {item_id: owner.shown for item_id, owner in owners.items() if not rules.proves(owner, proven)}

    def elsewhere(self, ids: Collection[int]) -> dict[int, Elsewhere]:
        """What is known of the life elsewhere of those items that were imported, by item."""
        with self.database.connect() as connection:
            return store.told_of(connection, ids)

    def answer(self, item_id: ItemId, creator_id: CreatorId, said: Mapping[Right, bool], evidence: str) -> None:
        """A creator's yes and no to some of the questions; the others stay as they are. Each no is put on record.

        Raises as `choose` does.
        """
        with self.database.connect() as connection:
            row = store.entry_of_item(connection, item_id)
        asked = set(self.catalog.item_rights(item_id))
        if row is not None and not row.given:
            asked |= {Right(name) for name in row.asked}
        self.choose(item_id, creator_id, answered(asked, said), evidence)
        noes = [right for right, yes in said.items() if not yes]
        self.catalog.rights.decline_for_items([item_id], creator_id, noes, evidence)

    def choose(self, item_id: ItemId, creator_id: CreatorId, wanted: Collection[Right], evidence: str) -> None:
        """What a creator allows with an item of theirs. Of an import only what is proven to be theirs can be given.

        What is wanted is remembered, so that a proof that comes later gives it. Raises `ItemNotFound`, `Unproven`.
        """
        item = self.catalog.own_item(item_id, creator_id)
        with self.database.connect() as connection:
            row = store.entry_of_item(connection, item_id)
        if row is None:
            self.catalog.set_item_rights(item_id, creator_id, wanted, evidence)
            return
        owner = Owner(row.platform, row.owner_handle, row.owner_id)
        stands = bool(row.word) or rules.proves(owner, self.proofs.proven(creator_id))
        if not stands:
            with self.database.begin() as connection:
                store.set_asked(connection, _key(row), wanted, row.word, given=False)
            if wanted:
                raise Unproven(f"it was imported as a post of {owner.shown}, and nothing proves that this is you")
        if stands and Right.LEARN in wanted:
            self._may_be_learned_from(item, row.platform)  # What says no is kept, and refuses the right below.
        if stands or not wanted:
            self._give(row, frozenset(wanted), evidence, given=stands)

    def _may_be_learned_from(self, item: Item, platform: str) -> bool:
        """Whether nothing says no: neither the file nor, of an item from the web, the page that it came from."""
        if self.catalog.opt_outs([item.id]):
            return False
        if platform != Feed.name or not item.source_url or self.optouts is None or self.fetcher is None:
            return True
        return self.optouts.heed(item.source_url, item.id) is None

    def _give(self, row: Any, rights: frozenset[Right], evidence: str, *, given: bool) -> None:
        """Rights and the word of it, in this order: killed between, it is done again."""
        self.catalog.set_item_rights(ItemId(row.item_id), CreatorId(row.creator_id), rights, evidence)
        asked = rights if given else frozenset(Right(name) for name in row.asked)
        with self.database.begin() as connection:
            store.set_asked(connection, _key(row), asked, row.word, given=given)


def _key(row: Any) -> tuple[CreatorId, str, str]:
    return CreatorId(row.creator_id), row.platform, row.external_id
