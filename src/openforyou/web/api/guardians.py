"""Minors and their guardians: an invitation, and what a guardian decides."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.accounts.guardians import INVITATION_LIFE
from openforyou.accounts.types import Account, Guardianship
from openforyou.accounts.types import Ward as Minor
from openforyou.app.minors import TOLD_MAX
from openforyou.app.platform import Platform
from openforyou.catalog.rights.rules import answered
from openforyou.catalog.types import ITEM_RIGHTS, Right
from openforyou.core.ids import decode_id, encode_id
from openforyou.web.api.items import Answers, ItemRights, NamedItem
from openforyou.web.rates import CHANGE, SIGN_IN
from openforyou.web.reach import TheClock, ThePlatform, TheRates
from openforyou.web.session import Member

router = APIRouter(prefix="/guardian", tags=["guardians"])
CODE_LENGTH_MAX = 100


async def _ward(ward: str) -> int:
    return decode_id(ward, "ward")


WardId = Annotated[int, Depends(_ward)]


class Invitation(BaseModel):
    """A code that a minor gives to whoever is to decide for them."""

    code: str = Field(description="Shown once. Good for one person.")
    expires_at: AwareDatetime


class Code(BaseModel):
    """What somebody was given by a minor."""

    code: Annotated[str, Field(max_length=CODE_LENGTH_MAX)]


class Ward(BaseModel):
    """Somebody for whom you decide."""

    id: str
    name: str = Field(description="Their handle, or the e-mail that they sign in with.")
    since: AwareDatetime
    learn: bool = Field(description="Whether models may learn from what they watch.")
    profiling: bool = Field(description="Whether they may let their feed use what they do.")


class Decided(BaseModel):
    """What a guardian decides; what is left out stays."""

    learn: bool | None = None
    profiling: bool | None = None


class OfAge(BaseModel):
    """How a guardian knows."""

    evidence: Annotated[str, Field(max_length=TOLD_MAX * 2)] = "their guardian says so"


@router.post("/invitations", status_code=201, summary="Invite a guardian")
def invite(account: Member, platform: ThePlatform, rates: TheRates, clock: TheClock) -> Invitation:
    """For accounts of minors. The code before this one is void."""
    rates.check(CHANGE, account.viewer_id)
    code = platform.minors.guardians.invite(account)
    return Invitation(code=code, expires_at=clock.now() + INVITATION_LIFE)


@router.post("/wards", status_code=201, summary="Become a guardian")
def accept(given: Code, account: Member, platform: ThePlatform, rates: TheRates) -> Ward:
    """With the code of a minor. 403 `bad_invitation` for any code that opens nothing, whatever the cause."""
    rates.check(SIGN_IN, account.viewer_id)
    begun = platform.minors.guardians.accept(given.code, account)
    return shown(platform, *platform.minors.ward(account, begun.id))


@router.get("/wards", summary="For whom you decide")
def wards(account: Member, platform: ThePlatform) -> list[Ward]:
    """Oldest first."""
    return of_guardian(platform, account)


@router.put("/wards/{ward}", summary="Decide for a minor")
def decide(wanted: Decided, ward: WardId, account: Member, platform: ThePlatform, rates: TheRates) -> Ward:
    """Takes effect at once."""
    rates.check(CHANGE, account.viewer_id)
    if wanted.learn is not None:
        platform.minors.choose_learning(account, ward, learn=wanted.learn)
    if wanted.profiling is not None:
        platform.minors.choose_profiling(account, ward, allowed=wanted.profiling)
    return shown(platform, *platform.minors.ward(account, ward))


@router.put("/wards/{ward}/items/{item_id}", summary="Decide about a minor's clip")
def decide_item(
    answers: Answers, ward: WardId, item_id: NamedItem, account: Member, platform: ThePlatform, rates: TheRates
) -> ItemRights:
    """What may be done with it; what is left out stays as it is."""
    rates.check(CHANGE, account.viewer_id)
    wanted = answered(platform.catalog.rights.of_item(item_id), answers.said)
    platform.minors.choose_for_items(account, ward, {item_id: wanted})
    held = platform.catalog.rights.of_item(item_id)
    return ItemRights(**{right.value: right in held for right in ITEM_RIGHTS})


@router.post("/wards/{ward}/of-age", status_code=204, summary="Say that they have come of age")
def of_age(given: OfAge, ward: WardId, account: Member, platform: ThePlatform, rates: TheRates) -> None:
    """Everything that was decided for them ends, and each choice is theirs to make afresh."""
    rates.check(CHANGE, account.viewer_id)
    found, their = platform.minors.ward(account, ward)
    platform.minors.come_of_age(their, by=f"guardian:{encode_id(found.id)}", evidence=given.evidence)


@router.delete("/wards/{ward}", status_code=204, summary="Step back")
def step_back(ward: WardId, account: Member, platform: ThePlatform, rates: TheRates) -> None:
    """You decide for them no longer. After the last guardian everything is private again."""
    rates.check(CHANGE, account.viewer_id)
    platform.minors.step_back(account.id, ward)


def of_guardian(platform: Platform, account: Account) -> list[Ward]:
    """For whom an account decides."""
    return [shown(platform, *one) for one in platform.minors.guardians.of_guardian(account.id)]


def shown(platform: Platform, found: Guardianship, ward: Minor) -> Ward:
    """A ward, as their guardian sees them: nothing of what they watch."""
    creator = platform.catalog.creator_of_account(ward.id)
    return Ward(
        id=encode_id(found.id),
        name=ward.name if creator is None else f"@{creator.handle}",
        since=found.since,
        learn=Right.LEARN in platform.catalog.rights.of_viewer(ward.viewer_id),
        profiling=not platform.minors.is_guarded(ward.viewer_id),
    )
