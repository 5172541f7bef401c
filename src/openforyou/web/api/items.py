"""Items one by one: what everyone sees of one, and what its creator decides about it."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, model_validator

from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.errors import NotFound
from openforyou.core.ids import ItemId, decode_id
from openforyou.web.api.cards import SlatePage, slate_page
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known

router = APIRouter(prefix="/items/{item_id}", tags=["items"])

POSTER_CACHE = "private, max-age=300"
"""A withdrawn item's poster is soon forgotten by its owner's browser, too."""


async def _item(item_id: str) -> ItemId:
    return ItemId(decode_id(item_id, "item_id"))


NamedItem = Annotated[ItemId, Depends(_item)]


class ItemRights(BaseModel):
    """What a creator allows with an item. Each stands by itself."""

    show: bool
    recommend: bool
    learn: bool


class Answers(BaseModel):
    """What a creator answers. What is left out stays as it is."""

    show: bool | None = None
    recommend: bool | None = None
    learn: bool | None = None

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("answer at least one of show, recommend and learn")
        return self

    @property
    def said(self) -> dict[Right, bool]:
        """Yes or no by right."""
        return {right: answer for right in ITEM_RIGHTS if (answer := getattr(self, right.value)) is not None}


@router.get("", summary="An item")
def get_item(item_id: NamedItem, visitor: Known, platform: ThePlatform) -> SlatePage:
    """As a slate of one, so that events about it have their `feed_context`."""
    item = platform.catalog.item(item_id)
    return slate_page(platform.feed.present(visitor.viewer_id, "item", [item]), platform.sounds)


@router.delete("", status_code=204, summary="Withdraw an item")
def withdraw(item_id: NamedItem, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> None:
    """Takes your item out of everything at once."""
    rates.check(CHANGE, creator.id)
    platform.catalog.withdraw(item_id, creator.id)


@router.get("/poster", summary="Your item's poster", response_class=Response)
def get_poster(item_id: NamedItem, creator: OwnCreator, platform: ThePlatform) -> Response:
    """Of an item of your own in whatever state, for you alone: held, private, suspended. 404 where there is none."""
    item = platform.catalog.own_item(item_id, creator.id)
    if not item.poster_key:
        raise NotFound("There is no poster of it.", hint="It is made ready first.")
    headers = {"Cache-Control": POSTER_CACHE}
    path = platform.blobs.local_path(item.poster_key)
    if path is not None:
        return FileResponse(path, headers=headers, media_type="image/jpeg")
    with platform.blobs.open(item.poster_key) as blob:
        return Response(blob.read(), headers=headers, media_type="image/jpeg")


@router.get("/rights", summary="What you allow with your item")
def get_rights(item_id: NamedItem, creator: OwnCreator, platform: ThePlatform) -> ItemRights:
    """Of an item of your own."""
    platform.catalog.own_item(item_id, creator.id)
    return _rights(platform, item_id)


@router.put("/rights", summary="Allow or forbid")
def put_rights(
    answers: Answers, item_id: NamedItem, creator: OwnCreator, platform: ThePlatform, rates: TheRates
) -> ItemRights:
    """Takes effect at once in feeds; models forget by their deadline. A no is put on record as a yes is.

    403 `learning_refused` where the clip itself came with a refusal: `GET /v1/items/{item_id}/credentials` has it. Of
    what was imported, only what is proven to be yours can be given; what you want is remembered until then.
    """
    rates.check(CHANGE, creator.id)
    platform.imports.answer(item_id, creator.id, answers.said, "chosen by the creator on their pages")
    return _rights(platform, item_id)


def _rights(platform: ThePlatform, item_id: ItemId) -> ItemRights:
    held = platform.catalog.item_rights(item_id)
    return ItemRights(**{right.value: right in held for right in ITEM_RIGHTS})
