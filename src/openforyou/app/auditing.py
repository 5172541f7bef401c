"""Where a check looks: the address of a platform, a data folder, or a copy of a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from openforyou.app.settings import Settings
from openforyou.audit.shown import ServerShown, Shown
from openforyou.audit.stored import StoredShown
from openforyou.core.errors import BadInput
from openforyou.core.progress import Progress
from openforyou.ledger.errors import Missing
from openforyou.ledger.source import CHECKPOINT, CHECKPOINT_BYTES_MAX, FolderSource, HttpSource, Source
from openforyou.storage.database import Database
from openforyou.storage.embedded import EmbeddedPostgres


@dataclass(frozen=True, slots=True)
class Place:
    """A log, and what is shown of it; None: there is nothing but the log."""

    source: Source
    shown: Shown | None


@contextmanager
def place(where: str, timeout_s: float, progress: Progress) -> Iterator[Place]:
    """What lies at an address or in a folder, until the end of the block. Raises `BadInput` where there is no log.

    An address is that of a platform, whose log is below `/log`, or of a log by itself. A folder is a data folder, whose
    numbers stand in `$DATABASE_URL` or in its embedded PostgreSQL, or a log by itself. No request waits for longer than
    `timeout_s`.
    """
    with ExitStack() as stack:
        if where.startswith(("http://", "https://")):
            yield _server(stack, where.rstrip("/"), timeout_s, progress)
        else:
            yield _folder(stack, Path(where))


def _server(stack: ExitStack, url: str, timeout_s: float, progress: Progress) -> Place:
    source = stack.enter_context(HttpSource(f"{url}/log", timeout_s))
    try:
        source.fetch(CHECKPOINT, CHECKPOINT_BYTES_MAX)
    except Missing:
        by_itself = stack.enter_context(HttpSource(url, timeout_s))
        try:
            by_itself.fetch(CHECKPOINT, CHECKPOINT_BYTES_MAX)
        except Missing:
            raise BadInput(
                f"There is no log at {url}/log, nor at {url}.",
                hint="Give the address of a platform, or the one above a log's `checkpoint`.",
            ) from None
        return Place(by_itself, None)
    return Place(source, ServerShown(url, timeout_s, progress))


def _folder(stack: ExitStack, folder: Path) -> Place:
    if (folder / CHECKPOINT).is_file():
        return Place(FolderSource(folder), None)
    if not (folder / "log" / CHECKPOINT).is_file():
        raise BadInput(
            f"There is no log in {folder}.",
            hint="Give a data folder, a copy of a log's folder, or an address that begins with https://.",
        )
    source = FolderSource(folder / "log")
    url = Settings.read(folder).database_url
    if not url and (folder / "postgres").is_dir():  # opening it where there is none would make one
        url = stack.enter_context(EmbeddedPostgres(folder / "postgres")).url
    if not url:
        return Place(source, None)
    database = Database.open(url)
    stack.callback(database.close)
    return Place(source, StoredShown(database))
