"""Events in: many at once, each taken in once, each answered for itself."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response, Security
from pydantic import AwareDatetime, BaseModel, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool

from openforyou.core.errors import OpenForYouError
from openforyou.events.types import BATCH_EVENTS_MAX, WATCH_MS_MAX, Event, EventType, Outcome
from openforyou.web.api.batch import DETAIL_LENGTH_MAX, read_batch, read_event, shown_id
from openforyou.web.problems import Problem
from openforyou.web.rates import EVENTS, Rates
from openforyou.web.session import VIEWER, known

router = APIRouter(tags=["events"])
TYPES: dict[str, Any] = {"type": "string", "enum": [kind.value for kind in EventType]}


class EventIn(BaseModel):
    """One thing that the viewer did with an item that was served to them."""

    id: UUID = Field(description="Made by the client: sending it again counts nothing again.")
    type: Annotated[EventType, WithJsonSchema(TYPES)]
    feed_context: str = Field(description="As it came with the item, within a day.")
    occurred_at: AwareDatetime
    watch_ms: Annotated[int, Field(ge=0, le=WATCH_MS_MAX)] = Field(0, description="With type `watch` alone.")
    detail: Annotated[str, Field(max_length=DETAIL_LENGTH_MAX)] = Field("", description="Why, with type `report`.")


class EventOut(BaseModel):
    """What became of one event; refused ones say why."""

    id: str | None
    outcome: Outcome
    code: str | None = None
    error: str | None = None
    hint: str | None = None
    field: str | None = None


class EventsOut(BaseModel):
    """One result an event, in order, and how many there are of each."""

    results: list[EventOut]
    accepted: int
    repeated: int
    refused: int


BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["events"],
                "properties": {
                    "events": {"type": "array", "maxItems": BATCH_EVENTS_MAX, "items": EventIn.model_json_schema()}
                },
            }
        }
    },
}


@router.post(
    "/events",
    summary="Take in events",
    response_model=EventsOut,
    responses={
        207: {"model": EventsOut, "description": "Some were refused; the others are taken in."},
        422: {"model": EventsOut | Problem, "description": "All were refused."},
    },
    openapi_extra={"requestBody": BODY},
    dependencies=[Security(VIEWER)],
)
async def post_events(request: Request) -> Response:
    """Events are durable, and known to the next feed, once this answers. Sending a batch again is harmless.

    A refused event does not hold up the others: 200 when none was refused, 207 when some were, 422 when all were.
    """
    body = await request.body()
    return await run_in_threadpool(_take, request, body)


def _take(request: Request, body: bytes) -> Response:
    visitor = known(request)
    rates: Rates = request.app.state.rates
    rates.check(EVENTS, visitor.viewer_id)
    events = request.app.state.platform.events
    entries = read_batch(body)
    sound: list[Event] = []
    refused: dict[int, dict[str, str | None]] = {}
    for place, entry in enumerate(entries):
        try:
            sound.append(read_event(entry, visitor, events))
        except OpenForYouError as error:
            refused[place] = {"id": shown_id(entry), "outcome": Outcome.REFUSED.value, **error.as_dict()}
    events.refuse(Counter(str(told["code"]) for told in refused.values()))
    outcomes = events.accept(sound)
    rest = iter(outcomes)
    results = [refused.get(place) or {"id": entry["id"], "outcome": next(rest)} for place, entry in enumerate(entries)]
    told = {
        "results": results,
        "accepted": outcomes.count(Outcome.ACCEPTED),
        "repeated": outcomes.count(Outcome.REPEATED),
        "refused": len(refused),
    }
    status = 200 if not refused else 422 if len(refused) == len(entries) else 207
    return Response(orjson.dumps(told), status, media_type="application/json")
