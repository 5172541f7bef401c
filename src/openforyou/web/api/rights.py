"""What was allowed and taken back, word by word with its proof; and one choice for all of one's clips at once."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.catalog.errors import LearningRefused
from openforyou.catalog.rights.errors import RightRefused
from openforyou.catalog.rights.rules import DOMAIN, words_of
from openforyou.catalog.rights.types import ITEM_SUBJECT, VIEWER_SUBJECT, Told
from openforyou.catalog.types import Right
from openforyou.core.encoding import canonical_json
from openforyou.core.ids import CreatorId, encode_id
from openforyou.ingest.imports.errors import Unproven
from openforyou.web.api.items import NamedItem
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates
from openforyou.web.session import Known

router = APIRouter(tags=["rights"])
FOR_ALL = "chosen by the creator for all their clips at once"


class Word(BaseModel):
    """Something that was said about a right, and how to check that the log holds it."""

    id: str
    act: str = Field(description="grant, refuse or withdraw.")
    right: str
    by: str = Field(description="As what it was said: creator, viewer, owner, guardian, credential or operator.")
    evidence: str
    at: AwareDatetime
    since: AwareDatetime
    until: AwareDatetime | None
    has_effect: bool = Field(description="It is a grant that stands.")
    leaf: int | None = Field(description="Where its record stands in the log; null for the second or two before.")
    commitment: str = Field(description="What the record says of it: HMAC-SHA256 of `said` under `secret`.")
    said: str = Field(description="The exact bytes, as text, that the commitment is made over.")
    secret: str | None = Field(description="64 hexadecimal digits, yours alone; null once it was destroyed.")


class ForAll(BaseModel):
    """One choice for every clip of one's own."""

    right: Literal["show", "recommend", "learn"]
    allow: bool


class Changed(BaseModel):
    """How many clips carry it now, and how many could not be given it."""

    allowed: int
    refused: int = Field(description="Somebody else's no stands over them: a refusal in the file, an import unproven.")


@router.get("/items/{item_id}/rights/history", summary="What was allowed with your item, and when")
def item_history(item_id: NamedItem, creator: OwnCreator, platform: ThePlatform) -> list[Word]:
    """Newest first, each with what its owner needs to find it in the public log. docs/rights.md says how."""
    platform.catalog.own_item(item_id, creator.id)
    return words(platform, ITEM_SUBJECT, item_id)


@router.get("/rights/history", summary="What you said about being learned from, and when")
def viewer_history(visitor: Known, platform: ThePlatform) -> list[Word]:
    """Newest first, each with its proof."""
    return words(platform, VIEWER_SUBJECT, visitor.viewer_id)


@router.put("/rights/items", summary="Allow or forbid something with all your clips")
def for_all(wanted: ForAll, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> Changed:
    """In one step. Taking back always succeeds. Giving skips the clips over which somebody else said no."""
    rates.check(CHANGE, creator.id)
    return Changed(**allow_all(platform, creator.id, Right(wanted.right), allow=wanted.allow))


def allow_all(platform: Platform, creator_id: CreatorId, right: Right, *, allow: bool) -> dict[str, int]:
    """One right over all of a creator's clips; how many carry it then, and how many could not be given it.

    Taken back in one transaction. Given one by one, for each is asked whether anything says no to it.
    """
    ids = platform.catalog.item_ids_of(creator_id)
    held = platform.catalog.rights.of_items(ids)
    waiting = platform.imports.held_back(creator_id, ids)
    refused = 0
    if not allow:
        without = {one: held[one] - {right} for one in ids if right in held[one]}
        platform.catalog.rights.choose_for_items(without, creator_id, FOR_ALL)
    for one in ids:
        if (one in waiting) if not allow else right not in held[one]:
            try:
                platform.imports.choose(one, creator_id, held[one] | {right} if allow else (), FOR_ALL)
            except (LearningRefused, RightRefused, Unproven):
                refused += 1
    if not allow:
        platform.catalog.rights.decline_for_items(ids, creator_id, [right], FOR_ALL)
    return {"allowed": len(ids) - refused if allow else 0, "refused": refused}


def words(platform: Platform, kind: str, subject: int) -> list[Word]:
    """All that was said about a subject, newest first."""
    return [word(one) for one in platform.catalog.rights.told(kind, [subject], platform.proving.places)]


def word(told: Told) -> Word:
    """One of them, as its owner is told."""
    event = told.placed.event
    said = event.decision
    return Word(
        id=encode_id(event.id),
        act=said.act.value,
        right=said.right.value,
        by=said.by.value,
        evidence=said.evidence,
        at=event.at,
        since=said.since,
        until=said.until,
        has_effect=told.has_effect,
        leaf=told.placed.index,
        commitment=event.commitment.hex(),
        said=(DOMAIN + canonical_json(words_of(event))).decode(),
        secret=None if told.secret is None else told.secret.hex(),
    )
