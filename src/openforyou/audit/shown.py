"""The numbers and rules that a platform shows, read as anybody can read them: over HTTP, one page after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

import numpy as np

from openforyou.audit.asking import TIMEOUT_S, Absent, ask
from openforyou.audit.errors import ShownFailed
from openforyou.audit.records import RULES_MAX
from openforyou.audit.types import CREATOR_COUNTS, ITEM_COUNTS, Page, ShownPolicy, ShownRecord
from openforyou.core.errors import BadInput
from openforyou.core.ids import decode_id, encode_id
from openforyou.core.progress import Progress, silent

PAGE_ROWS = 5_000
ROWS_OF_A_FULL_PAGE = 100
CURRENT_WITHIN_S = 10.0
"""Numbers follow the log within two seconds; a server that is behind for this long shows old ones."""
ASK_AGAIN_AFTER_S = 0.25
_INT64_MAX = 2**63 - 1


class Shown(Protocol):
    """What a platform shows. Numbers in pages by id, without gap or overlap, the last one open to the end."""

    def items(self, at_least: int) -> Iterator[Page]:
        """The numbers of all items; waits a while for the first page to hold at `at_least` leaves or more."""
        ...

    def creators(self, at_least: int) -> Iterator[Page]:
        """The numbers of all creators."""
        ...

    def policies(self) -> Sequence[ShownPolicy] | None:
        """Every rule, past ones included; None where none can be asked for."""
        ...


class ServerShown:
    """What the server at `url` shows. Raises `ShownFailed` naming the address of whatever cannot be true."""

    def __init__(self, url: str, timeout_s: float = TIMEOUT_S, progress: Progress = silent) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._progress = progress
        self._current_until = 0.0

    def items(self, at_least: int) -> Iterator[Page]:
        return self._pages("/v1/counts", "items", ITEM_COUNTS, at_least)

    def creators(self, at_least: int) -> Iterator[Page]:
        return self._pages("/v1/counts/creators", "creators", CREATOR_COUNTS, at_least)

    def policies(self) -> Sequence[ShownPolicy] | None:
        found: dict[str, ShownPolicy] = {}
        after = ""
        while True:
            address = f"{self._url}/v1/policies" + (f"?after={quote(after)}" if after else "")
            try:
                told = ask(address, self._timeout_s)
            except Absent:
                return None
            page = [_policy(one, address) for one in _list(told, "policies", address)]
            if found.keys() & {one.id for one in page} or len(found) > RULES_MAX or (told.get("next") and not page):
                raise ShownFailed(f"{address} shows rules without end, or one of them twice.")
            found |= {one.id: one for one in page}
            if not told.get("next"):
                return list(found.values())
            after = page[-1].id

    def _pages(self, path: str, name: str, counts: Sequence[str], at_least: int) -> Iterator[Page]:
        after: int | None = 0
        read = 0
        while after is not None:
            query = f"?limit={PAGE_ROWS}" + (f"&after={encode_id(after)}" if after else "")
            address = f"{self._url}{path}{query}"
            page = _page(self._current(address, at_least), name, counts, after, address)
            read += len(page.ids)
            self._progress(read, 0, f"reading what is shown of {name}")
            yield page
            after = page.upto

    def _current(self, address: str, at_least: int) -> dict[str, Any]:
        """The answer, asked for again while it is older than `at_least`; but in all no longer than a while."""
        while True:
            told = ask(address, self._timeout_s)
            size = told.get("log_size")
            if type(size) is not int or size >= at_least:
                return told
            self._current_until = self._current_until or time.monotonic() + CURRENT_WITHIN_S
            if time.monotonic() >= self._current_until:
                return told
            time.sleep(ASK_AGAIN_AFTER_S)


def _policy(told: Any, address: str) -> ShownPolicy:
    """A rule as `GET /v1/policies` shows it, as the records that it must have. Raises `ShownFailed`."""
    try:
        body = {name: told[name] for name in ("id", "kind", "name", "reason")}
        body["scope"] = {name: value for name, value in told["scope"].items() if value is not None}
        body |= {name: told[name] for name in ("limit", "factor") if told[name] is not None}
        body |= {name: _moment(told[name]) for name in ("since", "until") if told[name] is not None}
        ending, end = None, told["end"]
        if end is not None:
            ended = {"id": told["id"], "reason": end["reason"], "at": _moment(end["at"])}
            ending = ShownRecord(ended, _leaf(end), waits=end["log_index"] is None)
        decode_id(told["id"])
        waits = told["log_index"] is None and told["standing"] == "waiting"
        return ShownPolicy(told["id"], ShownRecord(body, _leaf(told), waits), ending)
    except (BadInput, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ShownFailed(f"{address} shows a rule that cannot be read: {error!r}") from error


def _leaf(told: dict[str, Any]) -> int | None:
    leaf = told["log_index"]
    if leaf is not None and type(leaf) is not int:
        raise ValueError(f"{leaf!r} is no place in a log")
    return leaf


def _moment(text: str) -> str:
    """A time as records write it; one that they cannot write stays as it is, and differs."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or moment.microsecond:
        return text
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _page(told: dict[str, Any], name: str, counts: Sequence[str], after: int, address: str) -> Page:
    """One answer as a page. Raises `ShownFailed` for anything that no page can be."""
    rows = _list(told, name, address)
    size = told.get("log_size")
    if type(size) is not int or not 0 <= size <= _INT64_MAX:
        raise ShownFailed(f"{address} does not say at which size of the log its numbers hold.")
    try:
        ids = [decode_id(row["id"]) for row in rows]
        numbers = [[row[count] for count in counts] for row in rows]
        following = decode_id(told["next"], "next") if told.get("next") else None
    except (BadInput, KeyError, TypeError) as error:
        raise ShownFailed(f"{address} has a row that cannot be read: {error!r}") from error
    if not all(type(number) is int and abs(number) <= _INT64_MAX for row in numbers for number in row):
        raise ShownFailed(f"{address} shows something that is no number.")
    if following is not None and following <= after:
        raise ShownFailed(f"{address} leads back to what came before.")
    if following is not None and len(ids) < min(PAGE_ROWS, ROWS_OF_A_FULL_PAGE):
        raise ShownFailed(f"{address} has few rows and leads on: a server could do that for ever.")
    return Page(
        after,
        following,
        size,
        np.array(ids, dtype=np.int64),
        np.array(numbers, dtype=np.int64).reshape(len(ids), len(counts)),
    )


def _list(told: dict[str, Any], name: str, address: str) -> list[Any]:
    rows = told.get(name)
    if not isinstance(rows, list):
        raise ShownFailed(f"{address} has no list of {name}.")
    return rows
