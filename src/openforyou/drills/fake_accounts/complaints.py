"""Complaints turned round: creators who complained got their account deleted, or handed over."""

from __future__ import annotations

from datetime import timedelta

from openforyou.core.errors import OpenForYouError
from openforyou.core.ids import decode_id
from openforyou.drills.attack import Case, Outcome, Seat, attack
from openforyou.drills.errors import Broken
from openforyou.drills.fake_accounts.people import Person, person, two
from openforyou.drills.viewers import Told
from openforyou.drills.world import World
from openforyou.moderation.claims.rules import ANSWER_DAYS
from openforyou.moderation.claims.types import ClaimId, Ruling

SAID = "That account poses as me; here is my page with ten years of films."
WHY = "Both pages were looked at, and the older one is known."


def claimed(by: Person, against: Person) -> Told:
    """A claim that `against` poses as `by`."""
    body = {"kind": "impersonation", "handle": against.handle, "statement": SAID}
    answer = by.browser.http.post("/v1/claims", json=body)
    if answer.status_code != 201:
        raise Broken(f"POST /v1/claims answers {answer.status_code}: {answer.text[:200]}")
    told: Told = answer.json()
    return told


def _decided(world: World, claim: Told, ruling: Ruling, by: str) -> str:
    """Decide it as the command line does; the refusal's words, or nothing."""
    try:
        world.platform.claims.decide(ClaimId(decode_id(claim["id"])), ruling, WHY, by)
    except OpenForYouError as error:
        return str(error)
    return ""


def _over(world: World, claim: Told) -> None:
    """Its days for an answer are over."""
    past = timedelta(days=ANSWER_DAYS + 1)
    world.sql("UPDATE claims SET answer_by = answer_by - %s WHERE id = %s", past, decode_id(claim["id"]))


@attack(Seat.IMPOSTOR)
def complaint_about_the_owner(world: World, case: Case) -> Outcome:
    """Complains that the owner is the impostor, to have their page closed while nobody has looked yet."""
    with two(world) as (owner, impostor):
        claim = claimed(impostor, owner)
        case.did(claim["state"] == "open", f"claim {claim['id']} against @{owner.handle} is open")
        seen = owner.browser.ask("/v1/claims")["claims"]
        case.stood([one["id"] for one in seen] == [claim["id"]], f"@{owner.handle} reads it, and may answer")
        page = owner.page(f"/@{owner.handle}")
        case.stood(f"@{owner.handle}" in page, "their page stands as it stood")
        refused = _decided(world, claim, Ruling.UPHELD, "anna")
        case.stood("not answered" in refused, f"a decision without their say is refused: {refused}")
        impostor.browser.http.post(f"/v1/claims/{claim['id']}/rescind")
    return Outcome.PREVENTED


@attack(Seat.ADMINISTRATOR)
def one_person_decides_twice(world: World, case: Case) -> Outcome:
    """Hands the owner's name to the impostor, and decides the owner's appeal as well."""
    owner, impostor = person(world, "rita"), person(world, "rob")
    claim = claimed(impostor, owner)
    _over(world, claim)
    if refused := _decided(world, claim, Ruling.UPHELD, "anna"):
        raise Broken(f"the first decision is refused: {refused}")
    handles = {creator.handle for creator in world.platform.catalog.creators(_sides(world, claim)).values()}
    case.did(handles & {"rita", "rob"} == {"rita"}, "the name @rita was handed to who claimed it")
    appealed = owner.browser.http.post(f"/v1/claims/{claim['id']}/appeal", json={"statement": SAID})
    case.stood(appealed.status_code == 200, "its owner reads why, and appeals")
    refused = _decided(world, claim, Ruling.UPHELD, "Anna")
    case.stood("decided this claim" in refused, f"the same person again is refused: {refused}")
    if refused := _decided(world, claim, Ruling.REJECTED, "ben"):
        raise Broken(f"the second decision is refused: {refused}")
    told = owner.browser.ask("/v1/claims")["claims"][0]
    case.stood(told["respondent"] == "rita", "another one decides, and @rita is its owner's again")
    steps = [one["act"] for one in told["steps"]]
    case.stood(steps[:4] == ["opened", "upheld", "appealed", "rejected"], f"both sides read every step: {steps}")
    return Outcome.PREVENTED


def _sides(world: World, claim: Told) -> list[int]:
    rows = world.sql("SELECT claimant_id, respondent_id FROM claims WHERE id = %s", decode_id(claim["id"]))
    return list(rows[0])
