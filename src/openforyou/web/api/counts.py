"""The numbers shown, all of them, for whoever holds them against the log; and a receipt for one's own event."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, Security
from pydantic import BaseModel, Field

from openforyou.core.ids import decode_id, encode_id
from openforyou.web.session import VIEWER, known

router = APIRouter(tags=["counts"])
PAGE_MAX = 10_000
After = Annotated[str, Query(description="The last id of the page before; empty for the first page.")]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


class ItemCounts(BaseModel):
    """The numbers shown of one item."""

    id: str
    served: int
    impressions: int
    views: int
    watch_ms: int
    completions: int
    skips: int
    likes: int
    shares: int
    not_interested: int
    reports: int


class ItemCountsPage(BaseModel):
    """By id, ascending. All numbers of a page hold at one size of the log."""

    log_size: int = Field(description="The first so many leaves of the log are what these numbers count.")
    items: list[ItemCounts]
    next: str = Field(description="Send it as `after` for what follows; empty where nothing does.")


class CreatorCounts(BaseModel):
    """The numbers shown of one creator."""

    id: str
    followers: int


class CreatorCountsPage(BaseModel):
    """As `ItemCountsPage`."""

    log_size: int
    creators: list[CreatorCounts]
    next: str


@router.get("/counts", summary="The numbers of all items")
def item_counts(request: Request, after: After = "", limit: Limit = 1_000) -> ItemCountsPage:
    """Every number that a page shows of an item, with the size of the log at which it holds."""
    first = decode_id(after, "after") if after else 0
    size, rows = request.app.state.platform.events.counts_page(first, limit)
    items = [
        ItemCounts(
            id=encode_id(item),
            served=held.served,
            impressions=held.impressions,
            views=held.views,
            watch_ms=held.watch_ms,
            completions=held.completions,
            skips=held.skips,
            likes=held.likes,
            shares=held.shares,
            not_interested=held.not_interested,
            reports=held.reports,
        )
        for item, held in rows
    ]
    return ItemCountsPage(log_size=size, items=items, next=items[-1].id if len(items) == limit else "")


@router.get("/counts/creators", summary="The numbers of all creators")
def creator_counts(request: Request, after: After = "", limit: Limit = 1_000) -> CreatorCountsPage:
    """Every number that a page shows of a creator, with the size of the log at which it holds."""
    first = decode_id(after, "after") if after else 0
    size, rows = request.app.state.platform.events.followers_page(first, limit)
    creators = [CreatorCounts(id=encode_id(creator), followers=count) for creator, count in rows]
    return CreatorCountsPage(log_size=size, creators=creators, next=creators[-1].id if len(creators) == limit else "")


@router.get(
    "/events/{event_id}/receipt",
    summary="A receipt for an event of yours",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "A C2SP tlog-proof, good without this server."}},
    dependencies=[Security(VIEWER)],
)
def receipt(request: Request, event_id: UUID) -> Response:
    """Proof that your event stands in the public log, once it was published: within a second or two.

    The leaf that it proves comes in the header `OpenForYou-Leaf`, in hexadecimal digits.
    """
    leaf, proof = request.app.state.platform.receipts.receipt(known(request).viewer_id, event_id)
    headers = {"OpenForYou-Leaf": leaf.hex(), "Cache-Control": "no-store"}
    return Response(proof.format(), media_type="text/plain; charset=utf-8", headers=headers)
