"""What a viewer asked for more of: clips of which For You shows more like them, for a while."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.core.ids import encode_id
from openforyou.events.controls.types import WISHES_MAX, Wish
from openforyou.web.api.cards import media_url
from openforyou.web.api.items import NamedItem
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known

router = APIRouter(prefix="/wishes", tags=["wishes"])


class WishCard(BaseModel):
    """A clip that you asked for more like."""

    item_id: str
    title: str = Field(description="Empty where the clip is not shown any more.")
    poster_url: str
    since: AwareDatetime


class WishesOut(BaseModel):
    """All that a viewer asked for more of, newest first."""

    wishes: list[WishCard]
    most: int = Field(description="So many are kept; the oldest goes.")


@router.get("", summary="What you asked for more of")
def get_wishes(visitor: Known, platform: ThePlatform) -> WishesOut:
    """Clips of which For You shows you more like them."""
    return WishesOut(wishes=_cards(platform.events.wishes(visitor.viewer_id), platform), most=WISHES_MAX)


@router.put("/{item_id}", summary="More like this")
def put_wish(item_id: NamedItem, visitor: Known, platform: ThePlatform, rates: TheRates) -> WishCard:
    """More like it from the very next slate on, fading. Asked again, it is as new as ever."""
    rates.check(CHANGE, visitor.viewer_id)
    platform.catalog.item(item_id)
    (card,) = _cards([platform.events.wish(visitor.viewer_id, item_id)], platform)
    return card


@router.delete("/{item_id}", status_code=204, summary="Take a wish back")
def delete_wish(item_id: NamedItem, visitor: Known, platform: ThePlatform, rates: TheRates) -> None:
    """From the very next slate on it counts for nothing. What was not asked for is left as it is."""
    rates.check(CHANGE, visitor.viewer_id)
    platform.events.unwish(visitor.viewer_id, item_id)


def _cards(wishes: Sequence[Wish], platform: Platform) -> list[WishCard]:
    items = platform.catalog.items([wish.item_id for wish in wishes])
    cards = []
    for wish in wishes:
        item = items.get(wish.item_id)
        cards.append(
            WishCard(
                item_id=encode_id(wish.item_id),
                title="" if item is None else item.title,
                poster_url="" if item is None else media_url(item.poster_key),
                since=wish.since,
            )
        )
    return cards
