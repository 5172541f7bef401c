"""The numbers and rules that a platform would show, from its database: for whoever holds the data folder itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from sqlalchemy.exc import DBAPIError

from openforyou.audit.errors import ShownFailed
from openforyou.audit.shown import ASK_AGAIN_AFTER_S, CURRENT_WITHIN_S
from openforyou.audit.types import CREATOR_COUNTS, ITEM_COUNTS, Page, ShownPolicy, ShownRecord
from openforyou.core.errors import BadInput
from openforyou.core.ids import MAX_ID, encode_id
from openforyou.events.log import store as log_store
from openforyou.moderation import store
from openforyou.moderation.rules import ending_leaf, policy_leaf
from openforyou.moderation.store import Held
from openforyou.storage.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAGE_ROWS = 10_000
Rows = tuple[int, list[tuple[int, list[int]]]]


class StoredShown:
    """What stands in the database, in the platform's own queries: those that its pages are made of.

    The platform may run or not. Where it runs, what was just published is counted within `patience_s`; where it was
    killed between the two, the numbers stay old until it starts again.
    """

    def __init__(self, database: Database, patience_s: float = CURRENT_WITHIN_S) -> None:
        self._database = database
        self._patience_s = patience_s

    def items(self, at_least: int) -> Iterator[Page]:
        self._wait(at_least)

        def read(connection: Connection, after: int) -> Rows:
            size, rows = log_store.counts_page(connection, after, PAGE_ROWS)
            return size, [(item, [getattr(counts, name) for name in ITEM_COUNTS]) for item, counts in rows]

        return self._pages(read, len(ITEM_COUNTS))

    def creators(self, at_least: int) -> Iterator[Page]:  # noqa: ARG002 - asked for after the items
        def read(connection: Connection, after: int) -> Rows:
            size, rows = log_store.followers_page(connection, after, PAGE_ROWS)
            return size, [(creator, [followers]) for creator, followers in rows]

        return self._pages(read, len(CREATOR_COUNTS))

    def policies(self) -> Sequence[ShownPolicy] | None:
        with self._reading() as connection:
            folded = log_store.state(connection).folded
            return [_policy(row, folded) for row in store.held(connection)]

    def _wait(self, at_least: int) -> None:
        until = time.monotonic() + self._patience_s
        while time.monotonic() < until:
            with self._reading() as connection:
                if log_store.state(connection).folded >= at_least:
                    return
            time.sleep(ASK_AGAIN_AFTER_S)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.connect() as connection:
                yield connection
        except DBAPIError as error:
            hint = "Start the platform once, so that its tables are those of this version."
            raise ShownFailed(f"The database cannot be read: {error.orig}", hint=hint) from error

    def _pages(self, read: Callable[[Connection, int], Rows], width: int) -> Iterator[Page]:
        after: int | None = 0
        while after is not None:
            with self._reading() as connection:
                size, rows = read(connection, after)
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            upto = rows[-1][0] if len(rows) == PAGE_ROWS else None
            yield Page(after, upto, size, ids, np.array([row[1] for row in rows], dtype=np.int64).reshape(-1, width))
            after = upto


def _policy(row: Held, folded: int) -> ShownPolicy:
    """A row as the records that it must have in the log."""
    name = encode_id(row.id) if 0 < row.id <= MAX_ID else str(row.id)
    ending = None
    if row.end_seq is not None:
        ending = ShownRecord(_body(ending_leaf, row.ending), waits=row.end_seq >= folded)
    return ShownPolicy(name, ShownRecord(_body(policy_leaf, row.policy), waits=row.seq >= folded), ending)


def _body(leaf: Callable[[Any], bytes], said: Any) -> dict[str, Any]:
    """The fields that its record has; of what no record can say, none."""
    try:
        body: dict[str, Any] = orjson.loads(leaf(said)) if said is not None else {}
    except (AssertionError, BadInput, ValueError, TypeError, AttributeError):
        return {}
    body.pop("type", None)
    return body
