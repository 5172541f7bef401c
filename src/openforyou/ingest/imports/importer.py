"""What each importer promises. The conformance suite finds every one and holds it to this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from openforyou.ingest.imports.archive import Archive
from openforyou.ingest.imports.types import Entry, Owner, Skipped

ANOTHERS = "It is a post of another account than the one whose archive this is."
"""Why an entry is skipped that names somebody else: one proof covers one account."""


class Importer(Protocol):
    """Reads the exports of one platform, in every layout that is known, and tolerates those that are not.

    Pure: reads the archive, touches nothing else. A broken entry is a `Skipped` with the reason, never an exception;
    a broken document may raise `BadArchive`. An `external_id` is the same in each export of the same post.
    """

    name: str
    """As `Owner.platform` and in tables, e.g. `instagram`."""
    title: str
    """For people."""
    hint: str
    """How to get the export, in a sentence."""

    def recognises(self, archive: Archive) -> bool:
        """Whether it is one of ours, by what is in it and never by its name."""
        ...

    def owner(self, archive: Archive) -> Owner:
        """Whose it says it is."""
        ...

    def entries(self, archive: Archive) -> Iterator[Entry | Skipped]:
        """Every post of `owner`, and everything that was found and is somebody else's or not understood."""
        ...
