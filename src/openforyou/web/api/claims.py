"""Claims of one's own, and those against oneself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.core.errors import BadInput
from openforyou.core.ids import CreatorId, ItemId, decode_id, encode_id
from openforyou.moderation.claims.rules import WORDS_MAX
from openforyou.moderation.claims.types import About, Act, Case, ClaimId, ClaimKind, ClaimState, Ruling, Side
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE
from openforyou.web.reach import ThePlatform, TheRates

router = APIRouter(prefix="/claims", tags=["claims"])
HANDLE_MARK = "@"


class Words(BaseModel):
    """What a side says."""

    statement: str = Field(description="Why, and how that can be checked.", max_length=2 * WORDS_MAX)


class NewClaim(Words):
    """What is claimed. `theft` needs `item_id`, `copy` both ids, `impersonation` a `handle`."""

    kind: ClaimKind
    item_id: str = Field("", description="The clip in question: of copy, your own; of theft, theirs.")
    other_id: str = Field("", description="Of copy: the clip that yours was taken for.")
    handle: str = Field("", description="Of impersonation: who poses as you.")


class StepCard(BaseModel):
    """One thing that happened."""

    at: AwareDatetime
    side: Side
    act: Act
    words: str


class ClaimCard(BaseModel):
    """A claim as one of its sides reads it."""

    id: str
    kind: ClaimKind
    side: Side = Field(description="Yours.")
    claimant: str = Field(description="Their handle; empty where they are gone.")
    respondent: str
    item_id: str | None
    item_title: str
    other_id: str | None
    other_title: str
    state: ClaimState
    ruling: Ruling | None
    opened_at: AwareDatetime
    answer_by: AwareDatetime = Field(description="Nobody decides before the other side answered, or this moment.")
    decide_by: AwareDatetime
    appeal_until: AwareDatetime | None
    may_answer: bool
    may_rescind: bool
    may_appeal: bool
    steps: list[StepCard]


class ClaimsPage(BaseModel):
    """Newest first."""

    claims: list[ClaimCard]


async def _claim(claim_id: str) -> ClaimId:
    return ClaimId(decode_id(claim_id, "claim_id"))


NamedClaim = Annotated[ClaimId, Depends(_claim)]


@router.get("", summary="Your claims")
def get_claims(creator: OwnCreator, platform: ThePlatform) -> ClaimsPage:
    """Those that you opened, and those that somebody opened about you."""
    return ClaimsPage(claims=cards(platform, platform.claims.of(creator.id), creator.id))


@router.post("", status_code=201, summary="Claim")
def post_claim(wanted: NewClaim, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ClaimCard:
    """Say that a clip or a name is yours. Nothing happens to anybody before a decision."""
    rates.check(CHANGE, creator.id)
    claim = platform.claims.open(creator.id, _about(wanted, platform), wanted.statement)
    return _card_of(platform, platform.claims.case(claim.id, creator.id), creator.id)


@router.post("/{claim_id}/answer", summary="Answer")
def answer(claim_id: NamedClaim, said: Words, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ClaimCard:
    """Say your side; both sides may say more until the decision."""
    rates.check(CHANGE, creator.id)
    return _card_of(platform, platform.claims.answer(claim_id, creator.id, said.statement), creator.id)


@router.post("/{claim_id}/appeal", summary="Appeal")
def appeal(claim_id: NamedClaim, said: Words, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ClaimCard:
    """Against a decision that went against you, once; somebody else decides."""
    rates.check(CHANGE, creator.id)
    return _card_of(platform, platform.claims.appeal(claim_id, creator.id, said.statement), creator.id)


@router.post("/{claim_id}/rescind", summary="Take a claim back")
def rescind(claim_id: NamedClaim, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ClaimCard:
    """Until it is decided."""
    rates.check(CHANGE, creator.id)
    return _card_of(platform, platform.claims.rescind(claim_id, creator.id), creator.id)


def cards(platform: Platform, cases: list[Case], reader: CreatorId) -> list[ClaimCard]:
    """As `reader`, a side of each, reads them. Titles are told of clips that are shown, and of one's own."""
    sides = {one for case in cases for one in (case.claim.claimant, case.claim.about.respondent)}
    handles = {one: creator.handle for one, creator in platform.catalog.creators(sides).items()}
    about = [case.claim.about for case in cases]
    ids = {one for each in about for one in (each.item_id, each.other_id) if one is not None}
    titles = {item.id: item.title for item in platform.catalog.items_for(ids, reader).values()}
    return [_card(case, reader, handles, titles) for case in cases]


def _card_of(platform: Platform, case: Case, reader: CreatorId) -> ClaimCard:
    return cards(platform, [case], reader)[0]


def _card(case: Case, reader: CreatorId, handles: dict[int, str], titles: dict[ItemId, str]) -> ClaimCard:
    claim, about = case.claim, case.claim.about
    side = claim.side_of(reader)
    assert side is not None, "a stranger reads no claim"
    lost = Side.RESPONDENT if claim.ruling is Ruling.UPHELD else Side.CLAIMANT
    return ClaimCard(
        id=encode_id(claim.id),
        kind=about.kind,
        side=side,
        claimant=handles.get(claim.claimant, ""),
        respondent=handles.get(about.respondent, ""),
        item_id=None if about.item_id is None else encode_id(about.item_id),
        item_title="" if about.item_id is None else titles.get(about.item_id, ""),
        other_id=None if about.other_id is None else encode_id(about.other_id),
        other_title="" if about.other_id is None else titles.get(about.other_id, ""),
        state=claim.state,
        ruling=claim.ruling,
        opened_at=claim.opened_at,
        answer_by=claim.answer_by,
        decide_by=claim.decide_by,
        appeal_until=claim.appeal_until,
        may_answer=claim.state in (ClaimState.OPEN, ClaimState.APPEALED),
        may_rescind=claim.state is ClaimState.OPEN and side is Side.CLAIMANT,
        may_appeal=claim.state is ClaimState.DECIDED and side is lost,
        steps=[StepCard(at=step.at, side=step.side, act=step.act, words=step.words) for step in case.steps],
    )


def _about(wanted: NewClaim, platform: Platform) -> About:
    """Who is on the other side follows from what it is about. Raises `BadInput`, `ItemNotFound`, `CreatorNotFound`."""
    if wanted.kind is ClaimKind.IMPERSONATION:
        handle = wanted.handle.removeprefix(HANDLE_MARK)
        if not handle:
            raise BadInput("handle is missing.", hint="Name who poses as you.", field="handle")
        return About(wanted.kind, platform.catalog.creator(handle).id)
    item_id = ItemId(decode_id(wanted.item_id, "item_id"))
    if wanted.kind is ClaimKind.THEFT:
        return About(wanted.kind, platform.catalog.item(item_id).creator_id, item_id)
    other_id = ItemId(decode_id(wanted.other_id, "other_id"))
    if platform.copies.stopping([item_id]).get(item_id) != other_id:
        raise BadInput(
            "Your clip was not taken for a copy of that one.", hint="Dispute it under My clips.", field="other_id"
        )
    return About(wanted.kind, platform.catalog.maker_of(other_id), item_id, other_id)
