"""What an operator can do about the queue."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError

from openforyou.catalog.errors import ItemNotFound
from openforyou.catalog.queue import store
from openforyou.catalog.queue.types import Entry
from openforyou.catalog.types import ItemStatus
from openforyou.core.errors import Conflict
from openforyou.core.ids import ItemId, encode_id
from openforyou.storage.database import Database

LISTED = 1_000


class Queue:
    """Use from any number of threads and processes at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> list[Entry]:
        """In the order in which they are taken, at most `LISTED`; what is being made ready stands among them."""
        with self._database.connect() as connection:
            return store.entries(connection, failed=False, limit=LISTED)

    def failed(self) -> list[Entry]:
        """What was given up, newest first, at most `LISTED`."""
        with self._database.connect() as connection:
            return store.entries(connection, failed=True, limit=LISTED)

    def sizes(self) -> dict[ItemStatus, int]:
        """How many wait, are being made ready, and were given up."""
        with self._database.connect() as connection:
            return store.sizes(connection)

    def try_again(self, item_id: ItemId) -> None:
        """Raises `ItemNotFound` where it neither failed nor waits, `Conflict` where its file was taken in anew."""
        try:
            with self._database.begin() as connection:
                found = store.try_again(connection, item_id)
        except IntegrityError as error:
            raise Conflict(
                f"The file of {encode_id(item_id)} was handed in again meanwhile.", hint="Drop this one."
            ) from error
        if not found:
            raise ItemNotFound(f"{encode_id(item_id)} in the queue")

    def drop(self, item_id: ItemId, reason: str) -> None:
        """For good; its file goes with the next sweep. Raises `ItemNotFound` where it was not given up."""
        with self._database.begin() as connection:
            if not store.drop(connection, item_id, reason):
                raise ItemNotFound(f"{encode_id(item_id)} among the failed")
