"""Accounts elsewhere: what a creator has proven, and how to prove one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from openforyou.app.platform import Platform
from openforyou.catalog.identities import rules
from openforyou.catalog.identities.types import Begun, ChallengeId, Proof, ProofId
from openforyou.core.errors import Unavailable
from openforyou.core.ids import CreatorId, decode_id, encode_id
from openforyou.web.api.uploads import OwnCreator
from openforyou.web.rates import CHANGE, LOOK
from openforyou.web.reach import ThePlatform, TheRates

router = APIRouter(prefix="/identities", tags=["identities"])
LOOKS_AT_ONCE = BoundedSemaphore(8)
"""Each may wait for a slow server; the rest of the threads are for those who watch."""


class ProvenCard(BaseModel):
    """An account elsewhere, as everybody sees it."""

    platform: str = Field(examples=["mastodon"])
    title: str = Field(description="The platform's name.", examples=["Mastodon"])
    who: str = Field(description="Which account.", examples=["ada@social.example"])
    url: str = Field(description="Its profile; empty where it has none.")
    method: str = Field(description="How it was proven: rel-me, code, dns, well-known, atproto or sign-in.")
    how: str = Field(description="The same in words.")
    proven_at: AwareDatetime
    checked_at: AwareDatetime = Field(description="When it was last seen.")


class OwnProof(ProvenCard):
    """One of one's own, with what only its owner needs."""

    id: str
    expires_at: AwareDatetime = Field(description="It ends then, unless it is seen again before.")
    failure: str = Field(description="What was missing at the last look; empty where nothing was.")
    lapses_at: AwareDatetime | None = Field(description="When it ends if that stays missing.")


class StepOut(BaseModel):
    """One thing to do."""

    words: str
    copy_text: str = Field(description="What to put there; empty where nothing is.")
    link: str = Field(description="Where to go; empty where nowhere.")


class ChallengeOut(BaseModel):
    """What to do to prove an account."""

    id: str
    platform: str
    title: str
    who: str
    method: str
    how: str
    steps: list[StepOut]
    expires_at: AwareDatetime


class MethodOut(BaseModel):
    """One way to prove an account."""

    name: str
    title: str


class PlatformOut(BaseModel):
    """Where an account can be proven."""

    name: str
    title: str
    methods: list[MethodOut]


class IdentitiesOut(BaseModel):
    """All of one's own, and what there is."""

    proven: list[OwnProof]
    challenges: list[ChallengeOut]
    platforms: list[PlatformOut]


class Claim(BaseModel):
    """Which account somebody wants to prove. To claim it gives nothing."""

    platform: Annotated[str, Field(max_length=60)]
    who: Annotated[str, Field(max_length=2_000, description="Handle, domain or the profile's address.")] = ""
    method: Annotated[str, Field(max_length=60, description="Empty: the best that there is.")] = ""


@router.get("", summary="Your accounts elsewhere")
def get_identities(creator: OwnCreator, platform: ThePlatform) -> IdentitiesOut:
    """What you have proven, what you have begun, and where something can be proven."""
    known = platform.identities
    return IdentitiesOut(
        proven=[_own(one, platform) for one in known.proven(creator.id)],
        challenges=[_challenge(one, platform) for one in known.challenges(creator.id)],
        platforms=[
            PlatformOut(name=name, title=title, methods=ways)
            for name, title in known.platforms().items()
            if (ways := [MethodOut(name=way.name, title=way.title) for way in known.offered(name)])
        ],
    )


@router.post("", status_code=201, summary="Begin to prove an account elsewhere")
def begin(claim: Claim, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> ChallengeOut:
    """Says what to put where. The code holds for a day; nothing is shown or allowed before it was seen."""
    rates.check(LOOK, creator.id)
    with _looking():
        begun = platform.identities.challenge(creator.id, claim.platform, claim.who, claim.method)
    return _challenge(begun, platform)


@router.post("/challenges/{challenge}/check", summary="Look now")
def check(challenge: str, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> OwnProof:
    """Looks at the account elsewhere. Where it is not there, the answer says what is there instead."""
    rates.check(LOOK, creator.id)
    challenge_id = ChallengeId(decode_id(challenge, "challenge"))
    with _looking():
        return _own(platform.identities.check(challenge_id, creator.id), platform)


@router.delete("/challenges/{challenge}", status_code=204, summary="Give a challenge up")
def give_up(challenge: str, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> None:
    """Its code is worth nothing from then on."""
    rates.check(CHANGE, creator.id)
    platform.identities.give_up(ChallengeId(decode_id(challenge, "challenge")), creator.id)


@router.delete("/{identity}", status_code=204, summary="Withdraw a proven account")
def withdraw(identity: str, creator: OwnCreator, platform: ThePlatform, rates: TheRates) -> None:
    """It is no longer shown, and imports from there are no longer proven by it."""
    rates.check(CHANGE, creator.id)
    platform.identities.withdraw(ProofId(decode_id(identity, "identity")), creator.id)


def proven_cards(creator_id: CreatorId, platform: Platform) -> list[ProvenCard]:
    """As everybody sees them."""
    return [ProvenCard(**_told(one, platform)) for one in platform.identities.proven(creator_id)]


@contextmanager
def _looking() -> Iterator[None]:
    if not LOOKS_AT_ONCE.acquire(blocking=False):
        raise Unavailable("Many accounts are being looked at just now.", hint="Try again in a minute.")
    try:
        yield
    finally:
        LOOKS_AT_ONCE.release()


def _told(proof: Proof, platform: Platform) -> dict[str, object]:
    outside = proof.outside
    return {
        "platform": outside.platform,
        "title": platform.identities.platforms().get(outside.platform, outside.platform),
        "who": outside.who,
        "url": outside.url,
        "method": proof.method,
        "how": platform.identities.in_words(outside.platform, proof.method),
        "proven_at": proof.proven_at,
        "checked_at": proof.checked_at,
    }


def _own(proof: Proof, platform: Platform) -> OwnProof:
    return OwnProof(
        **_told(proof, platform),
        id=encode_id(proof.id),
        expires_at=proof.expires_at,
        failure=proof.failure,
        lapses_at=rules.lapses_at(proof),
    )


def _challenge(begun: Begun, platform: Platform) -> ChallengeOut:
    challenge = begun.challenge
    outside = challenge.outside
    return ChallengeOut(
        id=encode_id(challenge.id),
        platform=outside.platform,
        title=platform.identities.platforms().get(outside.platform, outside.platform),
        who=outside.who,
        method=challenge.method,
        how=platform.identities.in_words(outside.platform, challenge.method),
        steps=[StepOut(words=one.words, copy_text=one.copy, link=one.link) for one in begun.steps],
        expires_at=challenge.expires_at,
    )
