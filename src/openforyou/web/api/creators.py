"""Creators: their pages for everyone, and how an account becomes one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.accounts.types import Role
from openforyou.catalog.service import PAGE_ITEMS
from openforyou.core.errors import Conflict
from openforyou.web.api.accounts import CreatorOut, creator_out
from openforyou.web.api.cards import CreatorCard, SlatePage, creator_card, slate_page
from openforyou.web.api.identities import ProvenCard, proven_cards
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known, Member

router = APIRouter(prefix="/creators", tags=["creators"])


class NewCreator(BaseModel):
    """How somebody wants to be seen."""

    handle: Annotated[str, Field(max_length=1_000, examples=["ada"])]
    name: Annotated[str, Field(max_length=1_000)] = Field("", description="Empty: as the handle.")
    bio: Annotated[str, Field(max_length=10_000)] = ""


class CreatorPage(BaseModel):
    """A creator and a page of their items, newest first."""

    creator: CreatorCard
    bio: str
    followers: int
    identities: list[ProvenCard] = Field(description="Accounts elsewhere that they have proven to hold.")
    items: SlatePage
    before: AwareDatetime | None = Field(description="Ask again with it for older items; null where there are none.")


class CreatorAlready(Conflict):
    """An account publishes as one creator."""

    code = "creator_already"

    def __init__(self, handle: str) -> None:
        super().__init__(f"You publish as @{handle} already.", hint="Go on and upload.")


@router.post("", status_code=201, summary="Become a creator")
def become_creator(given: NewCreator, account: Member, platform: ThePlatform, rates: TheRates) -> CreatorOut:
    """Choose the handle under which your account publishes; once."""
    rates.check(CHANGE, account.viewer_id)
    before = platform.catalog.creator_of_account(account.id)
    if before is not None:
        platform.accounts.grow(account.id, Role.CREATOR)  # where the process ended between the two steps
        raise CreatorAlready(before.handle)
    name = given.name.strip() or given.handle.strip().removeprefix("@")
    creator = platform.catalog.add_creator(
        given.handle, name, account_id=account.id, bio=given.bio, guarded=account.is_minor
    )
    platform.accounts.grow(account.id, Role.CREATOR)
    return creator_out(creator)


@router.get("/{handle}", summary="A creator")
def get_creator(
    handle: str, visitor: Known, platform: ThePlatform, before: Annotated[AwareDatetime | None, Query()] = None
) -> CreatorPage:
    """A page of what they show."""
    creator = platform.catalog.creator(handle)
    items = platform.catalog.items_of(creator.id, before=before)
    following = creator.id in platform.events.following(visitor.viewer_id)
    return CreatorPage(
        creator=creator_card(creator, following=following),
        bio=creator.bio,
        followers=platform.events.followers(creator.id),
        identities=proven_cards(creator.id, platform),
        items=slate_page(platform.feed.present(visitor.viewer_id, "creator", items), platform.sounds),
        before=items[-1].created_at if len(items) == PAGE_ITEMS else None,
    )
