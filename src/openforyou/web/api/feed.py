"""Feeds, and why an item stands in one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.core.ids import ItemId, RequestId, decode_id, encode_id
from openforyou.recommend.types import SIZE_MAX, Explanation, Served
from openforyou.web.api.cards import SlatePage, media_url, slate_page
from openforyou.web.rates import CHANGE, FEED
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known, welcomed

router = APIRouter(tags=["feed"])
CURSOR_LENGTH_MAX = 100
Size = Annotated[int, Query(ge=1, le=SIZE_MAX, description="How many items at most.")]
Cursor = Annotated[str, Query(max_length=CURSOR_LENGTH_MAX, description="As it came with the slate before.")]


class CauseCard(BaseModel):
    """An item that caused a reason."""

    id: str
    title: str
    poster_url: str


class FullReason(BaseModel):
    """A reason with the items behind it."""

    code: str
    text: str
    items: list[CauseCard]


class Words(BaseModel):
    """Something in words."""

    text: str


class PolicyWords(BaseModel):
    """A published rule, and what it did here."""

    id: str
    name: str
    text: str


class Why(BaseModel):
    """Why an item stood in a slate, as recorded when it was served."""

    request_id: str
    item_id: str
    served_at: AwareDatetime
    surface: str
    position: int = Field(description="From 0.")
    reasons: list[FullReason]
    sources: list[Words] = Field(description="Who proposed it.")
    rules: list[Words] = Field(description="What moved it.")
    policies: list[PolicyWords] = Field(description="The published rules that bore on its value: GET /v1/policies.")
    chances: dict[str, float] = Field(description="Of each action, as estimated then.")
    value: float = Field(description="The sum of chance times worth, by the published weights and rules.")
    propensity: float = Field(description="The chance that it had; below 1 where it was drawn by lot.")
    model: str = Field(description="Which model took part; empty: none.")
    weights: str = Field(description="Names the weights it was ranked by.")
    fallbacks: list[str]


@router.get("/feed", summary="For You", response_model=SlatePage)
def for_you(request: Request, platform: ThePlatform, rates: TheRates, size: Size = 10, cursor: Cursor = "") -> Response:
    """The next items for whoever asks. Somebody new gets a cookie with it, to come back as the same viewer.

    This feed needs no cursor, for it knows what it served; a client may send it back as it does to the other feeds.
    """
    visitor = welcomed(request)
    rates.check(FEED, visitor.viewer_id)
    if cursor:
        decode_id(cursor, "cursor")
    return _page(platform.feed.for_you(visitor.viewer_id, region=visitor.region, size=size), platform)


@router.get("/feed/following", summary="Following", response_model=SlatePage)
def following(
    request: Request, platform: ThePlatform, rates: TheRates, size: Size = 10, cursor: Cursor = ""
) -> Response:
    """What the creators that you follow published, newest first."""
    visitor = welcomed(request)
    rates.check(FEED, visitor.viewer_id)
    return _page(platform.feed.following(visitor.viewer_id, before=cursor or None, size=size), platform)


@router.get("/why", summary="Why this?")
def why(request_id: str, item_id: str, visitor: Known, platform: ThePlatform, rates: TheRates) -> Why:
    """Why an item stood in a slate of yours, from its record alone."""
    rates.check(CHANGE, visitor.viewer_id)
    asked = RequestId(decode_id(request_id, "request_id")), ItemId(decode_id(item_id, "item_id"))
    return _shown(platform.feed.why(visitor.viewer_id, *asked), platform)


def _page(served: Served, platform: Platform) -> Response:
    """Written here and now: handed to the framework, it would be checked again and cross two more threads."""
    return Response(slate_page(served, platform.sounds).model_dump_json(), media_type="application/json")


def _shown(told: Explanation, platform: ThePlatform) -> Why:
    posters = {item.id: item.poster_key for item in platform.catalog.items(told.titles).values()}
    return Why(
        request_id=encode_id(told.request_id),
        item_id=encode_id(told.item_id),
        served_at=told.served_at,
        surface=told.surface,
        position=told.position,
        reasons=[
            FullReason(
                code=reason.code,
                text=reason.text,
                items=[
                    CauseCard(id=encode_id(item), title=told.titles[item], poster_url=media_url(posters.get(item, "")))
                    for item in reason.item_ids
                    if item in told.titles
                ],
            )
            for reason in told.reasons
        ],
        sources=[Words(text=text) for text in told.sources],
        rules=[Words(text=text) for text in told.rules],
        policies=[PolicyWords(id=one.policy_id, name=one.name, text=one.text) for one in told.policies],
        chances=dict(told.chances),
        value=told.value,
        propensity=told.propensity,
        model=told.model,
        weights=told.weights,
        fallbacks=list(told.fallbacks),
    )
