"""A viewer over HTTP, honest or not: arrives, is served, sends what happened, asks for receipts."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from time import monotonic, sleep
from typing import Any, Self
from uuid import uuid4

import httpx

from openforyou.drills.errors import Broken

SLATE_ITEMS = 50
PATIENCE_S = 90.0
"""A first visit may have to wait for the next minute: they are limited by network."""
Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said."""

    status: int
    body: Told

    @property
    def refusals(self) -> list[str]:
        """Why each refused event was refused, in the server's words."""
        return [f"{one['code']}: {one['error']}" for one in self.body.get("results", ()) if one["outcome"] == "refused"]

    def count(self, outcome: str) -> int:
        """How many events were `accepted`, `repeated` or `refused`."""
        return int(self.body[outcome])


@cache
def _certificates() -> ssl.SSLContext:
    """Nobody here speaks https; but to load them anew for each viewer would take longer than all that they do."""
    return httpx.create_ssl_context()


class Viewer:
    """One browser with its cookie. A context manager; `cards` are the items that it was served last, by id."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, headers={"Origin": url}, timeout=30, verify=_certificates())
        self.cards: dict[str, Told] = {}
        self.request_id = ""

    def watch(self) -> Self:
        """Ask for a slate, as large as may be. Raises `Broken` where none comes."""
        told = self.ask("/v1/feed", size=SLATE_ITEMS)
        self.request_id = told["request_id"]
        self.cards = {card["id"]: card for card in told["items"]}
        return self

    def open(self, item: str) -> Told:
        """Open one item's page; the card as it is shown there, which events about it need."""
        card: Told = self.ask(f"/v1/items/{item}")["items"][0]
        self.cards[item] = card
        return card

    def ask(self, path: str, **query: Any) -> Told:
        """GET, and the JSON of the answer; waits where the server asks to."""
        end_s = monotonic() + PATIENCE_S
        while True:
            answer = self.http.get(path, params=query)
            if answer.status_code != 429 or monotonic() > end_s:
                break
            sleep(min(float(answer.headers.get("Retry-After", 1)), 5.0))
        if answer.status_code != 200:
            raise Broken(f"GET {path} answers {answer.status_code}: {answer.text[:200]}")
        told: Told = answer.json()
        return told

    def event(self, kind: str, item: str, **more: Any) -> Told:
        """Something that happened just now with an item that was served, under a new id."""
        context = self.cards[item]["feed_context"]
        now = datetime.now(UTC).isoformat()
        return {"id": str(uuid4()), "type": kind, "feed_context": context, "occurred_at": now, **more}

    def send(self, events: Sequence[Told]) -> Answer:
        """POST /v1/events. Raises `Broken` where the answer is none about events."""
        answer = self.http.post("/v1/events", json={"events": list(events)})
        if answer.status_code not in (200, 207, 422):
            raise Broken(f"POST /v1/events answers {answer.status_code}: {answer.text[:200]}")
        return Answer(answer.status_code, answer.json())

    def close(self) -> None:
        """Leave."""
        self.http.close()
